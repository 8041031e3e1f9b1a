"""A small HTTP/1.1 client: one keep-alive connection, one request on it at a time."""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast
from urllib.parse import urlsplit

import httptools

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

P = TypeVar("P", bound=asyncio.Protocol)

ANSWER_BYTES_MAX = 64 * 1024 * 1024
"""Bytes of an answer that is read whole, its head included; a peer that sends more is cut off."""

BUFFER_CHUNKS_MAX = 32
"""Chunks of a streamed answer held for a slow reader; then the peer is no longer read."""


class ConnectionFailed(Exception):
    """The connection could not be made or broke.

    Attributes:
        sent: Whether the peer may have seen the request.
    """

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(message)
        self.sent = sent


class Address:
    """Where a peer listens: `unix:/path`, `http://host:port` or `https://host:port`."""

    __slots__ = ("authority", "host", "path", "port", "secure", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.path = text[5:] if text.startswith("unix:") else ""
        parts = urlsplit("http://localhost" if self.path else text)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError(f"{text!r} is no address: unix:/path, http://host:port or https://…")
        self.secure = parts.scheme == "https"
        self.host = parts.hostname
        self.port = parts.port or (443 if self.secure else 80)
        self.authority = parts.netloc

    def __repr__(self) -> str:
        return f"Address({self.text!r})"


class Secured(Protocol):
    """How connections over TLS are opened by whoever looks for itself who answers."""

    context: ssl.SSLContext

    def check(self, transport: asyncio.BaseTransport) -> None:
        """Raises `ConnectionFailed` if the peer, to whom nothing was said yet, is another one."""
        ...


class Channel(asyncio.Protocol):
    """One connection. `exchange` sends a request and awaits its whole answer.

    Attributes:
        used_at: When it was last given back, for whoever keeps it.
        bodiless: Its request is a HEAD: headers are the whole answer, whatever they announce.
        limit: Bytes of an answer that is read whole, as they come.
    """

    __slots__ = (
        "_body", "_chunks", "_complete", "_headers", "_interim", "_keep", "_loop", "_lost",
        "_parser", "_size", "_transport", "_until_close", "_waiter", "bodiless", "closed", "limit",
        "used_at",
    )  # fmt: skip

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpResponseParser(self)
        self._transport = cast("asyncio.Transport", None)
        self._waiter: asyncio.Future[None] | None = None
        self._chunks: deque[bytes] | None = None
        self._headers: dict[bytes, bytes] = {}
        self._body: list[bytes] = []
        self._size = 0
        self._complete = True
        self._interim = False
        self._keep = True
        self._until_close = False
        self._lost: Exception | None = None
        self.closed = True
        self.used_at = 0.0
        self.bodiless = False
        self.limit = ANSWER_BYTES_MAX

    async def exchange(self, request: bytes) -> tuple[int, dict[bytes, bytes], bytes]:
        """Sends a request; gives status, headers by lower-case name, and body.

        Raises:
            ConnectionFailed: The connection broke before the answer was whole.
        """
        self._send(request)
        self._waiter = waiter = self._loop.create_future()
        try:
            await waiter
        except BaseException:
            self.close()  # an answer nobody waits for must not meet the next request
            raise
        if not self._complete:
            raise self._broken()
        status = self._parser.get_status_code()
        body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        headers = self._headers
        if not self._keep:
            self.close()
        return status, headers, body

    async def open_stream(self, request: bytes) -> tuple[int, dict[bytes, bytes]]:
        """Sends a request; gives status and headers once the body begins, to read with `chunks`."""
        self._send(request)
        self._chunks = deque()
        try:
            while not self._chunks and not self._complete:
                await self._wait()
        except BaseException:
            self.close()
            raise
        return self._parser.get_status_code(), self._headers

    async def chunks(self) -> AsyncIterator[bytes]:
        """The parts of a streamed answer; leaving early closes the connection."""
        assert self._chunks is not None
        try:
            while True:
                while self._chunks:
                    yield self._chunks.popleft()
                if self._complete:
                    return
                self._transport.resume_reading()
                await self._wait()
        finally:
            if not self._complete or not self._keep:
                self.close()
            self._chunks = None

    def close(self) -> None:
        self.closed = True
        self._transport.abort()

    def _send(self, request: bytes) -> None:
        if self.closed:
            raise ConnectionFailed("The connection is closed.", sent=False)
        self._headers = {}
        self._body = []
        self._size = 0
        self._complete = False
        self._transport.write(request)

    async def _wait(self) -> None:
        """Until there is something new: a part, the end, or the news that no more will come."""
        if self._lost is not None:
            raise self._broken()
        self._waiter = self._loop.create_future()
        await self._waiter

    def _break_off(self, reason: Exception) -> None:
        self._lost = reason
        self.close()
        self._wake()

    def _broken(self) -> ConnectionFailed:
        return ConnectionFailed(f"The peer broke off: {self._lost}", sent=True)

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # asyncio calls these.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports do not inherit from asyncio's, they only behave like them.
        self._transport = cast("asyncio.Transport", transport)
        self.closed = False

    def data_received(self, data: bytes) -> None:
        self._size += len(data)
        if self._size > self.limit and self._chunks is None:
            self._break_off(ValueError(f"answer over {self.limit} bytes"))
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._break_off(error)  # nobody asked for another protocol

    def eof_received(self) -> None:
        self.closed = True

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        if exc is None and self._until_close and self._lost is None:
            self._complete = True
        if not self._complete and self._lost is None:
            self._lost = exc or ConnectionResetError("closed before the answer was whole")
        self._wake()

    # httptools calls these.

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        self._interim = self._parser.get_status_code() < 200
        if self._interim:  # not the answer yet (RFC 9110, 15.2)
            self._headers = {}
            return
        self._keep = self._parser.should_keep_alive()
        if not self._keep:
            framed = b"content-length" in self._headers or b"transfer-encoding" in self._headers
            # As HTTP/1.0 answers: its end is the end of the connection (RFC 9112, 6.3).
            self._until_close = not framed
        if self.bodiless:
            self.on_message_complete()

    def on_body(self, body: bytes) -> None:
        if self._chunks is not None:
            self._chunks.append(body)
            if len(self._chunks) >= BUFFER_CHUNKS_MAX:
                self._transport.pause_reading()
            self._wake()
            return
        self._body.append(body)

    def on_message_complete(self) -> None:
        if self._interim:
            return
        if self._complete and not self.bodiless:
            self._break_off(ValueError("an answer that nobody asked for"))
            return
        self._complete = True
        self._wake()


async def connect(
    address: Address, tls: ssl.SSLContext | Secured | None = None, at: str = ""
) -> Channel:
    """Opens a connection for HTTP.

    Args:
        address: Where to.
        tls: For https, what to trust; the system's authorities if left out.
        at: The IP address of its host, where that was looked up before: then it is not again. Whom
            the certificate has to name is the host all the same.

    Raises:
        ConnectionFailed: Nobody answers there.
    """
    return await open_connection(Channel, address, tls, at)


async def open_connection(
    make: Callable[[], P],
    address: Address,
    tls: ssl.SSLContext | Secured | None = None,
    at: str = "",
) -> P:
    """Opens a connection for any protocol; as `connect`."""
    loop = asyncio.get_running_loop()
    secured = None if tls is None or isinstance(tls, ssl.SSLContext) else tls
    options: dict[str, Any] = {}
    if address.secure:
        context = secured.context if secured else cast("ssl.SSLContext | None", tls)
        options = {"ssl": context or ssl.create_default_context(), "server_hostname": address.host}
    try:
        if address.path:
            transport, protocol = await loop.create_unix_connection(make, address.path)
        else:
            host = at or address.host
            transport, protocol = await loop.create_connection(make, host, address.port, **options)
    except OSError as error:
        raise ConnectionFailed(f"{address.text} does not answer: {error}", sent=False) from error
    if secured is not None and address.secure:
        _check(secured, transport)
    return protocol


def _check(secured: Secured, transport: asyncio.Transport) -> None:
    try:
        secured.check(transport)
    except ConnectionFailed:
        transport.abort()
        raise
