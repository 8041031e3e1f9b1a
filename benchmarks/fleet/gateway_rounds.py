"""The gateway under load: by service and beside the host itself, and what changes of it cost."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import time

import msgspec

from benchmarks import machine, open_loop, rounds
from benchmarks.environment import say
from benchmarks.fleet.steered import FIRST, LAST, MIDDLE, Steered, Told, listens, open_gateway
from benchmarks.fleet.work import get
from benchmarks.load import Load, run_wrk
from benchmarks.server import START_SECONDS_MAX, ServerError

SERVICES = 3000
CONNECTIONS = 32
NUMBERS = 100
STRAIGHT = "straight"
SUBJECTS = (FIRST, MIDDLE, LAST, STRAIGHT)
RATE_SHARE = 0.5


class Change(msgspec.Struct, frozen=True, tag="change"):
    """What it cost to tell a fresh Envoy of all services, and then to move one."""

    services: int
    all: Told
    moved: Told
    envoy_bytes: int


class Peak(msgspec.Struct, frozen=True, tag="peak"):
    """One closed loop over one service through the gateway, or straight at its host.

    Attributes:
        envoy_cpu_us: Of Envoy for one request.
        host_cpu_us: Of the host for one request.
    """

    subject: str
    requests_per_second: float
    envoy_cpu_us: float
    host_cpu_us: float
    stolen: float


class Gateway(msgspec.Struct, frozen=True):
    """All that was measured of it."""

    changes: list[Change]
    peaks: list[Peak]
    latencies: list[rounds.LatencyRound]


async def measure_gateway(timing: rounds.Timing, services: int = SERVICES) -> Gateway:
    """A fresh Envoy for each round, in it each subject once, then both at one equal rate.

    Raises:
        LoadError: An answer was wrong.
        ServerError: A process did not start.
    """
    found = Gateway([], [], [])
    for turn in range(timing.rounds):
        async with open_gateway(services) as steered:
            found.changes.append(await _changed(steered, services))
            await asyncio.to_thread(_loaded, steered, timing, found)
        say(f"  gateway, round {turn + 1}/{timing.rounds}: {_words(found)}")
    return found


async def _changed(steered: Steered, services: int) -> Change:
    everything = await steered.tell_all()
    await asyncio.to_thread(_wait_for_listener, steered.port)
    moved = await steered.move_last()
    return Change(services, everything, moved, steered.envoy_bytes)


def _loaded(steered: Steered, timing: rounds.Timing, found: Gateway) -> None:
    for subject in SUBJECTS:
        # A connection to the host for each of a hundred in flight is made once.
        _drive(steered, subject, timing.warm_up / 2)
        found.peaks.append(_peak(steered, subject, timing.seconds / 2))
    slowest = min(
        one.requests_per_second for one in found.peaks[: len(SUBJECTS)]
    )  # the first round's: one rate for all
    for subject in (FIRST, STRAIGHT):
        plan = _plan(steered, subject, slowest * RATE_SHARE, timing.seconds / 2)
        one_round = rounds.Timing(rounds=1, seconds=0, warm_up=0, calibration=0)
        already = contextlib.nullcontext(plan.port)  # what runs needs no start
        found.latencies.extend(
            rounds.measure_latency([subject], lambda _, it=already: it, plan, one_round)
        )


def _peak(steered: Steered, subject: str, seconds: float) -> Peak:
    before, stolen = steered.cpu_seconds(), machine.stolen_seconds()
    requests, taken = _drive(steered, subject, seconds)
    envoy, host = (
        (after - was) / requests * 1e6
        for after, was in zip(steered.cpu_seconds(), before, strict=True)
    )
    stolen = (machine.stolen_seconds() - stolen) / taken / 2
    return Peak(subject, requests / taken, envoy, host, stolen)


def _drive(steered: Steered, subject: str, seconds: float) -> tuple[int, float]:
    port, sent = _where(steered, subject), load(subject)
    report = run_wrk(sent, port=port, connections=CONNECTIONS, seconds=seconds)
    return report.requests, report.seconds


def _where(steered: Steered, subject: str) -> int:
    return steered.host_port if subject == STRAIGHT else steered.port


def load(subject: str) -> Load:
    """Requests for one service; straight at the host the first one is meant."""
    segment = FIRST if subject == STRAIGHT else subject
    return Load(
        requests=[get(f"/{segment}/v1/numbers/{number}") for number in range(NUMBERS)],
        answers=[str(number).encode() for number in range(NUMBERS)],
    )


def _plan(steered: Steered, subject: str, rate: float, seconds: float) -> open_loop.Plan:
    sent = load(subject)
    return open_loop.Plan(
        port=_where(steered, subject),
        rate=rate,
        seconds=seconds,
        connections=CONNECTIONS,
        requests=[base64.b64encode(one).decode() for one in sent.requests],
        answers=[base64.b64encode(one).decode() for one in sent.answers],
    )


def _wait_for_listener(port: int) -> None:
    """Workers begin to accept a moment after all is taken."""
    until = time.monotonic() + START_SECONDS_MAX
    while not listens(port):
        if time.monotonic() > until:
            raise ServerError("The gateway took its services but does not listen.")
        time.sleep(0.01)


def _words(found: Gateway) -> str:
    peaks = ", ".join(
        f"{one.subject} {one.requests_per_second:,.0f}/s" for one in found.peaks[-len(SUBJECTS) :]
    )
    change = found.changes[-1]
    return (
        f"{peaks}; all told in {change.all.seconds:.2f} s, one moved with "
        f"{change.moved.sent_bytes} bytes, Envoy {change.envoy_bytes / 1e6:.0f} MB"
    )
