"""Somebody else who writes meanwhile: on a schedule, counting each write from when it was due.

It knows the table and nothing of Hanse. Says `ready`, writes until its input ends, and prints what
it waited.
"""
# What it measures is only in `.venvs/bench`, where pyright does not look.
# pyright: basic, reportMissingImports=false

import asyncio
import itertools
import os
import sys
import time
import uuid

import asyncpg
import msgspec
import uvloop

from benchmarks.data import contact
from benchmarks.data.plan import CREATED_STAGE
from benchmarks.data.scale.samples import Samples, samples
from benchmarks.data.scale.waits import Waits

CONNECTIONS = 8
RATE = 200.0
"""Writes a second."""

INSERT = """
insert into crm.contacts (site_id, id, revision, create_time, update_time, shape, doc)
values ($1, $2, 1, $3, $3, 1, $4)
"""
UPDATE = """
update crm.contacts set revision = revision + 1, doc = doc || $3
where site_id = $1 and id = $2 returning revision
"""


async def insert(connection: asyncpg.Connection, site: int, number: int) -> None:
    name = contact.site_name(site)
    new = contact.contact(site, number, number + 1) | {"email": f"{uuid.uuid4()}@{name}.example"}
    document = msgspec.json.encode(new | {"stage": CREATED_STAGE}).decode()
    await connection.fetch(INSERT, name, uuid.uuid4(), contact.MADE, document)


async def update(connection: asyncpg.Connection, site: int, number: int) -> None:
    key = contact.contact_id(site, number)
    rows = await connection.fetch(UPDATE, contact.site_name(site), key, '{"note": "Called."}')
    assert len(rows) == 1


async def write(due: float, pair: tuple[int, int], free: asyncio.Queue) -> float:
    """Inserts where the number is even, else updates; seconds since it was due."""
    connection = await free.get()
    try:
        await (update if pair[1] % 2 else insert)(connection, *pair)
        return time.perf_counter() - due
    finally:
        free.put_nowait(connection)


async def write_until(stop: asyncio.Event, told: Samples) -> list[float]:
    free: asyncio.Queue = asyncio.Queue()
    for _ in range(CONNECTIONS):
        free.put_nowait(
            await asyncpg.connect(
                host=os.environ["BENCH_POSTGRES"],
                user="hanse",
                database=os.environ["BENCH_DATABASE"],
            )
        )
    print("ready", flush=True)
    pairs = itertools.cycle(told.pairs())
    due = time.perf_counter()
    writes: list[asyncio.Task[float]] = []
    while not stop.is_set():
        due += 1 / RATE
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        writes.append(asyncio.create_task(write(due, next(pairs), free)))
    return await asyncio.gather(*writes)


async def main() -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_reader(sys.stdin, stop.set)
    waits = sorted(await write_until(stop, samples()))
    p99 = waits[int(len(waits) * 0.99)]
    print(msgspec.json.encode(Waits(len(waits), p99 * 1e3, waits[-1] * 1e3)).decode(), flush=True)


if __name__ == "__main__":
    uvloop.run(main())
