"""Who drew what, and whether it went well for them: once a principal, for whoever judges."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING

import msgspec

from hanse.kit.clock import monotonic
from hanse.runtime.errors import HanseError

if TYPE_CHECKING:
    from collections.abc import Callable

    from hanse.runtime.call.context import Call
    from hanse.runtime.telemetry.metrics import Metrics

WATCH_SECONDS = 60.0
"""How long after a draw a call that fails speaks against it."""

UNITS_MAX = 50_000
"""Principals told apart for each flag; who came first is forgotten first, and counts again."""

FAULT_STATUS = 500

TOTAL = "hanse_flag_principals_total"

known_as: ContextVar[str] = ContextVar("hanse_flag_key", default="")
"""What the running call knows its visitor by."""


class Seen(msgspec.Struct, eq=False):
    """One principal and one flag.

    Attributes:
        variant: What they drew.
        until: `monotonic()` at which they are counted.
        failed: Whether a call of theirs failed since.
    """

    variant: str
    until: float
    failed: bool = False


class Principals:
    """Those who drew of one flag.

    Attributes:
        counts: By variant: how many were watched to the end, and for how many of them a call
            failed by a fault of ours.
        seen: By unit.
    """

    def __init__(self, now: Callable[[], float] = monotonic) -> None:
        self._now = now
        self._open = deque[Seen]()
        self.seen: dict[tuple[str, str], Seen] = {}
        self.counts: dict[str, tuple[int, int]] = {}

    def drew(self, unit: tuple[str, str], variant: str) -> None:
        """Begins to watch somebody; they are not seen yet."""
        if len(self.seen) >= UNITS_MAX:
            with suppress(RuntimeError):  # threads draw too
                self.seen.pop(next(iter(self.seen)), None)
        seen = self.seen[unit] = Seen(variant, self._now() + WATCH_SECONDS)
        self._open.append(seen)

    def failed(self, unit: tuple[str, str]) -> None:
        """A call of somebody failed by a fault of ours; who is counted already has passed."""
        seen = self.seen.get(unit)
        if seen is not None and self._now() < seen.until:
            seen.failed = True

    def close(self) -> None:
        """Counts whose time is over."""
        now = self._now()
        while self._open and self._open[0].until <= now:
            seen = self._open.popleft()
            all_, failed = self.counts.get(seen.variant, (0, 0))
            self.counts[seen.variant] = (all_ + 1, failed + seen.failed)

    def anew(self) -> None:
        """Begins with nobody: another round was drawn."""
        self.seen.clear()


def is_fault(error: BaseException, call: Call) -> bool:
    """Whether a call that ended so speaks against what runs."""
    if isinstance(error, HanseError):
        return error.status >= FAULT_STATUS
    if isinstance(error, asyncio.CancelledError):
        return call.expired
    return isinstance(error, Exception)


def publish(metrics: Metrics, name: str, principals: Principals) -> None:
    """Has operators and judges see the counts of a flag."""
    for variant, (all_, failed) in principals.counts.items():
        for outcome, number in (("ok", all_ - failed), ("failed", failed)):
            counter = metrics.counter(
                TOTAL,
                "Principals by what they drew, watched for a minute each.",
                flag=name,
                variant=variant,
                outcome=outcome,
            )
            counter.add(number - counter.value)
