"""The benchmark `flags`: how long reading one takes, beside OpenFeature's in-memory provider."""

from __future__ import annotations

import gc
import statistics
import time
from typing import TYPE_CHECKING, Any

import msgspec

from benchmarks.environment import say
from benchmarks.flags.cases import Case, as_call, cases
from benchmarks.report import Measured
from benchmarks.result import Result, limit
from hanse.runtime.call.context import running

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.rounds import Timing
    from hanse.runtime.call.context import Call, Origin

PEER = "OpenFeature in memory"
GOAL_US = 2.0
PASSES = 10
METHOD = """\
What is timed is reading one flag as a service does, `self._flags.share`, in the call of one of
4,096 principals in turn, each with an id and a permission; an empty read is taken off. *plain*:
nobody ruled; *value*: one for all; *share*: half of all by lot, by principal; *rules*: two rules
that are for others, then lots for who holds a permission; *sticky*: what was drawn before;
*share_first*: the first read of each, whose lot is computed, and who is watched from then on. All
others are known. The peer is OpenFeature's client with the in-memory provider of its SDK, which has
no lots and no rules: *value* is a flag with one variant, *rules* one that asks a function of ours
whether the context's site is the right one, and that context is made for each read. Best of ten
passes a round without the garbage collector, medians of the rounds; the machine did other work.
"""


class Read(msgspec.Struct, frozen=True):
    """One round.

    Attributes:
        who: Hanse or the peer.
        case: What was read.
        us: Microseconds a read.
    """

    who: str
    case: str
    us: float


def measure(timing: Timing) -> Measured:
    """Run the whole benchmark."""
    found = cases()
    calls = [as_call(origin) for origin in found[0].who]
    done: list[Read] = []
    for at in range(timing.rounds):
        say(f"round {at + 1} of {timing.rounds}")
        nothing = _seconds(calls, lambda _: False)
        for case in found:
            for who, read in (("hanse", case.read), (PEER, case.peer)):
                if read is not None:
                    took = (_seconds(calls, read, case.before) - nothing) / len(calls)
                    done.append(Read(who, case.name, took * 1e6))
    return Measured("flags", METHOD.rstrip(), results(found, done), done)


def results(found: list[Case], done: list[Read]) -> list[Result]:
    """What is published: each read against its bound, and beside the peer where it has it."""
    lines = [
        limit(f"read_{case.name}", "us", value=_median(done, "hanse", case.name), at_most=GOAL_US)
        for case in found
    ]
    beside = [
        Result(
            metric=f"read_{case.name}", unit="us", better="lower", goal=1.0, peer=PEER,
            value=_median(done, "hanse", case.name), peer_value=_median(done, PEER, case.name),
        )
        for case in found
        if case.peer is not None
    ]  # fmt: skip
    return [*lines, *beside]


def _seconds(
    calls: list[Call], read: Callable[[Origin], Any], before: Callable[[], object] = tuple
) -> float:
    """The quickest of some passes over all who ask."""
    gc.disable()
    try:
        return min(_pass(calls, read, before) for _ in range(PASSES))
    finally:
        gc.enable()


def _pass(calls: list[Call], read: Callable[[Origin], Any], prepare: Callable[[], object]) -> float:
    prepare()
    before = running.get()
    begun = time.perf_counter()
    for call in calls:
        running.set(call)
        read(call.origin)
    took = time.perf_counter() - begun
    running.set(before)
    return took


def _median(done: list[Read], who: str, case: str) -> float | None:
    some = [one.us for one in done if (one.who, one.case) == (who, case)]
    return statistics.median(some) if some else None
