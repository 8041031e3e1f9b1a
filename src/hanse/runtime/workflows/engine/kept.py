"""What an instance did, in the memory of its host."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.runtime.workflows.journal.bounds import (
    JOURNAL_BYTES_MAX,
    PLACES_MAX,
    too_long,
    too_much,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hanse.runtime.errors import HanseError
    from hanse.runtime.workflows.journal.entry import Entry


class Kept:
    """The journal of one instance.

    Args:
        entries: What it did before.

    Attributes:
        bytes: What they keep in all.
    """

    __slots__ = ("_entries", "bytes")

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = {entry.place: entry for entry in entries}
        self.bytes = sum(len(one.value) for one in entries)

    def get(self, place: int) -> Entry | None:
        """The entry of a place."""
        return self._entries.get(place)

    def add(self, entry: Entry) -> None:
        """Takes an entry in; one that has come to its end replaces what stood there."""
        self._entries[entry.place] = entry
        self.bytes += len(entry.value)

    def problem(self, place: int) -> HanseError | None:
        """Why nothing new may be done at a place; None if it may."""
        if place >= PLACES_MAX:
            return too_long()
        return too_much(self.bytes) if self.bytes > JOURNAL_BYTES_MAX else None
