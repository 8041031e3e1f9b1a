"""The loop of a process that runs workflows: so many at once for so long, or all that sleep.

The process says `ready` and `warm`, goes on when a line comes, so that several begin together, and
ends with its input, so that CPU times can be read while everything is still there.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from typing import TYPE_CHECKING, Any, Literal, Protocol

import msgspec

from benchmarks.workflows import flow

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

STRIDE = 1_000_000_000
"""Numbers of one process; the next one begins there."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What a process is told, as JSON in BENCH_ORDER.

    Attributes:
        kind: Workflows of three steps, or of a timer.
        mode: Of a contestant that has several ways.
        process: Which of several this is.
        at_once: Workflows under way.
        seconds: For which new ones are begun.
        warm_up: The same, before.
        naps: How many sleep; they are begun evenly over `seconds`.
        nap_seconds: How long each sleeps.
    """

    kind: Literal["steps", "timer"]
    mode: str = ""
    process: int = 0
    at_once: int = 1
    seconds: float = 1.0
    warm_up: float = 0.0
    naps: int = 0
    nap_seconds: float = 0.0


class Run(msgspec.Struct, frozen=True):
    """What a process did.

    Attributes:
        finished: Workflows with the right answer, those of the warm-up left out.
        all_finished: With them.
        bodies: Of steps that ran, in all.
        cpu_seconds: Of this process, user and system.
        waits_ms: How long a workflow took; how late a timer was.
    """

    finished: int
    all_finished: int
    bodies: int
    seconds: float
    cpu_seconds: float
    waits_ms: list[float]


class Flows(Protocol):
    """A contestant, inside of its process."""

    async def place(self, number: int) -> dict[str, Any]:
        """One workflow of three steps, to its end; its answer."""
        ...

    async def nap(self, number: int, seconds: float) -> float:
        """One workflow that asks the time, sleeps and asks again: how late it was, in seconds."""
        ...


def order() -> Order:
    """What this process is told."""
    return msgspec.json.decode(os.environ["BENCH_ORDER"], type=Order)


async def serve(flows: Flows, told: Order) -> None:
    """Do it."""
    told_numbers = iter(range(told.process * STRIDE, (told.process + 1) * STRIDE))

    async def place() -> float:
        number = next(told_numbers)
        begun = time.perf_counter()
        answer = await flows.place(number)
        if answer != flow.expected(number):
            raise AssertionError(f"workflow {number} answers {answer}")
        return (time.perf_counter() - begun) * 1e3

    async def nap() -> float:
        return await flows.nap(next(told_numbers), told.nap_seconds) * 1e3

    await said("ready")
    before = 0
    if told.kind == "steps" and told.warm_up:
        before = len(await _closed(place, told.at_once, told.warm_up))
    await said("warm")
    begun, cpu = time.perf_counter(), time.process_time()
    waits = await (
        _closed(place, told.at_once, told.seconds) if told.kind == "steps" else _spread(nap, told)
    )
    run = Run(
        finished=len(waits),
        all_finished=before + len(waits),
        bodies=flow.ran.total(),
        seconds=time.perf_counter() - begun,
        cpu_seconds=time.process_time() - cpu,
        waits_ms=waits,
    )
    await said(msgspec.json.encode(run).decode())


async def said(word: str) -> None:
    """A line for who started this process; back with the next line from there."""
    print(word, flush=True)
    await asyncio.to_thread(sys.stdin.readline)


async def _closed(one: Callable[[], Awaitable[float]], at_once: int, seconds: float) -> list[float]:
    """So many at a time, begun until the time is over; all of them end."""
    until = time.perf_counter() + seconds
    waits: list[float] = []

    async def loop() -> None:
        while time.perf_counter() < until:
            waits.append(await one())

    await asyncio.gather(*(loop() for _ in range(at_once)))
    return waits


async def _spread(one: Callable[[], Awaitable[float]], told: Order) -> list[float]:
    """Each begins when it is due, whatever became of the others."""
    begun = time.perf_counter()
    tasks: list[asyncio.Future[float]] = []
    for number in range(told.naps):
        due = begun + number * told.seconds / told.naps
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.ensure_future(one()))
    return await asyncio.gather(*tasks)
