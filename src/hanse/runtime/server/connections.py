"""The open connections of a host."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hanse.runtime.server.http import Connection


class Connections:
    """A set that can tell when it is empty."""

    __slots__ = ("_empty", "_open")

    def __init__(self) -> None:
        self._open: set[Connection] = set()
        self._empty = asyncio.Event()
        self._empty.set()

    def add(self, connection: Connection) -> None:
        self._open.add(connection)
        self._empty.clear()

    def discard(self, connection: Connection) -> None:
        self._open.discard(connection)
        if not self._open:
            self._empty.set()

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[Connection]:
        """Over those open now; they may leave meanwhile."""
        return iter(tuple(self._open))

    async def drain(self, seconds: float) -> None:
        """Lets each finish what it is at; what is not done by then is cut off."""
        for connection in self:
            connection.drain()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._empty.wait()
        for connection in self:
            connection.abort()
