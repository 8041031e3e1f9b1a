"""Keeps a flood of unknown credentials from taking the event loop for itself."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from hanse.runtime.errors import ResourceExhausted

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self


class Gate:
    """Bounds how many callers are inside, and lets one of them do its work in each loop turn.

    Checking a signature takes 50 to 300 µs of CPU and must be done for any well-formed forgery
    that names a known issuer and key. Done where the request arrives, a thousand forgeries read
    from sockets in one turn of the loop would hold up everybody else for a quarter of a second.
    Threads are no way out: handing over costs as much as the check, and a queue before the pool
    needs the same bound. So each check waits for its turn (one a loop turn: between two checks
    everything else that is ready runs once), and when `limit` callers are inside, the next is
    turned away at once, for a few microseconds. Known credentials never come here: they are
    answered from the cache, so a flood slows down only who signs in during it.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._inside = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    def __enter__(self) -> Self:
        """Enters.

        Raises:
            ResourceExhausted: `limit` callers are inside.
        """
        if self._inside >= self._limit:
            raise ResourceExhausted(
                detail="Too many new credentials at once; try again in a second."
            )
        self._inside += 1
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._inside -= 1

    async def turn(self) -> None:
        """Waits until it is this caller's turn, in order of arrival."""
        loop = asyncio.get_running_loop()
        place: asyncio.Future[None] = loop.create_future()
        self._waiting.append(place)
        if len(self._waiting) == 1:
            loop.call_soon(self._next, loop)
        await place

    def _next(self, loop: asyncio.AbstractEventLoop) -> None:
        while self._waiting:
            place = self._waiting.popleft()
            if not place.done():  # else its caller gave up
                place.set_result(None)
                break
        if self._waiting:
            loop.call_soon(self._next, loop)

    @property
    def inside(self) -> int:
        """How many callers are inside."""
        return self._inside
