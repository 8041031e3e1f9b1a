"""Connections to one peer, reused, bounded, and set aside for a while when it keeps failing."""

from __future__ import annotations

import asyncio
import time
from contextvars import Context
from typing import TYPE_CHECKING, TypeVar

from hanse.kit.http import Address, Channel, ConnectionFailed, connect
from hanse.runtime.remote.link import open_link

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Coroutine

    from hanse.kit.http import Secured
    from hanse.runtime.contract.method import Method
    from hanse.runtime.remote.link import Link

T = TypeVar("T")

CONNECTIONS_MAX = 1024
OPENING_SECONDS = 5.0
"""For a peer to take a connection and to say who it is."""

REFUSED_SECONDS = 1.0
"""For which a peer that takes no connection is passed over, where another one answers."""

IDLE_SECONDS_MAX = 60.0
"""Below the server's idle limit (75 s), so that a reused connection is hardly ever closed."""

FAILURES_TO_EJECT = 5
EJECT_SECONDS_MAX = 30.0


class Pool:
    """All connections of this process to one address.

    Attributes:
        address: Where the peer listens.
        load: Requests under way.
        heads: How a request of each method begins here; the same for every call.
        ejected_until: `clock()` before which the peer is avoided.
        failures: In a row.
    """

    __slots__ = (
        "_clock", "_idle", "_link", "_links", "_opening", "_refused_until", "_tls", "address",
        "ejected_until", "failures", "heads", "load",
    )  # fmt: skip

    def __init__(
        self,
        address: Address,
        tls: ssl.SSLContext | Secured | None,
        clock: Callable[[], float] = time.monotonic,
        *,
        links: bool = False,
    ) -> None:
        self.address = address
        self.load = 0
        self.heads: dict[Method, bytes] = {}
        self.ejected_until = 0.0
        self._tls = tls
        self._clock = clock
        self._idle: list[Channel] = []
        self.failures = 0
        self._refused_until = 0.0
        self._links = links
        self._link: Link | None = None
        self._opening: asyncio.Task[Link | None] | None = None

    async def link(self) -> Link | None:
        """A link to the peer, opened if there is none; None if it must be called over HTTP.

        Raises:
            ConnectionFailed: The peer does not answer.
        """
        if self._link is not None and self._link.usable:
            return self._link
        if not self._links:
            return None
        if self._opening is None:
            # Nobody's child: it goes on when the call that needed it first is cancelled.
            opening = asyncio.Task(self._open_link(), context=Context())
            opening.add_done_callback(_consume)
            self._opening = opening
        return await asyncio.shield(self._opening)

    async def _open_link(self) -> Link | None:
        try:
            self._link = await self._opened(open_link(self.address, self._tls))
        finally:
            self._opening = None
        self._links = self._link is not None
        return self._link

    async def take(self) -> Channel:
        """A connection ready for a request; `give` or `drop` must follow.

        Raises:
            ConnectionFailed: The peer does not answer, or no further request may be under way.
        """
        channel = self.reuse()
        if channel is not None:
            return channel
        if self.load >= CONNECTIONS_MAX:
            raise ConnectionFailed(f"{CONNECTIONS_MAX} requests are under way.", sent=False)
        self.load += 1
        try:
            return await self._opened(connect(self.address, self._tls))
        except BaseException:
            self.load -= 1
            raise

    async def _opened(self, opening: Coroutine[None, None, T]) -> T:
        """What is opened, in time; notes whether the peer takes connections."""
        try:
            async with asyncio.timeout(OPENING_SECONDS):
                found = await opening
        except (TimeoutError, ConnectionFailed) as error:
            self._refused_until = self._clock() + REFUSED_SECONDS
            if isinstance(error, ConnectionFailed):
                raise
            raise ConnectionFailed(f"{self.address.text} does not answer.", sent=False) from None
        self._refused_until = 0.0
        return found

    def reuse(self) -> Channel | None:
        """A connection that was used before and is still good, if there is one; as `take`."""
        while self._idle:
            channel = self._idle.pop()
            if not channel.closed and self._clock() - channel.used_at < IDLE_SECONDS_MAX:
                self.load += 1
                return channel
            channel.close()
        return None

    def give(self, channel: Channel) -> None:
        """Takes a connection back after a request, to be reused if it is whole."""
        self.load -= 1
        if not channel.closed:
            channel.used_at = self._clock()
            self._idle.append(channel)

    def succeeded(self) -> None:
        if self.failures:
            self.failures = 0
            self.ejected_until = 0.0

    def failed(self) -> None:
        """Counts a failure in a row; from the fifth on the peer rests, each time twice as long."""
        self.failures += 1
        excess = self.failures - FAILURES_TO_EJECT
        if excess >= 0:
            self.ejected_until = self._clock() + min(2.0 ** min(excess, 10), EJECT_SECONDS_MAX)

    def rests(self, now: float) -> bool:
        """Whether it is passed over where another one answers.

        One that takes no connection is tried again in a second: that costs nothing, and it is known
        at once when it is back.
        """
        return now < (self._refused_until or self.ejected_until)

    @property
    def idle(self) -> bool:
        """Whether nobody waits for anything here."""
        return self.load == 0 and self._opening is None

    def close(self) -> None:
        if self._link is not None:
            self._link.close()
        for channel in self._idle:
            channel.close()
        self._idle.clear()

    def statistics(self) -> dict[str, float]:
        return {"load": self.load, "idle": len(self._idle), "failures": self.failures}


def _consume(opening: asyncio.Task[Link | None]) -> None:
    """Takes the outcome that nobody may have waited for in the end."""
    if not opening.cancelled():
        opening.exception()
