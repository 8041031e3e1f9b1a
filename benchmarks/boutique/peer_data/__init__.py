"""What the peers' shops keep: SQLAlchemy on asyncpg, in the same PostgreSQL as everybody."""
