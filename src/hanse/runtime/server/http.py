"""One HTTP/1.1 connection: requests in, responses out, in order, within limits."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections import deque
from typing import TYPE_CHECKING, Any, Protocol, cast

import httptools

from hanse.runtime.errors import HanseError, Internal
from hanse.runtime.server.encode import CONTINUE, LAST_CHUNK, chunk, head_of_stream, whole
from hanse.runtime.server.message import Request, Response
from hanse.runtime.server.problem import problem
from hanse.runtime.server.refusal import BodyTooLarge, HeadersTooLarge, Malformed, TooSlow

if TYPE_CHECKING:
    from collections.abc import Callable

    from hanse.runtime.call.admission import Limits
    from hanse.runtime.server.router import Resource

log = logging.getLogger("hanse.http")

IDLE, HEAD, BODY, RUN, WRITE = range(5)
"""What a connection waits for: a request, the rest of its head or body, its answer, a slow reader."""

SINGLE = frozenset({
    b"authorization", b"content-length", b"content-type", b"host", b"hanse-context",
    b"connect-timeout-ms", b"traceparent", b"transfer-encoding",
})  # fmt: skip
"""Headers whose repetition means that two parties would read two different requests."""

CHUNK_OVERHEAD_MAX = 8
"""Bytes on the wire for a byte of a chunked body, at most; beyond that somebody wastes our time."""


class Server(Protocol):
    """What a connection needs of its host."""

    limits: Limits
    date: bytes
    draining: bool
    connections: set[Connection]

    def resolve(self, request: Request) -> Resource:
        """What will answer a request, noted in it."""
        ...

    async def answer(self, request: Request) -> Response:
        """The response to a request that was resolved."""
        ...


class Connection(asyncio.Protocol):
    """Parses, queues and answers the requests of one peer.

    At most one request runs at a time; those sent ahead wait their turn, up to a bound beyond which the
    peer is not read. The host's sweep calls `look` to find peers that are too slow: so no request sets
    a timer, or even asks for the time.
    """

    __slots__ = (
        "_body", "_headers", "_parser", "_received", "_request", "_seen", "_seen_at", "_served",
        "_server", "_size", "_size_limit", "_task", "_transport", "_trusted", "_url", "_waiting",
        "_writable", "closing", "deaf", "phase",
    )  # fmt: skip

    def __init__(self, server: Server, *, trusted: bool) -> None:
        self._server = server
        self._trusted = trusted
        self._parser = httptools.HttpRequestParser(self)
        self._transport = cast("asyncio.Transport", None)
        self._waiting: deque[Request | HanseError] = deque()
        self._task: asyncio.Task[None] | None = None
        self._writable: asyncio.Event | None = None
        self._served = 0
        self._seen = (0, IDLE)
        self._seen_at = 0.0
        self.closing = False
        self.deaf = False
        self.phase = IDLE
        self._begin()

    # asyncio calls these.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports do not inherit from asyncio's, they only behave like them.
        self._transport = cast("asyncio.Transport", transport)
        self._server.connections.add(self)
        if len(self._server.connections) > self._server.limits.connections:
            self.abort()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._server.connections.discard(self)
        self.closing = self.deaf = True
        self._waiting.clear()
        if self._writable is not None:
            self._writable.set()
        if self._task is not None:
            self._task.cancel()

    def data_received(self, data: bytes) -> None:
        if self.deaf:
            return
        if self.phase == IDLE:
            self.phase = HEAD
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._refuse(Malformed("This server does not switch protocols."))
        except httptools.HttpParserError as error:
            cause = error.__context__
            self._refuse(cause if isinstance(cause, HanseError) else Malformed(_reason(error)))
        if self._url:
            self._count(len(data))

    def eof_received(self) -> bool:
        """A peer that has only stopped sending still gets the answers it waits for."""
        self.closing = self.deaf = True
        return self._task is not None

    def pause_writing(self) -> None:
        self._writable = asyncio.Event()
        self.phase = WRITE

    def resume_writing(self) -> None:
        if self._writable is not None:
            self._writable.set()
            self._writable = None
        self.phase = IDLE if self._task is None else RUN

    # httptools calls these.

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        headers = self._headers
        if name in headers:
            if name in SINGLE:
                raise Malformed(f"The header {name.decode('latin-1')} comes twice.")
            value = headers[name] + b", " + value
        headers[name] = value

    def on_headers_complete(self) -> None:
        headers = self._headers
        # What comes after the body is nobody's header any more.
        self._headers = {}
        if b"host" not in headers and self._parser.get_http_version() == "1.1":
            raise Malformed("The Host header is missing.")
        if len(headers) > self._server.limits.headers:
            raise HeadersTooLarge(self._server.limits.header_bytes)
        path, _, query = self._url.partition(b"?")
        verb = self._parser.get_method()
        request = Request(verb, path, query, headers, self._trusted)
        self._request = request
        resource = self._server.resolve(request)
        self._size_limit = resource.max_body
        if self.phase == HEAD:
            self.phase = BODY
        length = headers.get(b"content-length")
        if length is not None and int(length) > self._size_limit:
            raise BodyTooLarge(self._size_limit)
        if b"expect" in headers and headers[b"expect"].lower() == b"100-continue":
            self._transport.write(CONTINUE)

    def on_body(self, body: bytes) -> None:
        self._size += len(body)
        if self._size > self._size_limit:
            raise BodyTooLarge(self._size_limit)
        self._body.append(body)

    def on_message_complete(self) -> None:
        request = self._request
        assert request is not None
        if self._body:
            request.body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        request.keep_alive = self._parser.should_keep_alive()
        self._begin()
        if self._task is None and not self._waiting:
            self._start(request)
        else:
            self._queue(request)

    # Requests.

    def _begin(self) -> None:
        """Makes ready for the next request."""
        self._url = b""
        self._headers: dict[bytes, bytes] = {}
        self._body: list[bytes] = []
        self._size = 0
        self._size_limit = 0
        self._received = 0
        self._request: Request | None = None

    def _count(self, received: int) -> None:
        """Bounds what is sent of a request that is not whole: its head, or a body with all its framing."""
        self._received += received
        limit = self._server.limits.header_bytes
        if self._request is None and self._received > limit:
            self._refuse(HeadersTooLarge(limit))
        elif self._received > 2 * limit + CHUNK_OVERHEAD_MAX * self._size:
            self._refuse(BodyTooLarge(self._size_limit))

    def _queue(self, request: Request | HanseError) -> None:
        self._waiting.append(request)
        if len(self._waiting) >= self._server.limits.pipelined:
            self._transport.pause_reading()

    def _refuse(self, error: HanseError) -> None:
        """Answers what cannot be understood, after what was asked before it, and closes."""
        self.deaf = True
        if self._task is None:
            self._write(problem(error), None)
            self._close()
        else:
            self._waiting.append(error)

    def _start(self, request: Request) -> None:
        self.phase = RUN
        self._served += 1
        task = start_task(self._serve(request))
        if not task.done():  # a task that began at once may also have ended, and begun the next
            self._task = task

    async def _serve(self, request: Request) -> None:
        try:
            response = await self._server.answer(request)
            if response.stream is None:
                self._write(response, request)
            else:
                await self._write_stream(response, request)
        except asyncio.CancelledError:
            self._close()
            raise
        except Exception:
            log.exception("answering %r failed", request.path)
            self._write(problem(Internal()), None)
            self._close()
        finally:
            self._task = None
        if self._waiting or self.closing:
            self._next()
        elif self.phase == RUN:
            self.phase = HEAD if self._url else IDLE

    def _next(self) -> None:
        """Turns to what waits; where nothing does and nothing more may come, closes."""
        if not self._waiting:
            self._close()
            return
        request = self._waiting.popleft()
        if not self.deaf:
            self._transport.resume_reading()
        if isinstance(request, HanseError):
            self._write(problem(request), None)
            self._close()
        else:
            self._start(request)

    # Responses.

    def _write(self, response: Response, request: Request | None) -> None:
        if self._transport.is_closing():
            return
        close = request is None or not request.keep_alive or self._server.draining
        bodiless = request is not None and request.verb == b"HEAD"
        date = self._server.date
        self._transport.write(whole(response, date, close=close, bodiless=bodiless))
        if close:
            self._stop_after_this()

    async def _write_stream(self, response: Response, request: Request) -> None:
        """Sends parts as they come, and waits for a peer that reads slowly."""
        close = not request.keep_alive or self._server.draining
        write = self._transport.write
        # Without keep-alive the end of the connection is the end of the body, which HTTP/1.0 needs.
        write(head_of_stream(response, self._server.date, close=close, chunked=not close))
        try:
            if request.verb != b"HEAD":
                async for part in response.stream:
                    if part:
                        write(part if close else chunk(part))
                    if self._writable is not None:
                        await self._writable.wait()
                if not close:
                    write(LAST_CHUNK)
        finally:
            await response.stream.aclose()
        if close:
            self._stop_after_this()

    def _stop_after_this(self) -> None:
        """Whatever the peer sent after a request that ends the connection was never asked."""
        self._waiting.clear()
        self.closing = self.deaf = True

    def _close(self) -> None:
        self.closing = self.deaf = True
        self._transport.close()

    # The host calls these.

    def abort(self) -> None:
        """Ends the connection at once."""
        self._transport.abort()

    def drain(self) -> None:
        """Closes as soon as nothing is under way."""
        self.closing = True
        if self._task is None and not self._waiting and self.phase == IDLE:
            self._close()

    def look(self, now: float) -> None:
        """Ends the connection if its peer has been too slow; called a few times a second."""
        seen = (self._served, self.phase)
        if seen != self._seen:
            self._seen, self._seen_at = seen, now
            return
        limits, spent = self._server.limits, now - self._seen_at
        if self.phase == IDLE and spent > limits.idle_timeout:
            self._close()
        elif self.phase == HEAD and spent > limits.header_timeout:
            self._refuse(TooSlow("The headers took too long."))
        elif self.phase == BODY and spent > limits.body_timeout:
            self._refuse(TooSlow("The body took too long."))
        elif self.phase == WRITE and spent > limits.write_timeout:
            self.abort()


def _reason(error: httptools.HttpParserError) -> str:
    return f"This is not HTTP/1.1 as RFC 9112 has it: {str(error)[:100]}"


def _start_now(coroutine: Any) -> asyncio.Task[None]:
    make: Any = asyncio.Task
    return make(coroutine, loop=asyncio.get_running_loop(), eager_start=True)


def _start_soon(coroutine: Any) -> asyncio.Task[None]:
    return asyncio.Task(coroutine, loop=asyncio.get_running_loop())


start_task: Callable[[Any], asyncio.Task[None]] = (
    _start_now if sys.version_info >= (3, 12) else _start_soon
)
"""How a request's task begins: at once where Python can, else in the loop's next round."""
