"""The open connections of a host."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from hanse.runtime.http.message import Request

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hanse.runtime.call.room import Room
    from hanse.runtime.errors import HanseError
    from hanse.runtime.http.server import Server


REQUEST_BYTES = 1024
"""What a waiting request without a large body weighs, and some more."""

CLEANING_SECONDS = 1.0
"""For handlers that are cancelled to put away what they hold."""


FRESH_SECONDS = 0.5
"""For a peer that got in as the door was closed to ask what it came for: nobody else answers."""


class Open(Protocol):
    """A connection, as its host ends it."""

    def look(self, now: float) -> None:
        """Ends it if its peer has been too slow; called a few times a second."""
        ...

    def drain(self) -> None:
        """Ends it as soon as nothing is under way."""
        ...

    def abort(self) -> list[asyncio.Task[None]]:
        """Ends it at once; the tasks that are cancelled by that."""
        ...


def idle_seconds(server: Server, *, fresh: bool) -> float:
    """How long a peer may ask nothing, one that has asked nothing yet or another."""
    if not server.draining:
        return server.limits.idle_timeout
    return FRESH_SECONDS if fresh else 0.0


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


class Waiting:
    """What a peer has sent ahead, in order: requests, and at the end what could not be understood.

    Args:
        limit: How many may wait before the peer is not read any more.
        room: Holds what one read brought beyond that: it may bring thousands.
    """

    __slots__ = ("_limit", "_queue", "_room")

    def __init__(self, limit: int, room: Room) -> None:
        self._limit = limit
        self._room = room
        self._queue: deque[Request | HanseError] = deque()

    def __len__(self) -> int:
        return len(self._queue)

    @property
    def full(self) -> bool:
        """Whether the peer should be read no further."""
        return len(self._queue) >= self._limit

    def put(self, request: Request | HanseError) -> None:
        """Adds one.

        Raises:
            Unavailable: There is no room for it.
        """
        if self.full and isinstance(request, Request):
            request.held = self._room.hold(request.held + REQUEST_BYTES, request.held)
        self._queue.append(request)

    def next(self) -> Request | HanseError:
        """Takes out the one that came first."""
        return self._queue.popleft()

    def clear(self) -> None:
        """Forgets them all, and gives back what they hold."""
        self._room.give(sum(one.held for one in self._queue if isinstance(one, Request)))
        self._queue.clear()


class Connections:
    """A set that can tell when it is empty."""

    __slots__ = ("_empty", "_open")

    def __init__(self) -> None:
        self._open: set[Open] = set()
        self._empty = asyncio.Event()
        self._empty.set()

    def add(self, connection: Open) -> None:
        self._open.add(connection)
        self._empty.clear()

    def discard(self, connection: Open) -> None:
        self._open.discard(connection)
        if not self._open:
            self._empty.set()

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[Open]:
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
        tasks = [task for connection in self for task in connection.abort()]
        await self._empty.wait()
        if tasks:
            await asyncio.wait(tasks, timeout=CLEANING_SECONDS)
