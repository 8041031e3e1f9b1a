"""The last state of the directory that a region knew, in a file: for when brokers are away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hanse.fleet.directory.entries import Entry
from hanse.fleet.state import write_whole

if TYPE_CHECKING:
    from pathlib import Path

    from hanse.fleet.directory.book import Book

BYTES_MAX = 64 * 1024 * 1024


class Snapshot(msgspec.Struct, frozen=True):
    """What is in the file.

    Attributes:
        made: When the bucket was made, as its stream says: another one begins to count anew.
        sequence: Of the last entry that had come.
        entries: Sequence and data by key.
    """

    made: str = ""
    sequence: int = 0
    entries: dict[str, tuple[int, bytes]] = {}


def keep(file: Path, made: str, book: Book) -> None:
    """Has what a book knows known after another start.

    Raises:
        StateError: It cannot be written.
    """
    known = {key: (one.sequence, one.data) for key, one in book.entries.items()}
    write_whole(file, msgspec.json.encode(Snapshot(made, book.sequence, known)))


def restore(file: Path, book: Book, now: float) -> str:
    """Has a new book know what was kept: nothing, if there is no file or it cannot be understood.

    Returns:
        When the bucket was made of which that is; empty for none.
    """
    snapshot = _read(file)
    for key, (sequence, data) in sorted(snapshot.entries.items(), key=lambda one: one[1]):
        book.hear(Entry(sequence, key, data), now)
    book.sequence = snapshot.sequence
    return snapshot.made


def _read(file: Path) -> Snapshot:
    try:
        with file.open("rb") as opened:
            return msgspec.json.decode(opened.read(BYTES_MAX), type=Snapshot)
    except (OSError, msgspec.MsgspecError):
        return Snapshot()
