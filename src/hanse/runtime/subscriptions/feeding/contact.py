"""Whether a host can read a feed; one that cannot leaves its partitions to those that can."""

from __future__ import annotations

import asyncio

from hanse.kit.clock import monotonic


class Contact:
    """With the broker, for one feed. There is none before it has answered.

    Args:
        seconds: How long there still is when nothing is read any more, so that a broker that is
            begun anew has no partitions move.

    Attributes:
        found: Set when there is contact and was none.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._until = float("-inf")
        self._held = False
        self.found = asyncio.Event()

    @property
    def there(self) -> bool:
        """Whether there is."""
        return self._held or monotonic() < self._until

    def note(self) -> None:
        """The broker has answered."""
        if not self.there:
            self.found.set()
        self._until = monotonic() + self._seconds

    def hold(self) -> None:
        """A reader begins: it ends by itself when the broker says nothing any more."""
        self.note()
        self._held = True

    def let_go(self) -> None:
        """It has ended, if there was one."""
        if self._held:
            self.note()
            self._held = False
