"""Times a collection's get and query inside of its host, sample by sample, all of them warm."""

import statistics
import time
from collections.abc import Awaitable, Callable

import msgspec
import uvloop

from benchmarks.data import contact
from benchmarks.data.hanse_contacts.entity import database
from benchmarks.data.inside.collection import Desk, found, text_of
from benchmarks.data.plan import PAGE, STAGE
from benchmarks.data.scale.samples import Samples, Times, samples
from hanse import Host, HostConfig
from hanse.testing import acting


async def get(site: int, number: int) -> None:
    await found[0].get(text_of(site, number))


async def query(since: str) -> None:
    wanted = {"stage": STAGE, "last_seen": {"$gte": since}}
    page = await found[0].query(wanted, sort=("last_seen",), page_size=PAGE)
    assert len(page.items) == PAGE


async def timed(told: Samples, ask: Callable[[int, int], Awaitable[None]]) -> float:
    """The median of all passes but the first, in microseconds."""
    waits: list[float] = []
    for _ in range(told.passes + 1):
        for site, number in told.pairs():
            with acting(site=contact.site_name(site)):
                begun = time.perf_counter()
                await ask(site, number)
                waits.append(time.perf_counter() - begun)
    return statistics.median(waits[told.count :]) * 1e6


async def main() -> None:
    told = samples()
    async with Host([Desk], HostConfig(port=None, database=database())):
        times = Times(
            get_us=await timed(told, get),
            query_us=await timed(told, lambda _, number: query(told.since(number))),
        )
    print(msgspec.json.encode(times).decode())


if __name__ == "__main__":
    uvloop.run(main())
