"""Draws UUIDs of version 7 (RFC 9562): sorted by time, and unique without asking anybody."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from hanse.kit.chance import RANDOM

if TYPE_CHECKING:
    from datetime import datetime

_VERSION_AND_VARIANT = 0x7000_8000_0000_0000_0000
_TAIL_BITS = 74
_TAIL_MAX = (1 << _TAIL_BITS) - 1
_LOW_BITS = 62
_LOW_MAX = (1 << _LOW_BITS) - 1
_STEP_BITS = 32


class Uuid7Source:
    """Draws ids, each greater than the one before, also where the clock stands or goes back.

    They are not secret: who sees one can guess about when and after which other it was drawn.
    """

    __slots__ = ("_millisecond", "_tail")

    def __init__(self) -> None:
        self._millisecond = 0
        self._tail = 0

    def draw(self, now: datetime) -> UUID:
        """The next id; `now` is aware."""
        millisecond = int(now.timestamp() * 1000)
        if millisecond > self._millisecond:
            self._millisecond = millisecond
            self._tail = RANDOM.getrandbits(_TAIL_BITS - 1)  # room to count within a millisecond
        else:
            self._tail += 1 + RANDOM.getrandbits(_STEP_BITS)
            if self._tail > _TAIL_MAX:
                self._millisecond += 1
                self._tail = RANDOM.getrandbits(_TAIL_BITS - 1)
        head = self._millisecond << 80 | (self._tail >> _LOW_BITS) << 64
        return UUID(int=head | self._tail & _LOW_MAX | _VERSION_AND_VARIANT)


def seconds_of(drawn: UUID) -> float:
    """When one was drawn, in seconds since 1970: its first 48 bits."""
    return (drawn.int >> 80) / 1000
