"""Who drew what, and whether it went well for them: once a principal, for whoever judges."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from contextvars import ContextVar
from hashlib import blake2b
from typing import TYPE_CHECKING

import msgspec

from hanse.kit.clock import monotonic
from hanse.runtime.errors import HanseError
from hanse.runtime.figures.figures import Drawing, Unlucky

if TYPE_CHECKING:
    from collections.abc import Callable

    from hanse.runtime.call.context import Call
    from hanse.runtime.flags.trials.trial import Trial

WATCH_SECONDS = 60.0
"""How long after a draw a call that fails speaks against it."""

UNITS_MAX = 50_000
"""Principals told apart for each flag; who came first is forgotten first, and counts again."""

FAILURES_MAX = 512
"""Failures that are told; of more, the newest."""

FAULT_STATUS = 500

known_as: ContextVar[str] = ContextVar("hanse_flag_key", default="")
"""What the running call knows its visitor by."""


class Seen(msgspec.Struct, eq=False):
    """One principal and one flag.

    Attributes:
        unit: Who.
        variant: What they drew.
        until: `monotonic()` at which they are counted.
        failed: Whether a call of theirs failed since.
    """

    unit: tuple[str, str]
    variant: str
    until: float
    failed: bool = False


class Tried(msgspec.Struct, eq=False):
    """What is counted as long as shares of a flag are tried by one deployment.

    Attributes:
        deployment: Which; empty for none.
        trial: Its step.
        watch_seconds: How long after a draw a call that fails speaks against it.
        drew: How many drew in this step.
        watched: By what they drew: those who were watched to the end, in all steps.
        number: How many failures there were.
        failures: The newest of them.
        unlucky: Who had one: whoever fails always is one failure, however many steps there are.
    """

    deployment: str = ""
    trial: str = ""
    watch_seconds: float = WATCH_SECONDS
    drew: int = 0
    watched: dict[str, int] = {}
    number: int = 0
    failures: deque[Unlucky] = msgspec.field(default_factory=lambda: deque(maxlen=FAILURES_MAX))
    unlucky: set[str] = set()

    def count(self, seen: Seen) -> None:
        """Counts somebody who was watched to the end."""
        self.watched[seen.variant] = self.watched.get(seen.variant, 0) + 1
        if not seen.failed:
            return
        who = digest_of(seen.unit)
        if who in self.unlucky or len(self.unlucky) >= UNITS_MAX:
            return
        self.unlucky.add(who)
        self.number += 1
        self.failures.append((self.number, seen.variant, who))


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
        self._tried = Tried()
        self.seen: dict[tuple[str, str], Seen] = {}
        self.counts: dict[str, tuple[int, int]] = {}

    def drew(self, unit: tuple[str, str], variant: str) -> None:
        """Begins to watch somebody; they are not seen yet."""
        if len(self.seen) >= UNITS_MAX:
            with suppress(RuntimeError):  # threads draw too
                self.seen.pop(next(iter(self.seen)), None)
        until = self._now() + self._tried.watch_seconds
        seen = self.seen[unit] = Seen(unit, variant, until)
        self._open.append(seen)
        self._tried.drew += 1

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
            if self._tried.trial:
                self._tried.count(seen)

    def anew(self) -> None:
        """Begins with nobody: another round was drawn."""
        self.seen.clear()

    def begin(self, trial: Trial | None) -> None:
        """Begins to count what is tried, or ends it: who drew before that is of no comparison.

        Args:
            trial: Another step or deployment; None for none.
        """
        self._open.clear()
        self.anew()
        if trial is None:  # the same one may go on where it was
            self._tried.trial, self._tried.drew = "", 0
            self._tried.watch_seconds = WATCH_SECONDS
            return
        if trial.deployment != self._tried.deployment:
            self._tried = Tried(trial.deployment)
        self._tried.trial, self._tried.drew = trial.name, 0
        self._tried.watch_seconds = trial.watch_seconds

    def drawing(self) -> Drawing:
        """What is told of it."""
        self.close()
        now = self._tried
        return Drawing(
            trial=now.trial,
            drew=now.drew,
            watched=dict(now.watched),
            failures=tuple(now.failures),
        )


def digest_of(unit: tuple[str, str]) -> str:
    """Tells principals apart for whoever need not know who they are."""
    return blake2b("\0".join(unit).encode(), digest_size=8).hexdigest()


def is_fault(error: BaseException, call: Call) -> bool:
    """Whether a call that ended so speaks against what runs."""
    if isinstance(error, HanseError):
        return error.status >= FAULT_STATUS
    if isinstance(error, asyncio.CancelledError):
        return call.expired
    return isinstance(error, Exception)
