"""The benchmark `rpc`: every peer's peak and latency beside Hanse's."""

from __future__ import annotations

import base64
import contextlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from benchmarks import load, open_loop, rounds
from benchmarks.environment import say
from benchmarks.report import Measured
from benchmarks.result import Result
from benchmarks.rpc import question
from benchmarks.server import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

PEERS = ("fastapi", "litestar", "blacksheep", "robyn", "granian")
HANSE = "hanse"
THROUGHPUT_GOALS = {
    "fastapi": 8.0,
    "litestar": 3.0,
    "blacksheep": 3.0,
    "robyn": 3.0,
    "granian": 1.0,
}
LATENCY_GOAL = 1.0

METHOD = """\
One JSON POST, `{"name": "…"}` with a length of 1 to 100, answered with `{"text": "Hello, …"}`.
Every server verifies an EdDSA token (verified ones are kept by hash), asks for a permission,
reads the W3C trace and makes a span id; each is first shown to refuse ten kinds of bad
requests. One server process on core 0, load on core 1. Peaks: wrk, closed loop, each server at
its own best number of connections, status and body of every answer checked. Latency: open loop
at one equal rate, half of the slowest peak, measured from the scheduled time. Rounds are
interleaved and every round starts a fresh server; medians are shown. The goal of 3 for each
framework is "three times the best of the four"."""


class Greeter:
    """One server of this benchmark under closed-loop load."""

    def __init__(self, server: Server, asked: load.Load) -> None:
        self.cpu_seconds = server.cpu_seconds
        self._port = server.port
        self._asked = asked

    def drive(self, connections: int, seconds: float) -> tuple[int, float]:
        report = load.run_wrk(
            self._asked, port=self._port, connections=connections, seconds=seconds
        )
        return report.requests, report.seconds


class Bench:
    """Keys, requests and servers of one run."""

    def __init__(self, folder: Path) -> None:
        self.issuer = question.Issuer(folder)
        self.asked = question.load(self.issuer.token())
        self.names = [*PEERS]
        if (Path(__file__).parent / "hanse_app.py").exists():
            self.names.append(HANSE)

    def server(self, name: str) -> Server:
        return Server(f"benchmarks.rpc.{name}_app", self.issuer.settings)

    @contextlib.contextmanager
    def under_load(self, name: str) -> Generator[Greeter]:
        with self.server(name) as server:
            yield Greeter(server, self.asked)

    @contextlib.contextmanager
    def warm_port(self, name: str) -> Generator[int]:
        with self.server(name) as server:
            load.run_wrk(self.asked, port=server.port, connections=16, seconds=1)
            yield server.port

    def plan(self, rate: float, seconds: float) -> open_loop.Plan:
        return open_loop.Plan(
            port=0,
            rate=rate,
            seconds=seconds,
            connections=rounds.OPEN_LOOP_CONNECTIONS,
            requests=[base64.b64encode(request).decode() for request in self.asked.requests],
            answers=[base64.b64encode(answer).decode() for answer in self.asked.answers],
        )


def measure(timing: rounds.Timing) -> Measured:
    """Run the whole benchmark.

    Raises:
        LoadError: A server let a bad request pass, or answered a good one wrongly.
        ServerError: A server did not start.
    """
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        say("does every server refuse what it must?")
        for name in bench.names:
            with bench.server(name) as server:
                question.check_refusals(server.port, bench.issuer)
        say("peaks, closed loop")
        peaks = rounds.measure_peaks(bench.names, bench.under_load, timing)
        rate = slowest_peak(peaks, bench.names) / 2
        say(f"latency, open loop at {rate:,.0f} requests/s")
        plan = bench.plan(rate, timing.seconds)
        latency = rounds.measure_latency(bench.names, bench.warm_port, plan, timing)
    return Measured(
        name="rpc",
        method=METHOD,
        results=[*throughput(peaks), *latencies(latency)],
        rounds=[*peaks, *latency],
    )


def slowest_peak(peaks: list[rounds.Round], names: list[str]) -> float:
    """Median requests/s of the slowest subject."""
    rates = (rounds.median(peaks, name, lambda done: done.requests_per_second) for name in names)
    return min(rate for rate in rates if rate is not None)


def throughput(peaks: list[rounds.Round]) -> list[Result]:
    """Requests/s and CPU per request beside every peer."""
    rates = [
        Result(
            metric="requests_per_second",
            unit="1/s",
            better="higher",
            value=rounds.median(peaks, HANSE, lambda done: done.requests_per_second),
            peer=peer,
            peer_value=rounds.median(peaks, peer, lambda done: done.requests_per_second),
            goal=THROUGHPUT_GOALS[peer],
        )
        for peer in PEERS
    ]
    costs = [
        Result(
            metric="cpu_per_request",
            unit="us",
            better="lower",
            value=rounds.median(peaks, HANSE, lambda done: done.cpu_us_per_request),
            peer=peer,
            peer_value=rounds.median(peaks, peer, lambda done: done.cpu_us_per_request),
        )
        for peer in PEERS
    ]
    return rates + costs


def latencies(done: list[rounds.LatencyRound]) -> list[Result]:
    """p99 and p99.9 at the equal rate beside every peer; only p99 has a goal."""
    p99 = [_latency(done, peer, "latency_p99", lambda report: report.p99_ms) for peer in PEERS]
    p999 = [_latency(done, peer, "latency_p999", lambda report: report.p999_ms) for peer in PEERS]
    return [msgspec.structs.replace(result, goal=LATENCY_GOAL) for result in p99] + p999


def _latency(
    done: list[rounds.LatencyRound],
    peer: str,
    metric: str,
    read: Callable[[open_loop.Report], float],
) -> Result:
    return Result(
        metric=metric,
        unit="ms",
        better="lower",
        value=rounds.median_latency(done, HANSE, read),
        peer=peer,
        peer_value=rounds.median_latency(done, peer, read),
    )
