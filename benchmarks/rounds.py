"""Interleaved rounds over several subjects, each at its own best concurrency, and their medians."""

from __future__ import annotations

import statistics
import subprocess
import sys
from typing import TYPE_CHECKING, Protocol

import msgspec

from benchmarks import machine, open_loop
from benchmarks.environment import ROOT, say
from benchmarks.load import CONNECTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import AbstractContextManager

OPEN_LOOP_CONNECTIONS = 32
OPEN_LOOP_TRIES = 3


class Timing(msgspec.Struct, frozen=True):
    """How long everything takes, in seconds, and how often it is repeated."""

    rounds: int
    seconds: float
    warm_up: float
    calibration: float


FULL = Timing(rounds=5, seconds=4, warm_up=2, calibration=2)
QUICK = Timing(rounds=1, seconds=1, warm_up=1, calibration=1)


class Subject(Protocol):
    """Something that runs on the server core and can be put under load from the other."""

    def cpu_seconds(self) -> float:
        """CPU time used so far by all its processes."""
        ...

    def drive(self, connections: int, seconds: float) -> tuple[int, float]:
        """Load it in a closed loop. Returns right answers and seconds taken."""
        ...


class Round(msgspec.Struct, frozen=True):
    """One closed-loop run.

    Attributes:
        busy: Share of its core the subject used; well below 1 means that the load was the limit.
        stolen: Share of the two cores the hypervisor gave to others meanwhile.
    """

    peer: str
    connections: int
    requests_per_second: float
    cpu_us_per_request: float
    busy: float
    stolen: float


class LatencyRound(msgspec.Struct, frozen=True):
    """One open-loop run."""

    peer: str
    rate: float
    report: open_loop.Report


def measure_peaks(
    names: Iterable[str],
    start: Callable[[str], AbstractContextManager[Subject]],
    timing: Timing,
) -> list[Round]:
    """Find each subject's best number of connections, then A B C … A B C … at that number."""
    best: dict[str, int] = {}
    for name in names:
        with start(name) as subject:
            subject.drive(CONNECTIONS[0], timing.warm_up)
            best[name] = _best_connections(name, subject, timing)
    rounds: list[Round] = []
    for turn in range(timing.rounds):
        for name, connections in best.items():
            with start(name) as subject:
                subject.drive(connections, timing.warm_up)
                done = _one_round(name, subject, connections, timing.seconds)
            rounds.append(done)
            say(
                f"  round {turn + 1}/{timing.rounds} {name}: {done.requests_per_second:,.0f}/s, "
                f"{done.cpu_us_per_request:.1f} µs CPU, {connections} connections"
            )
    return rounds


def measure_latency(
    names: Iterable[str],
    start: Callable[[str], AbstractContextManager[int]],
    plan: open_loop.Plan,
    timing: Timing,
) -> list[LatencyRound]:
    """Ask every server at the plan's rate, in interleaved rounds. `start` yields its port."""
    rounds: list[LatencyRound] = []
    listed = list(names)
    for turn in range(timing.rounds):
        for name in listed:
            with start(name) as port:
                report = _open_loop(msgspec.structs.replace(plan, port=port))
            rounds.append(LatencyRound(name, plan.rate, report))
            say(
                f"  round {turn + 1}/{timing.rounds} {name}: p50 {report.p50_ms:.2f} ms, "
                f"p99 {report.p99_ms:.2f} ms"
                + (f" INVALID: {report.invalid}" if report.invalid else "")
            )
    return rounds


def median(rounds: Iterable[Round], peer: str, read: Callable[[Round], float]) -> float | None:
    """Median of one figure of one peer, None if it was not measured."""
    values = [read(done) for done in rounds if done.peer == peer]
    return statistics.median(values) if values else None


def median_latency(
    rounds: Iterable[LatencyRound], peer: str, read: Callable[[open_loop.Report], float]
) -> float | None:
    """Median over the valid rounds of a peer, None if there is none: no guess from a bad run."""
    values = [read(done.report) for done in rounds if done.peer == peer and not done.report.invalid]
    return statistics.median(values) if values else None


def _best_connections(name: str, subject: Subject, timing: Timing) -> int:
    rates: dict[int, float] = {}
    for connections in CONNECTIONS:
        answered, seconds = subject.drive(connections, timing.calibration)
        rates[connections] = answered / seconds
    best = max(rates, key=lambda connections: rates[connections])
    say(f"  {name}: best with {best} connections")
    return best


def _one_round(name: str, subject: Subject, connections: int, seconds: float) -> Round:
    cpu, stolen = subject.cpu_seconds(), machine.stolen_seconds()
    answered, taken = subject.drive(connections, seconds)
    cpu, stolen = subject.cpu_seconds() - cpu, machine.stolen_seconds() - stolen
    return Round(
        peer=name,
        connections=connections,
        requests_per_second=answered / taken,
        cpu_us_per_request=cpu / answered * 1e6,
        busy=cpu / taken,
        stolen=stolen / taken / 2,
    )


def _open_loop(plan: open_loop.Plan) -> open_loop.Report:
    """Run the generator on the load core; again if it missed its own schedule."""
    report = _run_generator(plan)
    for _ in range(OPEN_LOOP_TRIES - 1):
        if not report.invalid:
            break
        say(f"  once more: {report.invalid}")
        report = _run_generator(plan)
    return report


def _run_generator(plan: open_loop.Plan) -> open_loop.Report:
    done = subprocess.run(
        machine.pinned(machine.LOAD_CPU, [sys.executable, "-m", "benchmarks.open_loop"]),
        input=msgspec.json.encode(plan),
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
    )
    return msgspec.json.decode(done.stdout, type=open_loop.Report)
