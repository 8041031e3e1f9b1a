"""When the feeds of a host do what each does again and again: at once, to be one statement."""

from __future__ import annotations

from hanse.kit.clock import monotonic


class Beat:
    """The same moments for all who wait for them.

    Args:
        seconds: They are apart.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._began = monotonic()

    def next(self) -> float:
        """The next one, by the clock that never jumps."""
        passed = (monotonic() - self._began) // self._seconds
        return self._began + (passed + 1) * self._seconds
