"""Who places orders: on a schedule, or as fast as it goes; the process ends with its input."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import TYPE_CHECKING, Protocol

import msgspec

from benchmarks.events.order import Told, Written

if TYPE_CHECKING:
    from collections.abc import Sequence


UNDER_WAY_MOST = 64
"""Orders that are being placed at once, as of a service that keeps a queue of its own."""


class Shop(Protocol):
    """A contestant, where orders are placed."""

    async def place(self, numbers: Sequence[int]) -> None:
        """Keep these in one transaction, and have their events told."""
        ...


async def write(shop: Shop, order: Told) -> None:
    """Place all."""
    await said("ready")
    begun = time.perf_counter()
    late = await (_scheduled if order.rate else _at_once)(shop, order)
    seconds = time.perf_counter() - begun
    p99 = sorted(late)[len(late) * 99 // 100]
    await said(msgspec.json.encode(Written(seconds, p99 * 1e3)).decode())


async def said(word: str) -> None:
    """A line for who started this process; back with the next line from there, or its end."""
    print(word, flush=True)
    await asyncio.to_thread(sys.stdin.readline)


async def _scheduled(shop: Shop, order: Told) -> list[float]:
    begun = time.perf_counter()
    late: list[float] = []
    free = asyncio.Semaphore(UNDER_WAY_MOST)

    async def place(number: int) -> None:
        async with free:
            await shop.place([number])

    placing: list[asyncio.Future[None]] = []
    for number in range(order.count):
        due = begun + number / order.rate
        wait = due - time.perf_counter()
        if wait > 0:
            await asyncio.sleep(wait)
        placing.append(asyncio.ensure_future(place(number)))
        late.append(max(0.0, time.perf_counter() - due))
    await asyncio.gather(*placing)
    return late


async def _at_once(shop: Shop, order: Told) -> list[float]:
    starts = iter(range(0, order.count, order.batch))

    async def loop() -> None:
        for start in starts:
            await shop.place(range(start, min(start + order.batch, order.count)))

    await asyncio.gather(*(loop() for _ in range(order.at_once)))
    return [0.0]
