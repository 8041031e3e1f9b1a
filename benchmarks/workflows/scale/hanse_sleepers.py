"""Hanse, which begins workflows that sleep for a month, and goes on living."""

import asyncio

import uvloop

from benchmarks.workflows.driver import order, said
from benchmarks.workflows.hanse_app import Shop, database, made
from hanse import Host, HostConfig
from hanse.testing import acting

PART = 1_000


async def main() -> None:
    told = order()
    async with Host([Shop], HostConfig(port=None, database=database())):
        shop = made[0]
        await said("ready")
        with acting():
            for start in range(0, told.naps, PART):
                part = range(start, min(start + PART, told.naps))
                await shop.workflows.start_many(shop.nap, [(told.nap_seconds,) for _ in part])
        await said("begun")
        await asyncio.sleep(0)


if __name__ == "__main__":
    uvloop.run(main())
