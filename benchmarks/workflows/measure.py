"""The benchmark `workflows`: three steps and timers, by Hanse, by DBOS and by Temporal."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from benchmarks import machine, rounds
from benchmarks.data.postgres import SETTINGS, open_postgres
from benchmarks.environment import say
from benchmarks.report import Measured
from benchmarks.result import Better, Result, limit
from benchmarks.workflows.contestants import CONTESTANTS, DBOS, HANSE, TEMPORAL, Way
from benchmarks.workflows.rounds import (
    NAP_SECONDS,
    NAPS,
    Bench,
    Proof,
    StepsRound,
    TimerRound,
    median,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

DBOS_GOAL = 20.0
TIMER_MS_GOAL = 100.0
PUBLISHED_PER_VCPU = 450
"""Workflows a second and vCPU of the database: 43,000 on 96, by DBOS's own account."""

Done = Proof | StepsRound | TimerRound


def method(done: list[Done], version: str) -> str:
    """How it was measured, for the page."""
    settings = ", ".join(f"{name} {value}" for name, value in SETTINGS.items())
    steps = [one for one in done if isinstance(one, StepsRound) and one.way.at_once > 1]
    ways = "; ".join(f"{peer} {_words(way)}" for peer, way in _ways(steps).items())
    return f"""\
A workflow takes an order of about 100 bytes and runs three steps one after the other, each of which
answers with about 50 bytes and does nothing else; its answer is made of theirs. Closed loop: so
many are under way, started in the process that runs them, and each answer is compared. Before the
timing, and after each round, what the database has is counted: as many finished workflows as were
answered, three journalled steps each, and as many bodies of steps run, none twice. Nothing is
pinned: contestant and database share {machine.cores()} cores. Each is run in its best way, found by
trying ({ways}). Alone: one after the other, one process.
CPU times are of all processes of a kind, by workflow. Timers: {NAPS} a second begin, each asks the
time in a step, sleeps {NAP_SECONDS:g} s and asks again; late is what is above, and includes keeping
the first step.
Rounds are interleaved, on a fresh database with fresh processes; medians.

One PostgreSQL {version} for Hanse and DBOS, on a Unix socket, the data on the disk: {settings}.
{_distance(steps)}
Temporal is its development server with SQLite on the same disk (write-ahead log, synchronous full)
and not in that PostgreSQL: a server for production is to be had neither from PyPI, npm nor Debian,
and its SDK would fetch one from elsewhere. It is a smaller thing than what Temporal runs in
production, so no goal is set beside it."""


def measure(timing: rounds.Timing) -> Measured:
    """Run the whole benchmark.

    Raises:
        LoadError: An answer was wrong, or something was kept otherwise than it was done.
        ServerError: A process did not start, or failed.
    """
    done: list[Done] = []
    with open_postgres() as postgres:
        bench = Bench(postgres, timing)
        say("does everybody keep what was done?")
        for contestant in CONTESTANTS:
            contestant.make_tables(postgres)
            done.append(bench.prove(contestant))
        say("in which way is each best?")
        best = {contestant.name: bench.best(contestant) for contestant in CONTESTANTS}
        for turn in range(timing.rounds):
            say(f"round {turn + 1}/{timing.rounds}")
            for contestant in CONTESTANTS:
                way = best[contestant.name]
                done.append(bench.steps(contestant, way))
                done.append(bench.steps(contestant, Way(way.mode, 1, 1)))
                done.append(bench.timers(contestant))
                say(f"  {contestant.name}: " + ", ".join(_said(one) for one in done[-3:]))
        version = postgres.version()
    return Measured("workflows", method(done, version), results(done), done)


def results(done: list[Done]) -> list[Result]:
    """What is published; where there is no goal, the line is information."""
    steps = [one for one in done if isinstance(one, StepsRound)]
    crowd = [one for one in steps if one.way.at_once > 1]
    alone = [one for one in steps if one.way.at_once == 1]
    timers = [one for one in done if isinstance(one, TimerRound)]
    figures: tuple[tuple[str, str, str, Better, list[StepsRound]], ...] = (
        ("service_cpu", "service_us", "us", "lower", crowd),
        ("database_cpu", "database_us", "us", "lower", crowd),
        ("alone_p50", "p50_ms", "ms", "lower", alone),
    )
    rate = "workflows_per_second"
    return [
        _beside(rate, "1/s", (crowd, rate), DBOS, goal=DBOS_GOAL),
        limit("timer_late_p99", "ms", value=_late(timers, HANSE), at_most=TIMER_MS_GOAL),
        _beside(rate, "1/s", (crowd, rate), TEMPORAL),
        *(
            _beside(name, unit, (chosen, figure), peer, better=better)
            for name, figure, unit, better, chosen in figures
            for peer in (DBOS, TEMPORAL)
        ),
        *(
            Result(
                metric="timer_late_p99",
                unit="ms",
                better="lower",
                value=_late(timers, HANSE),
                peer=peer,
                peer_value=_late(timers, peer),
            )
            for peer in (DBOS, TEMPORAL)
        ),
    ]


def _beside(
    metric: str,
    unit: str,
    read: tuple[list[StepsRound], str],
    peer: str,
    *,
    better: Better = "higher",
    goal: float | None = None,
) -> Result:
    return Result(
        metric=metric,
        unit=unit,
        better=better,
        value=median(read[0], HANSE, read[1]),
        peer=peer,
        peer_value=median(read[0], peer, read[1]),
        goal=goal,
    )


def _late(timers: list[TimerRound], peer: str) -> float | None:
    values = [one.p99_ms for one in timers if one.peer == peer]
    return statistics.median(values) if values else None


def _ways(done: Iterable[StepsRound]) -> dict[str, Way]:
    return {one.peer: one.way for one in done}


def _words(way: Way) -> str:
    mode = f"by {way.mode}, " if way.mode else ""
    return f"{mode}{way.processes} x {way.at_once} at once"


def _distance(done: list[StepsRound]) -> str:
    """Where DBOS's own figure is from, beside what it needs here."""
    rate = median(done, DBOS, "workflows_per_second")
    service, database = median(done, DBOS, "service_us"), median(done, DBOS, "database_us")
    if rate is None or service is None or database is None:
        return ""
    published = f"about {PUBLISHED_PER_VCPU} by vCPU"
    by_vcpu = f"{1e6 / database:,.0f} a second by vCPU or {5 * 1e6 / database:,.0f} writes"
    return f"""\
DBOS publishes 43,000 workflows a second on a database of 96 vCPUs, {published}
(its article "Benchmarking workflow execution scalability on Postgres"): workflows without any step,
which are written twice, where three steps make five writes; the processes that run them are on
other machines and not counted. Here PostgreSQL spends {database / 1e3:.1f} ms of CPU on a workflow,
{by_vcpu}, where the published figure is about {2 * PUBLISHED_PER_VCPU}
writes. What is far apart is the Python around it, {service / 1e3:.1f} ms a workflow, which
shares the cores: {rate:,.0f} a second in all."""


def _said(one: Done) -> str:
    if isinstance(one, StepsRound):
        return f"{one.workflows_per_second:,.0f}/s by {one.way.processes * one.way.at_once}"
    if isinstance(one, TimerRound):
        return f"timers p99 {one.p99_ms:.1f} ms late"
    return ""
