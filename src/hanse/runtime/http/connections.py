"""The open connections of a host."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hanse.runtime.http.connection import Connection


CLEANING_SECONDS = 1.0
"""For handlers that are cancelled to put away what they hold."""


class Patience:
    """How long something has stood still, as told by looks at it."""

    __slots__ = ("_since", "_state")

    def __init__(self) -> None:
        self._state: object = None  # as nothing ever is: the first look only takes notes
        self._since = 0.0

    def still_for(self, state: object, now: float) -> float:
        """Seconds since a look that saw another state."""
        if state != self._state:
            self._state, self._since = state, now
        return now - self._since


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
        if self._open:
            await self._cut_off()

    async def _cut_off(self) -> None:
        """Returns when the handlers are done with it too: what they use is closed next."""
        tasks = [task for connection in self if (task := connection.abort()) is not None]
        await self._empty.wait()
        if tasks:
            await asyncio.wait(tasks, timeout=CLEANING_SECONDS)
