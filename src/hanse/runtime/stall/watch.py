"""Finds code that blocks the event loop, and names it with its stack."""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from typing import TYPE_CHECKING

from hanse.kit.clock import monotonic

if TYPE_CHECKING:
    import asyncio
    from types import FrameType

    from hanse.runtime.telemetry.metrics import Metrics

log = logging.getLogger("hanse.stall")

BEAT_SECONDS = 0.05
STALL_SECONDS = 0.2
FRAMES_SHOWN = 12


class StallWatch:
    """Looks from a thread of its own whether the loop still beats.

    The first look that finds a beat overdue takes the loop thread's stack: that is the code that
    blocks. It is reported once a stall; how long it lasted is said when it is over.
    """

    def __init__(self, metrics: Metrics, stall_seconds: float = STALL_SECONDS) -> None:
        self._stalls = metrics.counter(
            "hanse_loop_stalls_total", "Times the event loop was blocked."
        )
        self._limit = stall_seconds
        self._beat_at = monotonic()
        self._reported = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._thread_id = 0
        self._stop = threading.Event()

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begins to watch the loop of the calling thread."""
        self._loop = loop
        self._thread_id = threading.get_ident()
        self._beat()
        threading.Thread(target=self._watch, name="hanse-stall-watch", daemon=True).start()

    def stop(self) -> None:
        self._stop.set()
        if self._timer is not None:
            self._timer.cancel()

    def _beat(self) -> None:
        now = monotonic()
        if self._reported:
            log.warning("The event loop runs again after %.1f s.", now - self._beat_at)
            self._reported = False
        self._beat_at = now
        if self._loop is not None:
            self._timer = self._loop.call_later(BEAT_SECONDS, self._beat)

    def _watch(self) -> None:
        while not self._stop.wait(BEAT_SECONDS):
            if not self._reported and monotonic() - self._beat_at > self._limit + BEAT_SECONDS:
                # The documented way to see another thread's stack.
                frames = sys._current_frames()  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
                self._report(frames.get(self._thread_id))

    def _report(self, frame: FrameType | None) -> None:
        self._reported = True
        self._stalls.add()
        stack = traceback.format_stack(frame)[-FRAMES_SHOWN:] if frame else []
        log.warning(
            "%s blocks the event loop; make the method a plain def, or offload() the work.\n%s",
            _culprit(frame),
            "".join(stack),
        )


def _culprit(frame: FrameType | None) -> str:
    """The innermost method of a service on the stack; else the innermost function."""
    innermost = frame.f_code.co_qualname if frame else "Something"
    while frame is not None:
        owner: object = frame.f_locals.get("self")
        if hasattr(owner, "__contract__"):
            return f"{owner.__class__.__name__}.{frame.f_code.co_name}"
        frame = frame.f_back
    return innermost
