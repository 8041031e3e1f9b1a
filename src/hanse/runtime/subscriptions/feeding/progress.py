"""How far one partition was worked through: below its position all is settled."""

from __future__ import annotations


class Progress:
    """Of events that come in order and are settled in any.

    Args:
        position: All up to it is settled.
    """

    __slots__ = ("_open", "_seen")

    def __init__(self, position: int) -> None:
        self._seen = position
        # In the order of the stream, so that the first is the lowest.
        self._open: dict[int, None] = {}

    @property
    def position(self) -> int:
        """Up to it all is settled."""
        return next(iter(self._open)) - 1 if self._open else self._seen

    @property
    def seen(self) -> int:
        """The last that came."""
        return self._seen

    def begin(self, seq: int) -> bool:
        """An event comes; whether it is new here."""
        if seq <= self._seen:
            return False
        self._seen = seq
        self._open[seq] = None
        return True

    def settle(self, seq: int) -> None:
        """An event is handled, or parked."""
        self._open.pop(seq, None)

    def pass_by(self, seq: int) -> None:
        """Up to there nothing else comes that concerns it."""
        self._seen = max(self._seen, seq)

    @property
    def is_idle(self) -> bool:
        """Whether nothing of it is under way."""
        return not self._open
