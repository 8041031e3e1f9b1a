"""A request's body as it comes, for resources that take more than a host wants to hold."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Protocol

from hanse.runtime.errors import Canceled, HanseError

if TYPE_CHECKING:
    from collections.abc import Callable

AHEAD_MAX = 256 * 1024
"""Bytes that may wait for whoever reads the body; from there on the peer is not read."""

AHEAD_MIN = 64 * 1024
"""Bytes that wait when the peer is read again."""


class Source(Protocol):
    """The transport a body comes from."""

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


class BodyStream:
    """An async iterator over the pieces of a body; whoever reads it sets the pace of the peer.

    Args:
        source: Where it comes from.
        begin: Called before the first piece is waited for: the peer may want to be told to send.

    Attributes:
        received: Bytes that have come.
        complete: Whether all have.
        starving: Whether its reader waits for the peer.
    """

    __slots__ = (
        "_ahead", "_arrived", "_begin", "_broken", "_paused", "_pieces", "_source", "complete",
        "received", "starving",
    )  # fmt: skip

    def __init__(self, source: Source, begin: Callable[[], None]) -> None:
        self._source = source
        self._begin: Callable[[], None] | None = begin
        self._pieces: deque[bytes] = deque()
        self._arrived = asyncio.Event()
        self._broken: HanseError | None = None
        self._ahead = 0
        self._paused = False
        self.received = 0
        self.complete = False
        self.starving = False

    def __aiter__(self) -> BodyStream:
        return self

    async def __anext__(self) -> bytes:
        """The next piece.

        Raises:
            HanseError: The rest will not come: too large, too slow, malformed, or its sender left.
        """
        if self._begin is not None:
            self._begin()
            self._begin = None
        while not self._pieces:
            if self._broken is not None:
                raise self._broken
            if self.complete:
                raise StopAsyncIteration
            await self._wait()
        piece = self._pieces.popleft()
        self._ahead -= len(piece)
        if self._paused and self._ahead <= AHEAD_MIN:
            self._paused = False
            self._source.resume_reading()
        return piece

    def feed(self, piece: bytes) -> None:
        """Adds what came."""
        self.received += len(piece)
        self._ahead += len(piece)
        self._pieces.append(piece)
        self._arrived.set()
        if self._ahead > AHEAD_MAX and not self._paused:
            self._paused = True
            self._source.pause_reading()

    def end(self) -> None:
        """That was all."""
        self.complete = True
        self._arrived.set()

    def fail(self, error: HanseError | None = None) -> None:
        """No more will come, although there was more."""
        if not self.complete and self._broken is None:
            self._broken = error or Canceled("The sender of the body has left.")
            self._arrived.set()

    async def _wait(self) -> None:
        self._arrived.clear()
        self.starving = True
        try:
            await self._arrived.wait()
        finally:
            self.starving = False
