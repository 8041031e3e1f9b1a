"""Finds code that blocks the event loop, names it with its stack, and counts for how long."""

from __future__ import annotations

import logging
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from hanse.kit.clock import monotonic
from hanse.runtime.call.deadline import SECOND_NS
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

STALL_SECONDS = 0.2

ANSWER_SECONDS = 0.05
"""For a loop that is asked whether it runs, and between two looks at one that is blocked."""


class StallWatch:
    """Looks from a thread of its own whether the loop still runs.

    Each time it is woken costs a loop a tenth of a millisecond, so it is left alone: that a call
    began, or that the host looked around, shows that it ran. Where neither has been for a while
    though calls are under way, or a look is overdue, it is asked.

    While it does not answer, each look takes the loop thread's stack: that is the code that blocks.
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
        self._loop: asyncio.AbstractEventLoop | None = None
        self._looked_at = self._answered_at = monotonic()
        self._answered = threading.Event()
        self._longest: dict[str, float] = {}
        self._thread_id = 0
        self._stopped = threading.Event()
        # The stall under way, which only the watching thread knows: when the loop ran last, who
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
        self.look()
        threading.Thread(target=self._watch, name="hanse-stall-watch", daemon=True).start()

    def stop(self) -> None:
        self._stopped.set()

    def look(self) -> None:
        """Called every `SWEEP_SECONDS` from when the host has begun."""
        self._looked_at = monotonic()

    def _watch(self) -> None:
        while not self._stopped.wait(self._patience()):
            if self._begun_at is None and not self._is_suspect():
                continue
            ran_at = self._ran_at()
            if not self._answers():
                self._blocked(ran_at, monotonic(), culprit_of(self._thread_id, self._counts))
            elif self._begun_at is not None:
                self._over(self._answered_at)
        if self._begun_at is not None:
            self._over(monotonic())

    def _patience(self) -> float:
        """Seconds until there may be something to see."""
        if self._begun_at is not None:
            return 0.0
        left = self._stall_seconds - (monotonic() - self._ran_at())
        return left if left > 0 and self._deadlines.calls else SWEEP_SECONDS

    def _ran_at(self) -> float:
        """When the loop ran last, as far as is known without asking it."""
        return max(self._looked_at, self._answered_at, self._deadlines.begun_ns / SECOND_NS)

    def _is_suspect(self) -> bool:
        """Whether the loop may be blocked: nothing else tells that from waiting."""
        quiet = monotonic() - self._ran_at()
        calls = self._deadlines.calls
        return quiet >= (self._stall_seconds if calls else self._stall_seconds + SWEEP_SECONDS)

    def _answers(self) -> bool:
        """Whether the loop runs; asked once a stall."""
        assert self._loop is not None, "it has begun"
        if self._begun_at is None:
            self._answered.clear()
            with suppress(RuntimeError):  # closed meanwhile: then everything has ended
                self._loop.call_soon_threadsafe(self._answer)
        return self._answered.wait(ANSWER_SECONDS)

    def _answer(self) -> None:
        self._answered_at = monotonic()
        self._answered.set()

    def _blocked(self, ran_at: float, now: float, culprit: Culprit) -> None:
        """The loop has not run since `ran_at`; what it is at belongs to a service, or nobody."""
        if self._begun_at is None:
            self._begun_at = self._since = self._until = ran_at
            self._service = culprit.service
            self._report(culprit)
        elif self._service != culprit.service:
            self._settle()
            self._service, self._since = culprit.service, self._until
        self._until = now
        self._tell(self._service, now - self._since)

    def _over(self, at: float) -> None:
        """The loop runs again, since `at`."""
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
