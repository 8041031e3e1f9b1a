"""The write-ahead log as PostgreSQL names it: positions, and the segments they lie in."""

from __future__ import annotations

import re
from typing import NamedTuple

SEGMENT_BYTES = 16 * 1024 * 1024
"""Of the databases that Hanse makes."""

_IN_ONE_ID = 0x1_0000_0000 // SEGMENT_BYTES
_NAME = re.compile(r"(?P<timeline>[0-9A-F]{8})(?P<high>[0-9A-F]{8})(?P<low>[0-9A-F]{8})")
_HISTORY_LINE = re.compile(r"\s*(\d+)\s+([0-9A-F]+/[0-9A-F]+)")


class Segment(NamedTuple):
    """One file of the log.

    Attributes:
        timeline: In which life of the database it was written.
        number: Counted from the beginning of all.
    """

    timeline: int
    number: int

    @property
    def name(self) -> str:
        high, low = divmod(self.number, _IN_ONE_ID)
        return f"{self.timeline:08X}{high:08X}{low:08X}"


class Branch(NamedTuple):
    """A life of the database, and where the next one left it.

    Attributes:
        timeline: Which.
        end: Position in the log up to which the next one shares it; None for the last.
    """

    timeline: int
    end: int | None


def read_segment(name: str) -> Segment | None:
    """The segment that a file's name begins with; None if it is none."""
    found = _NAME.match(name)
    if found is None:
        return None
    number = int(found["high"], 16) * _IN_ONE_ID + int(found["low"], 16)
    return Segment(int(found["timeline"], 16), number)


def position(text: str) -> int:
    """A position as PostgreSQL writes it, like `0/2000028`, in bytes."""
    high, _, low = text.partition("/")
    return int(high, 16) << 32 | int(low, 16)


def number_at(place: int) -> int:
    """Number of the segment in which a position lies."""
    return place // SEGMENT_BYTES


def history_name(timeline: int) -> str:
    """The file in which a life of the database says where it came from."""
    return f"{timeline:08X}.history"


def read_history(timeline: int, text: str) -> list[Branch]:
    """The way from the first life of a database to this one.

    Args:
        timeline: Which this one is.
        text: What its history says; empty for the first.
    """
    lines = (_HISTORY_LINE.match(line) for line in text.splitlines())
    branches = [Branch(int(line[1]), position(line[2])) for line in lines if line]
    return [*branches, Branch(timeline, None)]
