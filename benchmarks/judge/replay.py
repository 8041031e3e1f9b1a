"""Recorded hosts as canary and twin: what a judge is told of them, second by second."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.judge.recording import TICK_S, nanoseconds
from hanse.fleet.judge.figures import CLIENTS_MAX, Counts, Poll, Sample

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.judge.recording import Recording

CLIENTS = 300
"""Who asks: each request is one's, the first of them ask most."""
Seconds = list[dict[int, int]]
"""By second, how many requests took so long, as powers of a recording."""


class Fault(NamedTuple):
    """What is wrong with one side.

    Attributes:
        errors: Share of requests that fail.
        burst: Share of seconds in which half of the requests fail.
        slower: How many times as long the requests take.
        tail: How many times as long the slowest of twenty take.
        patience_s: How long a request may take; then it has failed.
    """

    errors: float = 0.001
    burst: float = 0.0
    slower: float = 1.0
    tail: float = 1.0
    patience_s: float = 1.0


class Run(NamedTuple):
    """One deployment over a recording.

    Attributes:
        canary: Which of the recorded hosts.
        twin: And which other.
        begin: Second of the recording at which it begins; at 0 both are as young as can be.
        share: Of the requests to both, the canary's.
        wrong: What is wrong with the canary.
        usual: And with the twin.
    """

    canary: int
    twin: int
    begin: int
    share: float = 0.5
    wrong: Fault = Fault()
    usual: Fault = Fault()


def seconds_of(recording: Recording) -> list[Seconds]:
    """What each host did, second by second."""
    found: list[Seconds] = [[{} for _ in range(recording.seconds)] for _ in range(recording.hosts)]
    at = 0
    for tick, number in enumerate(recording.due):
        second = min(int(tick * TICK_S), recording.seconds - 1)
        for _ in range(number):
            took = found[recording.host[at]][second]
            took[recording.took[at]] = took.get(recording.took[at], 0) + 1
            at += 1
    return found


class _Side:
    def __init__(self, name: str, share: float, fault: Fault, tail_from: int, seed: str) -> None:
        self._name, self._share, self._fault, self._tail_from = name, share, fault, tail_from
        self._chance = random.Random(seed)
        self._requests = self._errors = 0
        self._latency: dict[int, int] = {}
        self._failed: dict[str, int] = {}

    def does(self, second: dict[int, int]) -> None:
        """What it did in a second; of it, only its share."""
        chance, fault = self._chance, self._fault
        rate = 0.5 if fault.burst and chance.random() < fault.burst else fault.errors
        failed: set[str] = set()
        for power, came in second.items():
            number = self._thinned(came)
            if not number:
                continue
            slower = fault.slower * (fault.tail if power >= self._tail_from else 1.0)
            bound = round(nanoseconds(power) * slower)
            self._latency[bound] = self._latency.get(bound, 0) + number
            self._requests += number
            late = bound > fault.patience_s * 1e9
            for _ in range(number):
                if late or chance.random() < rate:
                    failed.add(f"user-{int(CLIENTS * chance.random() ** 2)}")
        for client in failed:  # at most one a client and second
            self._errors += 1
            self._failed[client] = self._failed.get(client, 0) + 1

    def _thinned(self, came: int) -> int:
        if self._share >= 1:
            return came
        return sum(self._chance.random() < self._share for _ in range(came))

    def sample(self, age: float) -> Sample:
        named = sorted(self._failed.items(), key=lambda one: -one[1])[:CLIENTS_MAX]
        return Sample(
            born=self._name,
            age_s=age,
            counts=Counts(
                requests=self._requests,
                errors=self._errors,
                latency=tuple(sorted(self._latency.items())),
            ),
            clients={name: Counts(requests=errors, errors=errors) for name, errors in named},
        )


def polls(seconds: list[Seconds], run: Run, seed: str) -> Iterator[Poll]:
    """One before the first second and one after each, to the end of the recording."""
    twin_part = min(1.0, (1 - run.share) / run.share)
    canary_part = min(1.0, run.share / (1 - run.share))
    tail = _tail_of(seconds[run.canary])
    canary = _Side("new", canary_part, run.wrong, tail, f"{seed} canary")
    twin = _Side("old", twin_part, run.usual, tail, f"{seed} twin")
    for second in range(run.begin, len(seconds[0]) + 1):
        if second > run.begin:
            canary.does(seconds[run.canary][second - 1])
            twin.does(seconds[run.twin][second - 1])
        age = float(second)
        yield Poll(
            at=age,
            stage="pair",
            canaries=("canary",),
            twins=("twin",),
            samples={"canary": canary.sample(age), "twin": twin.sample(age)},
            share=run.share,
        )


def _tail_of(seconds: Seconds) -> int:
    """Power from which on are the slowest of twenty requests."""
    sums: dict[int, int] = {}
    for second in seconds:
        for power, number in second.items():
            sums[power] = sums.get(power, 0) + number
    rest = 0.05 * sum(sums.values())
    for power in sorted(sums, reverse=True):
        rest -= sums[power]
        if rest <= 0:
            return power
    return 0
