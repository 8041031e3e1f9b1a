"""Rounds inside of the service's process: a collection beside asyncpg, one statement for both."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

import msgspec

from benchmarks import machine
from benchmarks.data.contestants import run_module
from benchmarks.data.inside.driver import Order, Run
from benchmarks.environment import say

if TYPE_CHECKING:
    from benchmarks.data.plan import Plan
    from benchmarks.data.postgres import Postgres
    from benchmarks.rounds import Timing

COLLECTION = "collection"
RAW = "asyncpg"
MODULES = {RAW: "benchmarks.data.inside.raw", COLLECTION: "benchmarks.data.inside.collection"}


class InsideRound(msgspec.Struct, frozen=True, tag="inside"):
    """One operation by one of the two. CPU times are microseconds a request."""

    peer: str
    operation: str
    at_once: int
    requests_per_second: float
    service_us: float
    postgres_us: float
    p50_us: float
    busy: float

    @property
    def all_us(self) -> float:
        """CPU time of the process that asks and of PostgreSQL together."""
        return self.service_us + self.postgres_us


def measure_inside(
    databases: dict[str, str], postgres: Postgres, plan: Plan, timing: Timing
) -> list[InsideRound]:
    """Take turns, each time in a fresh process, with the statements that the collection runs.

    Args:
        databases: By contestant.
        postgres: The server.
        plan: Which rows.
        timing: How long; each measurement has half of its seconds.

    Raises:
        ServerError: A process failed, or got what it must not.
    """
    order = Order(
        rows=plan.rows,
        got=plan.got(),
        since=[window.since for window in plan.asked()],
        updated=plan.updated(),
        postgres=postgres.pid,
        seconds=0,
        warm_up=timing.warm_up / 4,
    )
    said = _drive(MODULES[COLLECTION], databases[COLLECTION], postgres, order)
    statements = msgspec.json.decode(said, type=dict[str, str])
    order = msgspec.structs.replace(order, seconds=timing.seconds / 2, statements=statements)
    done: list[InsideRound] = []
    for turn in range(timing.rounds):
        for name, module in MODULES.items():
            postgres.checkpoint()
            said = _drive(module, databases[name], postgres, order)
            found = [_round(name, run) for run in msgspec.json.decode(said, type=list[Run])]
            say(f"  round {turn + 1}/{timing.rounds} {name}: {_words(found)}")
            done += found
    return done


def _drive(module: str, database: str, postgres: Postgres, order: Order) -> str:
    settings = {
        "BENCH_POSTGRES": postgres.host,
        "BENCH_DATABASE": database,
        "BENCH_ORDER": msgspec.json.encode(order).decode(),
    }
    return run_module(module, settings, core=machine.SERVER_CPU)


def _round(name: str, run: Run) -> InsideRound:
    each = 1e6 / run.requests
    return InsideRound(
        peer=name,
        operation=run.operation,
        at_once=run.at_once,
        requests_per_second=run.requests / run.seconds,
        service_us=run.service_seconds * each,
        postgres_us=run.postgres_seconds * each,
        p50_us=run.p50_us,
        busy=(run.service_seconds + run.postgres_seconds) / run.seconds,
    )


def median(done: list[InsideRound], peer: str, asked: tuple[str, int], figure: str) -> float | None:
    """Of one figure of an operation and so many at once, None if it was not measured."""
    values = [
        getattr(one, figure)
        for one in done
        if one.peer == peer and (one.operation, one.at_once) == asked
    ]
    return statistics.median(values) if values else None


def _words(found: list[InsideRound]) -> str:
    return ", ".join(
        f"{one.operation} by {one.at_once} {one.requests_per_second:,.0f}/s "
        f"({one.service_us:.0f} µs CPU, PostgreSQL {one.postgres_us:.0f})"
        for one in found
    )
