"""The calling end of a link: all calls of this process to one host, over one connection."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from hanse.kit.http import ANSWER_BYTES_MAX, ConnectionFailed, open_connection
from hanse.runtime.remote.frames import (
    LINK_PATH,
    LINK_PROTOCOL,
    Answer,
    Ask,
    Failure,
    Farewell,
    FrameReader,
    FrameWriter,
    Stop,
)

if TYPE_CHECKING:
    import ssl

    from hanse.kit.http import Address, Secured
    from hanse.runtime.remote.frames import Frame

CALLS_MAX = 1024
GREETING_BYTES_MAX = 8 * 1024
GREETING_SECONDS = 5.0
FRAME_MAX = ANSWER_BYTES_MAX

_GREETING = (
    f"GET {LINK_PATH} HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\n"
    f"upgrade: {LINK_PROTOCOL.decode()}\r\n\r\n"
).encode()


class Link(asyncio.Protocol):
    """One connection that carries many calls.

    Attributes:
        usable: Whether calls may begin: it is open, and the host has not said farewell.
    """

    __slots__ = (
        "_greeted", "_heard", "_loop", "_next", "_pending", "_reader", "_rest", "_transport",
        "_writable", "_writer", "usable",
    )  # fmt: skip

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport = cast("asyncio.Transport", None)
        self._writer = cast("FrameWriter", None)
        self._reader = FrameReader(FRAME_MAX)
        self._greeted: asyncio.Future[bool] = self._loop.create_future()
        self._rest = b""
        self._pending: dict[int, asyncio.Future[Frame]] = {}
        self._next = self._heard = 0
        self._writable = asyncio.Event()
        self._writable.set()
        self.usable = False

    async def greet(self, patience: float) -> bool:
        """Whether the host takes calls this way; if not, it may over HTTP.

        Args:
            patience: Seconds for its answer.

        Raises:
            ConnectionFailed: It went away, or says nothing.
        """
        self._transport.write(_GREETING)
        try:
            async with asyncio.timeout(patience):
                return await self._greeted
        except TimeoutError:
            self.close()
            raise ConnectionFailed("It does not answer.", sent=False) from None

    async def ask(self, ask: Ask) -> Answer | Failure:
        """Sends a call and awaits how it ended; `ask.id` is set here.

        Raises:
            ConnectionFailed: The link is gone, or carries all the calls it can.
        """
        if not self._writable.is_set():
            await self._writable.wait()
        if not self.usable or len(self._pending) >= CALLS_MAX:
            raise ConnectionFailed("The link takes no further call.", sent=False)
        ask.id = self._next
        self._next += 1
        heard = self._heard
        waiter: asyncio.Future[Frame] = self._loop.create_future()
        self._pending[ask.id] = waiter
        self._writer.send(ask)
        try:
            return cast("Answer | Failure", await waiter)
        except asyncio.CancelledError:
            if self._pending.pop(ask.id, None) is not None:
                self._writer.send(Stop(ask.id))
                # Nothing came since it was sent: perhaps nobody is there any more, and TCP would
                # not notice for minutes. The next call makes sure, by a link of its own.
                self.usable = self.usable and self._heard != heard
                self._rest_if_done()
            raise

    def close(self) -> None:
        """Ends it; calls under way fail."""
        self.usable = False
        self._transport.abort()

    # asyncio calls these.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports do not inherit from asyncio's, they only behave like them.
        self._transport = cast("asyncio.Transport", transport)
        self._writer = FrameWriter(self._loop, self._transport)

    def data_received(self, data: bytes) -> None:
        if not self._greeted.done():
            self._hear_greeting(data)
            return
        self._heard += 1
        try:
            for frame in self._reader.feed(data):
                self._hear(frame)
        except ValueError:
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self.usable = False
        self._writable.set()
        reason = exc or "closed"
        if not self._greeted.done():
            self._greeted.set_exception(ConnectionFailed(f"It went away: {reason}", sent=False))
            self._greeted.exception()  # nobody waits where the peer was not whom we call
        for waiter in self._pending.values():
            if not waiter.done():
                waiter.set_exception(ConnectionFailed(f"The peer broke off: {reason}", sent=True))
        self._pending.clear()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    # What the host says.

    def _hear_greeting(self, data: bytes) -> None:
        self._rest += data
        head, end, rest = self._rest.partition(b"\r\n\r\n")
        if not end and len(head) < GREETING_BYTES_MAX:
            return
        self.usable = head.startswith(b"HTTP/1.1 101 ")
        self._greeted.set_result(self.usable)
        if not self.usable:
            self.close()
        elif rest:
            self.data_received(rest)

    def _hear(self, frame: Frame) -> None:
        if isinstance(frame, (Answer, Failure)):
            waiter = self._pending.pop(frame.id, None)
            if waiter is not None and not waiter.done():
                waiter.set_result(frame)
        elif isinstance(frame, Farewell):
            self.usable = False
        else:
            raise ValueError("a frame that only callers send")  # noqa: TRY004 - as other bad ones
        self._rest_if_done()

    def _rest_if_done(self) -> None:
        """After a farewell the caller closes when its last call has ended."""
        if not self.usable and not self._pending:
            self._transport.close()


async def open_link(
    address: Address, tls: ssl.SSLContext | Secured | None, patience: float = GREETING_SECONDS
) -> Link | None:
    """A link to a host; None if it only speaks HTTP.

    Raises:
        ConnectionFailed: Nobody answers there.
    """
    link = await open_connection(Link, address, tls)
    return link if await link.greet(patience) else None
