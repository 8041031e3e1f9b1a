"""The tables of whoever makes them by hand: orders, bookings, what was handled, and an outbox.

`python -m benchmarks.events.tables` makes them.
"""
# What it uses is only in `.venvs/bench`, where pyright does not look.
# pyright: basic, reportMissingImports=false

import asyncio
import os

import asyncpg

CONNECTIONS = 16

TABLES = """
create table orders (number bigint primary key, customer text not null, cents bigint not null);
create table bookings (number bigint not null, customer text not null, cents bigint not null);
create table handled (event uuid primary key);
create table outbox (
    seq bigint generated always as identity primary key, id uuid not null, body bytea not null
) with (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 5000);
"""

PLACE = "insert into orders (number, customer, cents) values ($1, $2, $3)"
HANDLE = "insert into handled (event) values ($1) on conflict do nothing returning event"
BOOK = "insert into bookings (number, customer, cents) values ($1, $2, $3)"


async def pool() -> asyncpg.Pool:
    """Connections to the database that this process is told to use."""
    return await asyncpg.create_pool(
        host=os.environ["BENCH_POSTGRES"],
        user="hanse",
        database=os.environ["BENCH_DATABASE"],
        min_size=CONNECTIONS,
        max_size=CONNECTIONS,
    )


async def main() -> None:
    connections = await pool()
    await connections.execute(TABLES)
    await connections.close()


if __name__ == "__main__":
    asyncio.run(main())
