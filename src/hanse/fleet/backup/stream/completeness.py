"""Until when everything lies in the place of the backups, from looks at how far the log is."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class Completeness:
    """Follows one database.

    Attributes:
        position: Up to which its log lies there.
        behind: Bytes of the log that did not at the last look.
        log: Until when what was acknowledged lies there, as far as the log is concerned.
    """

    def __init__(self) -> None:
        self.position = 0
        self.behind = 0
        self.log: datetime | None = None
        self._waits: tuple[datetime, int] | None = None

    def note(self, looked: datetime, written: int, kept: int) -> None:
        """Notes a look.

        Args:
            looked: A moment before the database was asked.
            written: Up to where it had written then.
            kept: Up to where that lies in the place now.
        """
        self.position = max(self.position, kept)
        self.behind = max(0, written - kept)
        if self._waits is not None and self.position >= self._waits[1]:
            self.log, self._waits = self._waits[0], None
        if self.position >= written:
            self.log = looked
        elif self._waits is None:
            self._waits = (looked, written)
