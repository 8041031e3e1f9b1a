"""Times a call between two services of one host, beside a plain await of the same method.

The caller is a running method, as it always is in production: context, deadline and trace are
there to be handed on. Nothing waits, so the thread's CPU time is the whole cost, and a busy machine
does not spoil it. Prints runs in microseconds a call as JSON.
"""

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import uvloop

from benchmarks.calls.hanse_shop import Item, Items, Reserved, Stock, Warehouse
from hanse import PUBLIC, Host, HostConfig, Service, Struct, rpc

RUNS = 300
CALLS = 200
ITEMS = (1, 20)


class Run(Struct, frozen=True):
    plain_us: float
    call_us: float


class Timer(Service, package="timer.v1"):
    """Calls the stock both ways."""

    def __init__(self, stock: Stock) -> None:
        self._stock = stock
        self._plain = Warehouse()

    @rpc(allow=PUBLIC)
    async def run(self, count: int) -> Run:
        """Times both ways for an argument of so many items."""
        items = tuple(Item(f"sku-{n:05d}", n + 1) for n in range(count))
        return Run(
            await microseconds(self._plain.reserve, items),
            await microseconds(self._stock.reserve, items),
        )


async def microseconds(reserve: Callable[[Items], Awaitable[Reserved]], items: Items) -> float:
    start = time.thread_time()
    for _ in range(CALLS):
        await reserve(items)
    return (time.thread_time() - start) / CALLS * 1e6


async def timed(timer: Timer, count: int) -> Run:
    # Nothing in a run waits; without this turn of the loop the host would report a stall.
    await asyncio.sleep(0)
    return await timer.run(count)


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        config = HostConfig(port=None, trace_folder=Path(folder))
        async with Host([Warehouse, Timer], config) as host:
            timer = host.get(Timer)
            runs = {count: [await timed(timer, count) for _ in range(RUNS)] for count in ITEMS}
    report = [
        {
            "items": count,
            "plain_us": [run.plain_us for run in done],
            "call_us": [run.call_us for run in done],
        }
        for count, done in runs.items()
    ]
    print(msgspec.json.encode(report).decode())


if __name__ == "__main__":
    uvloop.run(main())
