"""One of several processes that share connections: `sharing_process.py URL FOLDER PLACES CALLERS`."""

import asyncio
import sys
from pathlib import Path

from hanse.kit.clock import monotonic
from hanse.runtime.config.secret import Secret
from hanse.runtime.data.database import Database
from hanse.runtime.data.database_config import DatabaseConfig

EACH = 20


async def main(url: str, folder: str, places: str, callers: str) -> None:
    """Asks with so many at once until its input ends; tells how many answers it had."""
    shared = {"shared": Path(folder), "shared_connections": int(places)}
    config = DatabaseConfig(url=Secret(url), wait_timeout=60, **shared)
    async with Database(config) as database, asyncio.TaskGroup() as tasks:
        looking = tasks.create_task(looks(database))
        print("ready", flush=True)
        await asyncio.gather(*(asks(database) for _ in range(int(callers))))
        print(EACH * int(callers), flush=True)
        await asyncio.to_thread(sys.stdin.read)
        looking.cancel()


async def asks(database: Database) -> None:
    for _ in range(EACH):
        await database.fetch("select pg_sleep(0.01)")


async def looks(database: Database) -> None:
    """As a host does, a few times a second."""
    while True:
        await asyncio.sleep(0.1)
        database.look(monotonic())


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:5]))
