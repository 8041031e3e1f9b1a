"""The loop of whoever asks from inside the service's process: so many at once, for so long."""

from __future__ import annotations

import asyncio
import os
import time
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from benchmarks import machine

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from contextlib import AbstractContextManager

OPERATIONS = ("get", "query", "update", "create")
AT_ONCE = (1, 16)


class Order(msgspec.Struct, frozen=True):
    """What a driver is told, as JSON in BENCH_ORDER.

    Attributes:
        rows: Of each site.
        got: Numbers of the contacts that are read.
        since: From when on people are asked for.
        updated: Numbers of the contacts that are changed.
        postgres: The server's first process.
        statements: SQL by operation, for who has none of its own.
    """

    rows: int
    got: list[int]
    since: list[str]
    updated: list[int]
    postgres: int
    seconds: float
    warm_up: float
    statements: dict[str, str] = {}


class Run(msgspec.Struct, frozen=True):
    """One operation, so many at once. CPU times are of all requests together."""

    operation: str
    at_once: int
    requests: int
    seconds: float
    service_seconds: float
    postgres_seconds: float
    p50_us: float


class Asker(Protocol):
    """One of those who ask at once: each has a site of its own, and checks what it gets."""

    def call(self) -> AbstractContextManager[Any]:
        """Everything it asks is asked in here."""
        ...

    async def get(self, turn: int) -> None:
        """One contact by its id."""
        ...

    async def query(self, turn: int) -> None:
        """A page of those seen since."""
        ...

    async def update(self, turn: int) -> None:
        """Two fields of one, if it is still of its revision."""
        ...

    async def create(self, turn: int) -> None:
        """One more."""
        ...


def order() -> Order | None:
    """What this process is told; None for nothing."""
    told = os.environ.get("BENCH_ORDER")
    return msgspec.json.decode(told, type=Order) if told else None


async def drive(askers: Sequence[Asker], order: Order) -> list[Run]:
    """All operations, each by one and by all."""
    return [
        await _run(operation, askers[:at_once], order)
        for operation in OPERATIONS
        for at_once in AT_ONCE
    ]


async def _run(operation: str, askers: Sequence[Asker], order: Order) -> Run:
    await _ask(operation, askers, order.warm_up)
    service, postgres = time.process_time(), machine.cpu_seconds(order.postgres)
    begun = time.perf_counter()
    waits = await _ask(operation, askers, order.seconds)
    taken = time.perf_counter() - begun
    return Run(
        operation=operation,
        at_once=len(askers),
        requests=len(waits),
        seconds=taken,
        service_seconds=time.process_time() - service,
        postgres_seconds=machine.cpu_seconds(order.postgres) - postgres,
        p50_us=sorted(waits)[len(waits) // 2] * 1e6,
    )


async def _ask(operation: str, askers: Sequence[Asker], seconds: float) -> list[float]:
    """Seconds of each request."""
    waits: list[float] = []
    until = time.perf_counter() + seconds
    await asyncio.gather(*(_loop(asker, operation, until, waits) for asker in askers))
    return waits


async def _loop(asker: Asker, operation: str, until: float, waits: list[float]) -> None:
    ask: Callable[[int], Awaitable[None]] = getattr(asker, operation)
    turn = 0
    with asker.call():
        now = time.perf_counter()
        while now < until:
            await ask(turn)
            turn += 1
            then, now = now, time.perf_counter()
            waits.append(now - then)


def say(runs: list[Run]) -> None:
    """For who started this process."""
    print(msgspec.json.encode(runs).decode(), flush=True)
