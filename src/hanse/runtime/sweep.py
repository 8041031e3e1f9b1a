"""The one timer of a host, in which it looks at everything that could be late."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from hanse.kit.clock import monotonic

if TYPE_CHECKING:
    from collections.abc import Callable

SWEEP_SECONDS = 0.25


class Sweep:
    """Calls `look` with the time, four times a second, from `start` until `stop`."""

    def __init__(self, look: Callable[[float], None]) -> None:
        self._look = look
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Looks, and has itself called again."""
        # First of all: whatever goes wrong in one look, there is another.
        self._timer = asyncio.get_running_loop().call_later(SWEEP_SECONDS, self.start)
        self._look(monotonic())

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
