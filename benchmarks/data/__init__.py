"""The benchmark `data`: contacts in PostgreSQL, by Hanse, by FastAPI with SQLAlchemy, and bare."""
