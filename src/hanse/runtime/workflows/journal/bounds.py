"""How much one instance may keep, and how much of it a host has in memory."""

from __future__ import annotations

from typing import NamedTuple

from hanse.runtime.errors import ResourceExhausted

MIB = 1024 * 1024

PLACES_MAX = 10_000
"""Entries of one journal."""

JOURNAL_BYTES_MAX = 16 * MIB
"""Of what its entries keep: who has more does nothing new."""

UNREAD_MAX = 10_000
"""Signals that one instance has not taken yet."""

UNREAD_BYTES_MAX = 4 * MIB
"""Of what came along with them."""

LOADED_BYTES_MAX = 32 * MIB
"""What is read at all of the journal of one instance, and of its signals: steps side by side may
have brought it over its bound together."""

HOT_BYTES_MAX = 256 * MIB
"""Of instances in the memory of a host: while it has so much it takes no more of them."""

SPLIT = (
    "Have it end by starting another one that goes on from there, or have steps keep what is large "
    "in a collection or a file and give its id. What it did can be taken back: cancel it."
)


class Share(NamedTuple):
    """How much was found of one instance.

    Attributes:
        bytes: That many.
        read: Whether they were read, or were too many.
    """

    bytes: int
    read: bool

    @property
    def too_large(self) -> bool:
        """Whether it is more than is ever read of one instance."""
        return self.bytes > LOADED_BYTES_MAX


NOTHING = Share(0, read=True)


def too_long() -> ResourceExhausted:
    """Why an instance is held that has too many entries."""
    return ResourceExhausted(f"Its journal has {PLACES_MAX} entries, which is the most. {SPLIT}")


def too_much(bytes: int) -> ResourceExhausted:
    """Why an instance is held whose entries keep too much."""
    return ResourceExhausted(
        f"Its journal keeps {bytes} bytes; {JOURNAL_BYTES_MAX} are the most. {SPLIT}"
    )


def unreadable(bytes: int) -> ResourceExhausted:
    """Why an instance is held that is too large to be read at all."""
    return ResourceExhausted(
        f"Its journal or its signals keep {bytes} bytes, and {LOADED_BYTES_MAX} are the most that "
        "a host reads of one instance: so it can neither go on nor be taken back. Have what is "
        "large be kept in a collection or a file, and begin another one."
    )


def unread(name: str, id: str) -> ResourceExhausted:
    """Why an instance is sent nothing more for now."""
    return ResourceExhausted(
        f"{name} {id[:200]} has not taken yet what it was sent: {UNREAD_MAX} signals of "
        f"{UNREAD_BYTES_MAX} bytes in all are the most that wait. Send it again when it has, or "
        "send the id of what is large."
    )
