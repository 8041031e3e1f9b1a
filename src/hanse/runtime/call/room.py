"""Memory for large bodies, shared by all connections of a host."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.runtime.call.admission import shed_by
from hanse.runtime.errors import Unavailable

if TYPE_CHECKING:
    from hanse.runtime.figures.tally import Tally
    from hanse.runtime.telemetry.metrics import Metrics

SMALL = 64 * 1024
"""Bytes of a body that need no room: a host's connections are counted, and this bounds the rest."""


class Room:
    """Says who may hold how much, so that a thousand large bodies at once do not end a host.

    Args:
        size: Bytes in all.
        metrics: Where bodies that find no room are counted.
        tally: Where the requests are that are turned away by that.

    Attributes:
        held: Bytes taken and not given back.
    """

    __slots__ = ("_shed", "_size", "_tally", "held")

    def __init__(self, size: int, metrics: Metrics, tally: Tally) -> None:
        self._shed = shed_by("room", metrics)
        self._size = size
        self._tally = tally
        self.held = 0

    def hold(self, size: int, held: int) -> int:
        """Takes what a body has grown by since it held so much; what it holds now, to `give`.

        Raises:
            Unavailable: There is not so much left.
        """
        if self.held + size - held > self._size:
            self._shed.add()
            full = Unavailable("This host holds all the bodies it can; try again.", retry_after=1)
            self._tally.turned_away(full, None)
            raise full
        self.held += size - held
        return size

    def give(self, taken: int) -> None:
        """Gives bytes back."""
        self.held -= taken
