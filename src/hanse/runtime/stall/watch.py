"""Finds code that blocks the event loop, names it with its stack, and counts for how long."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from hanse.kit.clock import monotonic
from hanse.runtime.stall.culprit import culprit_of
from hanse.runtime.stall.stall_report import StallFile, StallReport
from hanse.runtime.sweep import SWEEP_SECONDS

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterable
    from pathlib import Path

    from hanse.runtime.instruments import Instruments
    from hanse.runtime.stall.culprit import Culprit
    from hanse.runtime.telemetry.metrics import Metrics

log = logging.getLogger("hanse.stall")

BEAT_SECONDS = 0.05
"""Between two beats while calls run, and between two looks at a loop that is blocked."""

STALL_SECONDS = 0.2
LEAST_SECONDS = 0.001
REST_LOOKS = 2
"""Looks of the host in a row that find no call; then its looks alone are the beats."""


class StallWatch:
    """Looks from a thread of its own whether the loop still beats.

    Each time it is woken costs a tenth of a millisecond, so a host that has nothing to do beats no
    more often than it looks around anyhow; with the first call it beats fast again. The thread
    sleeps until a beat would be overdue.

    While a beat is overdue, each look takes the loop thread's stack: that is the code that blocks.
    It is reported once a stall; for how long, is counted for the service that was seen, and told
    in a file meanwhile, because a host that is blocked answers nobody.

    Args:
        instruments: Where stalls are counted by service, and who knows whether calls run.
        services: Full names of the contracts that are served here; without any, nobody is named.
        file: Says the same to a supervisor, see `StallReport`; None for no file.
        stall_seconds: From when on a beat that is overdue is a stall.
    """

    def __init__(
        self,
        instruments: Instruments,
        services: Iterable[str] = (),
        file: Path | None = None,
        stall_seconds: float = STALL_SECONDS,
    ) -> None:
        # Made here, for the watching thread must not add to what the loop's may be reading.
        self._counts = {
            service: _Counts(instruments.metrics, service) for service in ("", *services)
        }
        self._file = StallFile(file)
        self._deadlines = instruments.deadlines
        self._stall_seconds = stall_seconds
        self._pace, self._beat_at = BEAT_SECONDS, monotonic()
        self._calm = 0
        self._longest: dict[str, float] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._thread_id = 0
        self._stopped = False
        self._woken = threading.Event()
        # The stall under way, which only the watching thread knows: the beat it began with, who
        # was seen last, since when without another, and until when.
        self._begun_at: float | None = None
        self._service = ""
        self._since = self._until = 0.0

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begins to watch the loop of the calling thread."""
        if len(self._counts) == 1:
            return
        self._loop = loop
        self._thread_id = threading.get_ident()
        self._file.write(StallReport())
        self._beat()
        threading.Thread(target=self._watch, name="hanse-stall-watch", daemon=True).start()

    def stop(self) -> None:
        self._stopped = True
        self._deadlines.on_call = None
        self._woken.set()
        if self._timer is not None:
            self._timer.cancel()

    def look(self) -> None:
        """Beats as well; called every `SWEEP_SECONDS` from when the host has begun."""
        self._beat_at = monotonic()
        deadlines = self._deadlines
        called = deadlines.on_call is None or deadlines.calls
        self._calm = 0 if called else self._calm + 1
        if self._timer is not None and self._calm >= REST_LOOKS:
            self._timer.cancel()
            self._timer, self._pace = None, SWEEP_SECONDS
        deadlines.on_call = self._hurry

    def _hurry(self) -> None:
        """A call begins, while none ran."""
        if self._timer is None:
            self._beat()
            self._pace = BEAT_SECONDS
            self._woken.set()

    def _beat(self) -> None:
        self._beat_at = monotonic()
        if self._loop is not None:
            self._timer = self._loop.call_later(BEAT_SECONDS, self._beat)

    def _watch(self) -> None:
        while not self._stopped:
            self._woken.wait(self._patience())
            self._woken.clear()
            beat_at, now = self._beat_at, monotonic()
            if self._begun_at is not None and self._begun_at != beat_at:
                self._over(beat_at)
            if now - beat_at > self._pace + self._stall_seconds:
                self._blocked(beat_at, now, culprit_of(self._thread_id, self._counts))
        if self._begun_at is not None:
            self._over(monotonic())

    def _patience(self) -> float:
        """Seconds until there may be something to see."""
        if self._begun_at is not None:
            return BEAT_SECONDS
        overdue = self._beat_at + self._pace + self._stall_seconds
        return max(LEAST_SECONDS, overdue - monotonic())

    def _blocked(self, beat_at: float, now: float, culprit: Culprit) -> None:
        """The loop has not run since `beat_at`; what it is at belongs to a service, or nobody."""
        if self._begun_at is None:
            self._begun_at = self._since = self._until = beat_at
            self._service = culprit.service
            self._report(culprit)
        elif self._service != culprit.service:
            self._settle()
            self._service, self._since = culprit.service, self._until
        self._until = now
        self._tell(self._service, now - self._since)

    def _over(self, at: float) -> None:
        """The loop runs again, since the beat at about `at`."""
        began = self._begun_at
        assert began is not None
        self._until = max(self._until, at)
        self._settle()
        self._begun_at = None
        self._file.write(StallReport(longest=self._longest))
        log.warning("The event loop runs again after %.1f s.", at - began)

    def _settle(self) -> None:
        """Counts the time of who was seen last."""
        seconds = self._until - self._since
        self._longest[self._service] = max(self._longest.get(self._service, 0.0), seconds)
        self._counts[self._service].seconds.add(seconds)

    def _tell(self, service: str, seconds: float) -> None:
        longest = {**self._longest, service: max(self._longest.get(service, 0.0), seconds)}
        self._file.write(StallReport(service, seconds, longest))

    def _report(self, culprit: Culprit) -> None:
        self._counts[culprit.service].stalls.add()
        log.warning(
            "%s blocks the event loop; make the method a plain def, or offload() the work.\n%s",
            culprit.text,
            culprit.stack(),
        )


class _Counts:
    """What one service did to the loop; the empty name stands for code that is nobody's."""

    def __init__(self, metrics: Metrics, service: str) -> None:
        self.stalls = metrics.counter(
            "hanse_loop_stalls_total", "Times the event loop was blocked.", service=service
        )
        self.seconds = metrics.counter(
            "hanse_loop_blocked_seconds_total",
            "For how long the event loop was blocked.",
            service=service,
        )
