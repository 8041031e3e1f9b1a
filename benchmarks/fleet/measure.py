"""The benchmark `fleet`: replicas, three thousand services, starts, and the gateway's price."""

from __future__ import annotations

import asyncio
import os
import statistics
from typing import TYPE_CHECKING

from benchmarks import rounds
from benchmarks.fleet.gateway_rounds import STRAIGHT, Gateway, Peak, measure_gateway
from benchmarks.fleet.project_rounds import Spread, Times, measure_replicas, measure_times
from benchmarks.fleet.steered import FIRST, LAST, MIDDLE
from benchmarks.report import Measured
from benchmarks.result import Result, limit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from benchmarks.result import Better

REPLICAS_GOAL = 1.7
LAST_GOAL = 0.8
SECOND_UP_SECONDS_GOAL = 5.0
MOVED_KB_GOAL = 10.0


def method(spreads: list[Spread]) -> str:
    """How it was measured, for the page."""
    used = {count: _cores(spreads, count) for count in (1, 2)}
    return f"""\
Replicas: `hanse up` of a service whose method hashes for about 5 ms of processor time; 8 keep-alive
connections of wrk through the gateway, not pinned but for wrk (core 1), {os.cpu_count()} cores in
all, which hosts, Envoy and wrk share. Cores used with one replica: {used[1]}; with two: {used[2]}.
Services: one Envoy with one worker, steered by `hanse.fleet.gateway`, with 3,000 services that are
one cheap host; both on core 0, wrk with 32 connections on core 1. A fresh Envoy each round;
"told" is from push to the acknowledgement of everything; bytes are all that the control plane wrote
on its socket; memory (PSS) is taken before the load. Straight is the same host by its own port;
latencies in open loop, one rate, half of what the slowest of the first round answered. Verbs:
seconds of the whole command, everything installed; the first `up` in a fresh folder makes the
database. Every answer is checked; medians, rounds interleaved. MB and kB are decimal.

For comparison, with 302 clusters in another shape (19 localities, two hosts each) Envoy 1.40 took
0.4 MB and 0.3 s for all from a cold start, and 1.4 kB for one changed host; by those figures
3,000 would take about 0.41 GB."""


def measure(timing: rounds.Timing) -> Measured:
    """Run the whole benchmark.

    Raises:
        LoadError: An answer was wrong.
        ServerError: A process did not start, or a verb failed.
    """
    gateway = asyncio.run(measure_gateway(timing))
    spreads, times = measure_replicas(timing), measure_times(timing)
    raw = [*spreads, *gateway.changes, *gateway.peaks, *gateway.latencies, *times]
    found = results(spreads, gateway, times)
    return Measured(name="fleet", method=method(spreads), results=found, rounds=raw)


def results(spreads: list[Spread], gateway: Gateway, times: list[Times]) -> list[Result]:
    """What is published; where there is no goal, the line is information."""
    return [*_replicas(spreads), *_routes(gateway), *_verbs(times), *_price(gateway)]


def _replicas(spreads: list[Spread]) -> list[Result]:
    one, two = (
        median(s.requests_per_second for s in spreads if s.replicas == count) for count in (1, 2)
    )
    return [_beside("2_replicas", "1/s", (two, one), "1 replica", goal=REPLICAS_GOAL)]


def _routes(gateway: Gateway) -> list[Result]:
    def rate(subject: str) -> float | None:
        return _peak(gateway, subject, lambda one: one.requests_per_second)

    def cpu(subject: str) -> float | None:
        return _peak(gateway, subject, lambda one: one.envoy_cpu_us)

    changes = gateway.changes
    moved = median(one.moved.sent_bytes / 1e3 for one in changes)
    return [
        _beside("last_of_3000_services", "1/s", (rate(LAST), rate(FIRST)), FIRST, goal=LAST_GOAL),
        _beside("middle_of_3000_services", "1/s", (rate(MIDDLE), rate(FIRST)), FIRST),
        _beside("last_envoy_cpu", "us", (cpu(LAST), cpu(FIRST)), FIRST, better="lower"),
        limit("one_service_moved", "kB", value=moved, at_most=MOVED_KB_GOAL),
        _alone("one_service_moved", "ms", median(one.moved.seconds * 1e3 for one in changes)),
        _alone("3000_services_told", "s", median(one.all.seconds for one in changes)),
        _alone("3000_services_told", "kB", median(one.all.sent_bytes / 1e3 for one in changes)),
        _alone("envoy_3000_services", "MB", median(one.envoy_bytes / 1e6 for one in changes)),
    ]


def _verbs(times: list[Times]) -> list[Result]:
    second = median(one.second_up for one in times)
    return [
        limit("second_up", "s", value=second, at_most=SECOND_UP_SECONDS_GOAL),
        _alone("first_up", "s", median(one.first_up for one in times)),
        _alone("restart", "s", median(one.restart for one in times)),
        _alone("down", "s", median(one.down for one in times)),
    ]


def _price(gateway: Gateway) -> list[Result]:
    through, straight = (
        _peak(gateway, name, lambda one: one.requests_per_second) for name in (FIRST, STRAIGHT)
    )
    p50, p99 = (
        [_latency(gateway, name, figure) for name in (FIRST, STRAIGHT)] for figure in (0, 1)
    )
    return [
        _beside("through_gateway", "1/s", (through, straight), STRAIGHT),
        _beside("through_gateway_p50", "ms", (p50[0], p50[1]), STRAIGHT, better="lower"),
        _beside("through_gateway_p99", "ms", (p99[0], p99[1]), STRAIGHT, better="lower"),
    ]


def median(values: Iterable[float]) -> float | None:
    """None if nothing was measured."""
    listed = list(values)
    return statistics.median(listed) if listed else None


def _latency(gateway: Gateway, subject: str, figure: int) -> float | None:
    """Of those at 0 and 1: p50 and p99."""
    return rounds.median_latency(
        gateway.latencies, subject, lambda one: (one.p50_ms, one.p99_ms)[figure]
    )


def _peak(gateway: Gateway, subject: str, read: Callable[[Peak], float]) -> float | None:
    return median(read(one) for one in gateway.peaks if one.subject == subject)


def _cores(spreads: list[Spread], replicas: int) -> str:
    chosen = [one.cpu for one in spreads if one.replicas == replicas]
    kinds = sorted({kind for cpu in chosen for kind in cpu})
    shares = {kind: median(cpu.get(kind, 0.0) for cpu in chosen) or 0.0 for kind in kinds}
    return ", ".join(f"{kind} {share:.2f}" for kind, share in shares.items())


def _alone(metric: str, unit: str, value: float | None) -> Result:
    return _beside(metric, unit, (value, None), "none", better="lower")


def _beside(
    metric: str,
    unit: str,
    values: tuple[float | None, float | None],
    peer: str,
    *,
    better: Better = "higher",
    goal: float | None = None,
) -> Result:
    return Result(
        metric=metric,
        unit=unit,
        better=better,
        value=values[0],
        peer=peer,
        peer_value=values[1],
        goal=goal,
    )
