"""Deployments replayed over recorded hosts: alike ones, and some with a fault."""

from __future__ import annotations

import itertools
import random
import statistics
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from benchmarks.judge.recording import all_of_them
from benchmarks.judge.replay import Fault, Run, polls, seconds_of
from hanse.fleet.judge.judge import Judge
from hanse.fleet.judge.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.judge.replay import Seconds

NONE = "none"
SHARES = (0.5, 0.5, 0.25, 0.1)
LATEST = 0.6
"""Part of a recording after which no deployment begins."""
FAULTS = {
    "errors 0.1 to 1 %": Fault(errors=0.01),
    "errors 0.1 to 5 %": Fault(errors=0.05),
    "all fail": Fault(errors=1.0),
    "twice as slow": Fault(slower=2.0),
    "1.5 times as slow": Fault(slower=1.5),
    "slowest of 20: 1.5 times": Fault(tail=1.5),
    "slowest of 20: 3 times": Fault(tail=3.0),
}


class Outcome(msgspec.Struct, frozen=True, tag="outcome"):
    """What became of one deployment.

    Attributes:
        load: Of the recording.
        fault: What was wrong with the canary.
        share: Of the requests, the canary's.
        good_after_s: When it was first called good; None if it never was.
        bad_after_s: When it was called bad.
        by: What convicted it most.
        requests: Of both by then, or to the end.
        harm: Errors of the canary by then.
    """

    load: str
    fault: str
    share: float
    good_after_s: float | None
    bad_after_s: float | None
    by: str
    requests: int
    harm: int


class Tally(msgspec.Struct, frozen=True, tag="replayed"):
    """What became of all that were alike: how many, and for those called bad when, by what.

    Attributes:
        bad_after_s: Seconds until each of them was, in order.
        by: What convicted them most.
        good: How many were called good first.
        requests: Of both by then, or to the end, in the median.
    """

    load: str
    fault: str
    share: float
    runs: int
    bad_after_s: list[float]
    by: list[str]
    good: int
    requests: float


class Recorded(NamedTuple):
    """A recording, second by second."""

    load: str
    seconds: list[Seconds]


def recorded() -> list[Recorded]:
    """All that are committed."""
    return [Recorded(one.load, seconds_of(one)) for one in all_of_them()]


def alike(recordings: list[Recorded], runs: int) -> Iterator[Outcome]:
    """Deployments of the release that runs, looked at to the end whatever was said before."""
    chance = random.Random("alike")
    for number, recording in zip(range(runs), itertools.cycle(recordings), strict=False):
        run = _drawn(recording, chance, chance.choice(SHARES), Fault())
        yield outcome(recording, run, NONE, f"alike {number}")


def faulty(recordings: list[Recorded], runs: int) -> Iterator[Outcome]:
    """Deployments with a fault, by turns, until they are decided."""
    chance = random.Random("faulty")
    turns = itertools.cycle(itertools.product(FAULTS, recordings))
    for number, (fault, recording) in zip(range(runs), turns, strict=False):
        run = _drawn(recording, chance, 0.5, FAULTS[fault])
        yield outcome(recording, run, fault, f"faulty {number}")


def outcome(recording: Recorded, run: Run, fault: str, seed: str) -> Outcome:
    """One deployment: a judge of its own, and each second a look."""
    judge = Judge(Plan())
    good = bad = None
    looks = polls(recording.seconds, run, seed)
    verdict = judge.look(next(looks))
    for poll in looks:
        verdict = judge.look(poll)
        if verdict.state == "good" and good is None:
            good = poll.at - run.begin
        if verdict.state == "bad":
            bad = poll.at - run.begin
        if bad is not None or (good is not None and fault != NONE):
            break
    worst = max(verdict.metrics, key=lambda metric: metric.evidence)
    return Outcome(
        load=recording.load,
        fault=fault,
        share=run.share,
        good_after_s=good,
        bad_after_s=bad,
        by=worst.name if bad is not None else "",
        requests=verdict.canary_requests + verdict.twin_requests,
        harm=verdict.metrics[0].hits,
    )


def tallies(outcomes: list[Outcome]) -> list[Tally]:
    """Those of a load, fault and share as one."""
    kinds: dict[tuple[str, str, float], list[Outcome]] = {}
    for one in outcomes:
        kinds.setdefault((one.load, one.fault, one.share), []).append(one)
    return [_tally(kind, found) for kind, found in kinds.items()]


def _tally(kind: tuple[str, str, float], found: list[Outcome]) -> Tally:
    bad = [one for one in found if one.bad_after_s is not None]
    good = [one for one in found if one.bad_after_s is None and one.good_after_s is not None]
    return Tally(
        *kind,
        runs=len(found),
        bad_after_s=sorted(one.bad_after_s for one in bad if one.bad_after_s is not None),
        by=sorted({one.by for one in bad}),
        good=len(good),
        requests=statistics.median(one.requests for one in found),
    )


def median_of(values: list[float]) -> float | None:
    """Of what there is."""
    return statistics.median(values) if values else None


def _drawn(recording: Recorded, chance: random.Random, share: float, fault: Fault) -> Run:
    canary, twin = chance.sample(range(len(recording.seconds)), 2)
    latest = int(LATEST * len(recording.seconds[0]))
    begin = chance.choice((0, chance.randrange(latest)))  # half of them from the first second
    return Run(canary, twin, begin, share, fault)
