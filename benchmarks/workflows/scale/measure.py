"""The benchmark `workflows.scale`: ever more workflows sleep, and others are begun and end."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

import msgspec

from benchmarks import machine, rounds
from benchmarks.crew import crew
from benchmarks.data.postgres import SETTINGS, Postgres, open_postgres
from benchmarks.environment import say
from benchmarks.load import LoadError
from benchmarks.report import Measured
from benchmarks.result import Result, limit
from benchmarks.workflows.contestants import CONTESTANTS, HANSE
from benchmarks.workflows.driver import Order, Run
from benchmarks.workflows.rounds import NAP_SECONDS, NAPS
from benchmarks.workflows.scale.sleepers import asleep, begin, copy

if TYPE_CHECKING:
    from collections.abc import Callable

SIZES = (1_000, 10_000, 100_000, 1_000_000)
SIZES_QUICK = (1_000, 10_000)
BEGUN_MOST = 10_000
"""Up to here each is begun by a host; what is more are copies of the rows of the first ones."""

BASE = 1_000
AT_ONCE = 64
FLAT_GOAL = 1.5
HOST_BYTES_GOAL = 16.0
TIMER_MS_GOAL = 100.0


class Grown(msgspec.Struct, frozen=True, tag="grown"):
    """The database at one size; a host that began some of them grew by so much."""

    sleeping: int
    database_bytes: int
    begun: int
    host_grew_bytes: int


class Step(msgspec.Struct, frozen=True, tag="step"):
    """A fresh process while so many sleep.

    Attributes:
        alone_p50_ms: A workflow of three steps from its start to its end, one after the other.
        workflows_per_second: By many at once.
        timer_late_p99_ms: Of timers that are due meanwhile.
        host_bytes: What the process takes (PSS) after all that.
    """

    sleeping: int
    alone_p50_ms: float
    workflows_per_second: float
    timer_late_p99_ms: float
    host_bytes: int


Done = Grown | Step


def method(done: list[Done], version: str) -> str:
    """How it was measured, for the page."""
    settings = ", ".join(f"{name} {value}" for name, value in SETTINGS.items())
    sizes = "; ".join(
        f"{one.sleeping:,} asleep, {one.database_bytes / 1e6:,.0f} MB"
        for one in done
        if isinstance(one, Grown)
    )
    grew = [one for one in done if isinstance(one, Grown) and one.begun]
    host = ", ".join(f"{one.host_grew_bytes / 1e6:.0f} MB with {one.begun:,}" for one in grew)
    return f"""\
Workflows that did one step and sleep for a month: the first {BEGUN_MOST:,} were begun by a host,
which then had more working memory ({host}), the others are copies
of their rows and entries ({sizes}).
While so many sleep, a fresh process each time begins workflows of three steps and waits for their
ends, one after the other and {AT_ONCE} at once, then {NAPS} timers of {NAP_SECONDS:g} s a second.
Flat is the longest median time of one after the other by the shortest, and the fastest rate by the
slowest. Host memory by sleeper is what the process takes (PSS) with the most asleep above what it
takes with the fewest, by those that are more.
PostgreSQL {version}, data on the disk: {settings}."""


def measure(timing: rounds.Timing) -> Measured:
    """Run the whole benchmark.

    Raises:
        LoadError: An answer was wrong, or a sleeper woke.
        ServerError: A process did not start, or failed.
    """
    sizes = SIZES_QUICK if timing.rounds == 1 else SIZES
    hanse = next(one for one in CONTESTANTS if one.name == HANSE)
    done: list[Done] = []
    with open_postgres() as postgres:
        hanse.make_tables(postgres)
        settings = {"BENCH_POSTGRES": postgres.host, "BENCH_DATABASE": HANSE}
        for before, sleeping in zip((0, *sizes), sizes, strict=False):
            done.append(_grown(postgres, settings, before, sleeping))
            done += [_asked(hanse.module, settings, sleeping, timing) for _ in range(timing.rounds)]
            if asleep(postgres, HANSE) != sleeping:
                raise LoadError(f"{asleep(postgres, HANSE)} sleep instead of {sleeping}")
            say(f"  {sleeping:,} asleep: {_words(done[-1])}")
        version = postgres.version()
    return Measured("workflows.scale", method(done, version), results(done), done)


def results(done: list[Done]) -> list[Result]:
    """What is published."""
    steps = [one for one in done if isinstance(one, Step)]
    alone = _medians(steps, lambda one: one.alone_p50_ms)
    rates = _medians(steps, lambda one: one.workflows_per_second)
    late = _medians(steps, lambda one: one.timer_late_p99_ms)
    most = max(late) if late else None
    return [
        limit("alone_flat", "times", value=_spread(alone), at_most=FLAT_GOAL),
        limit("rate_flat", "times", value=_spread(rates), at_most=FLAT_GOAL),
        limit("host_memory_by_sleeper", "B", value=_by_sleeper(steps), at_most=HOST_BYTES_GOAL),
        limit("timer_late_p99", "ms", value=late[most] if most else None, at_most=TIMER_MS_GOAL),
        _alone("database_by_sleeper", "B", _rows_by_sleeper(done)),
        *(_alone(f"alone_p50_{size}_asleep", "ms", at) for size, at in alone.items()),
        *(_alone(f"rate_{size}_asleep", "1/s", at) for size, at in rates.items()),
    ]


def _medians(steps: list[Step], read: Callable[[Step], float]) -> dict[int, float]:
    sizes = dict.fromkeys(one.sleeping for one in steps)
    return {
        size: statistics.median(read(one) for one in steps if one.sleeping == size)
        for size in sizes
    }


def _spread(medians: dict[int, float]) -> float | None:
    return max(medians.values()) / min(medians.values()) if medians else None


def _by_sleeper(steps: list[Step]) -> float | None:
    """Of a host; at least a hundredth, as less cannot be told and nothing is not measured."""
    taken = _medians(steps, lambda one: one.host_bytes)
    if len(taken) < 2:
        return None
    least, most = min(taken), max(taken)
    return max(0.01, (taken[most] - taken[least]) / (most - least))


def _rows_by_sleeper(done: list[Done]) -> float | None:
    grown = {one.sleeping: one.database_bytes for one in done if isinstance(one, Grown)}
    if len(grown) < 2:
        return None
    least, most = min(grown), max(grown)
    return (grown[most] - grown[least]) / (most - least)


def _alone(metric: str, unit: str, value: float | None) -> Result:
    return Result(
        metric=metric, unit=unit, better="lower", value=value, peer="none", peer_value=None
    )


def _grown(postgres: Postgres, settings: dict[str, str], before: int, sleeping: int) -> Grown:
    begun = sleeping - before if sleeping <= BEGUN_MOST else 0
    grew = begin(postgres, settings, begun) if begun else 0
    if not begun:
        copy(postgres, HANSE, base=BASE, times=(sleeping - before) // BASE)
    postgres.settle(HANSE)
    return Grown(sleeping, postgres.bytes(HANSE), begun, grew)


def _asked(module: str, settings: dict[str, str], sleeping: int, timing: rounds.Timing) -> Step:
    seconds = timing.seconds / 2
    naps = round(NAPS * seconds)
    alone = Order(kind="steps", at_once=1, seconds=seconds, warm_up=0.5)
    many = Order(kind="steps", process=1, at_once=AT_ONCE, seconds=seconds, warm_up=0.5)
    timer = Order(kind="timer", naps=naps, nap_seconds=NAP_SECONDS, seconds=seconds)
    (one, _), (crowd, _), (late, taken) = (
        _ran(module, settings, order) for order in (alone, many, timer)
    )
    return Step(
        sleeping=sleeping,
        alone_p50_ms=statistics.median(one.waits_ms),
        workflows_per_second=crowd.finished / crowd.seconds,
        timer_late_p99_ms=sorted(late.waits_ms)[len(late.waits_ms) * 99 // 100],
        host_bytes=taken,
    )


def _ran(module: str, settings: dict[str, str], order: Order) -> tuple[Run, int]:
    with crew(module, settings, [order]) as started:
        started.expect("ready")
        started.go()
        started.expect("warm")
        started.go()
        (said,) = started.hear()
        return msgspec.json.decode(said, type=Run), machine.pss_bytes(started.pids[0])


def _words(one: Done) -> str:
    if isinstance(one, Grown):
        return f"{one.database_bytes / 1e6:,.0f} MB"
    return (
        f"{one.alone_p50_ms:.1f} ms alone, {one.workflows_per_second:,.0f}/s, timers p99 "
        f"{one.timer_late_p99_ms:.1f} ms late, host {one.host_bytes / 1e6:.0f} MB"
    )
