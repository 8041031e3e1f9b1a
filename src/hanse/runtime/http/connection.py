"""One HTTP/1.1 connection: requests in, responses out, in order, within limits."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Protocol, cast

import httptools

from hanse.runtime.errors import HanseError, Internal
from hanse.runtime.http.encode import CONTINUE, LAST_CHUNK, chunk, head_of_stream, whole
from hanse.runtime.http.head import check_encoding, check_host, check_size, origin_form
from hanse.runtime.http.message import Request, Resource, Response
from hanse.runtime.http.problem import problem
from hanse.runtime.http.refusal import BodyTooLarge, HeadersTooLarge, Malformed, TooSlow

if TYPE_CHECKING:
    from hanse.runtime.call.admission import Limits
    from hanse.runtime.http.connections import Connections

log = logging.getLogger("hanse.http")

IDLE, HEAD, BODY, RUN, WRITE, CLOSE, LINGER = range(7)
"""What a connection waits for: a request, the rest of its head or body, its answer, a slow reader;
that the last bytes are taken; that the peer has seen the last answer and closes."""

LINGER_SECONDS = 2.0
"""For a peer that has been sent the last answer to close."""

SINGLE = frozenset({
    b"authorization", b"content-length", b"content-type", b"host", b"hanse-context",
    b"connect-timeout-ms", b"traceparent", b"transfer-encoding",
})  # fmt: skip
"""Headers whose repetition means that two parties would read two different requests."""

CHUNK_OVERHEAD_MAX = 8
"""Bytes on the wire for a byte of a chunked body, at most; beyond that somebody wastes our time."""


Start = Callable[[Any, asyncio.AbstractEventLoop], asyncio.Task[None]]


class Server(Protocol):
    """What a connection needs of its host."""

    limits: Limits
    date: bytes
    draining: bool
    connections: Connections

    def resolve(self, request: Request) -> Resource:
        """What will answer a request, noted in it."""
        ...

    async def answer(self, request: Request) -> Response:
        """The response to a request that was resolved."""
        ...


class Connection(asyncio.Protocol):
    """Parses, queues and answers the requests of one peer.

    At most one request runs at a time; those sent ahead wait their turn, up to a bound beyond which
    the peer is not read. The host's sweep calls `look` to find peers that are too slow: so no
    request sets a timer, or even asks for the time.
    """

    __slots__ = (
        "_body", "_fed", "_headers", "_host", "_loop", "_owes_continue", "_parser", "_received",
        "_repeats", "_request", "_seen", "_seen_at", "_server", "_size", "_size_limit", "_steps",
        "_task", "_transport", "_trusted", "_url", "_waiting", "_writable",
        "closing", "deaf", "phase",
    )  # fmt: skip

    def __init__(self, server: Server, *, trusted: bool) -> None:
        self._server = server
        self._trusted = trusted
        # Kept: to ask for the running loop asks the kernel for the process id (CPython 3.11).
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpRequestParser(self)
        self._transport = cast("asyncio.Transport", None)
        self._waiting: deque[Request | HanseError] = deque()
        self._task: asyncio.Task[None] | None = None
        self._writable: asyncio.Event | None = None
        self._host: bytes | None = None
        self._owes_continue = False
        self._fed = self._repeats = 0
        self._steps = 0
        self._seen = (-1, IDLE, 0)  # as nothing ever is: the first look only takes notes
        self._seen_at = 0.0
        self.closing = False
        self.deaf = False
        self.phase = IDLE
        self._url = b""
        self._headers: dict[bytes, bytes] = {}
        self._body: list[bytes] = []
        self._size = 0
        self._size_limit = 0
        self._received = 0
        self._request: Request | None = None

    # asyncio calls these.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports do not inherit from asyncio's, they only behave like them.
        self._transport = cast("asyncio.Transport", transport)
        self._server.connections.add(self)
        too_many = len(self._server.connections) > self._server.limits.connections
        if too_many or self._server.draining:  # accepted in the very moment the door was closed
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
        self._fed = len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            # Answered as if the request had not asked (RFC 9110, 7.8); what follows is not ours.
            self.closing = self.deaf = True
            if self._task is None and not self._waiting:
                self._close()
        except httptools.HttpParserError as error:
            cause = error.__context__
            self._refuse(cause if isinstance(cause, HanseError) else Malformed(_reason(error)))
        if self._url:
            self._count()
        else:
            self._received = 0

    def eof_received(self) -> bool:
        """A peer that stops sending has gone, so what runs for it is cancelled.

        HTTP allows it to read on; but then nobody could tell a client that left from one that
        waits, and handlers would work for the former until their deadline.
        """
        return False

    def pause_writing(self) -> None:
        self._writable = asyncio.Event()
        self.phase = WRITE

    def resume_writing(self) -> None:
        if self._writable is not None:
            self._writable.set()
            self._writable = None
        self._steps += 1  # a reader that is slow but reads makes headway
        if self.phase == WRITE:
            self.phase = RUN
            if self._task is None:
                self._go_on()

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
            self._repeats += 1  # each is joined to what is there, so a flood of them must end early
            if self._repeats > self._server.limits.headers:
                raise HeadersTooLarge.over(self._server.limits.header_bytes)
        headers[name] = value

    def on_headers_complete(self) -> None:
        headers = self._headers
        # What comes after the body is nobody's header any more.
        self._headers = {}
        url, verb, limits = self._url, self._parser.get_method(), self._server.limits
        version = self._parser.get_http_version()
        if url[:1] != b"/" or b"#" in url:
            url = origin_form(verb, url, headers)
        if b"transfer-encoding" in headers or b"upgrade" in headers:
            check_encoding(version, headers)
        host = headers.get(b"host")
        if host is None or host != self._host or version != "1.1":
            self._check_host(host, version)
        if len(headers) + self._repeats > limits.headers:
            raise HeadersTooLarge.over(limits.header_bytes)
        if self._fed > limits.header_bytes or self._received + self._fed > limits.header_bytes:
            check_size(url, headers, limits.header_bytes)
        path, _, query = url.partition(b"?")
        request = Request(verb, path, query, headers, self._trusted)
        request.keep_alive = version == "1.1" and b"upgrade" not in headers
        self._request = request
        resource = self._server.resolve(request)
        self._size_limit = resource.max_body
        if self.phase == HEAD:
            self.phase = BODY
        length = headers.get(b"content-length")
        if length is not None and int(length) > self._size_limit:
            raise BodyTooLarge.over(self._size_limit)
        if b"expect" in headers and version == "1.1":
            self._promise(headers[b"expect"])

    def on_body(self, body: bytes) -> None:
        self._size += len(body)
        if self._size > self._size_limit:
            raise BodyTooLarge.over(self._size_limit)
        self._body.append(body)

    def on_message_complete(self) -> None:
        request = self._request
        assert request is not None
        body = self._body
        if body:
            request.body = body[0] if len(body) == 1 else b"".join(body)
        if request.keep_alive:
            request.keep_alive = self._parser.should_keep_alive()
        self._url = b""
        self._request = None
        if self._headers:  # trailers, which must not become the next request's headers
            self._headers = {}
        self._repeats = 0
        if self._size:
            self._body = []
            self._size = 0
        self._owes_continue = False
        # How much of what was just fed is the next request's is not known, so none is counted.
        self._received = -self._fed
        if self._task is None and not self._waiting and self._writable is None:
            self._start(request, start_task)
        else:
            self._queue(request)

    # Requests.

    def _check_host(self, host: bytes | None, version: str) -> None:
        """Checks what most requests of a connection have in common only when it changes."""
        if version not in {"1.0", "1.1"}:
            raise Malformed("This server speaks HTTP/1.1.")
        if host is not None or version == "1.1":
            check_host(host)
        self._host = host

    def _promise(self, expectation: bytes) -> None:
        """Tells a waiting peer to send its body, but not in the middle of another answer."""
        if expectation.lower() == b"100-continue":
            self._owes_continue = True
            if self._task is None and not self._waiting:
                self._keep_promise()

    def _keep_promise(self) -> None:
        if self._owes_continue:
            self._owes_continue = False
            self._transport.write(CONTINUE)

    def _count(self) -> None:
        """Bounds what is sent of an unfinished request: its head, or its body with all framing."""
        self._received += self._fed
        limit = self._server.limits.header_bytes
        if self._request is None and self._received > limit:
            self._refuse(HeadersTooLarge.over(limit))
        elif self._received > 2 * limit + CHUNK_OVERHEAD_MAX * self._size:
            self._refuse(BodyTooLarge.over(self._size_limit))

    def _queue(self, request: Request | HanseError) -> None:
        self._waiting.append(request)
        if len(self._waiting) >= self._server.limits.pipelined:
            self._transport.pause_reading()

    def _refuse(self, error: HanseError) -> None:
        """Answers what cannot be understood, after what was asked before it, and closes."""
        self.deaf = True
        if self._task is None and not self._waiting:
            self._refuse_now(error)
        else:
            self._waiting.append(error)

    def _refuse_now(self, error: HanseError) -> None:
        """Answers and parts."""
        self._write(problem(error), None)
        self._part()

    def _start(self, request: Request, start: Start) -> None:
        self.phase = RUN
        self._steps += 1
        task = start(self._serve(request), self._loop)
        if not task.done():  # a task that began at once may also have ended, and begun the next
            self._task = request.task = task

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
        if self._waiting or self.closing or self._url or self.phase != RUN:
            self._go_on()
        else:
            self.phase = IDLE

    def _go_on(self) -> None:
        """Turns to what waits; where nothing does and nothing more may come, closes."""
        if self._waiting:
            # A peer that does not take what it got is given no more: answers would pile up here.
            if self._writable is None:
                self._next()
        elif self.closing:
            self._part()
        elif self.phase == RUN:
            self.phase = IDLE if not self._url else HEAD if self._request is None else BODY
            self._keep_promise()

    def _next(self) -> None:
        request = self._waiting.popleft()
        if not self.deaf:
            self._transport.resume_reading()
        if isinstance(request, HanseError):
            self._refuse_now(request)
        else:
            # In a round of its own: a thousand that wait must not end up on one stack.
            self._start(request, start_soon)

    # Responses.

    def _write(self, response: Response, request: Request | None) -> None:
        if self._transport.is_closing():
            return
        close = request is None or self._is_last(request)
        bodiless = request is not None and request.verb == b"HEAD"
        date = self._server.date
        self._transport.write(whole(response, date, close=close, bodiless=bodiless))
        if close:
            self._stop_after_this()

    async def _write_stream(self, response: Response, request: Request) -> None:
        """Sends parts as they come, and waits for a peer that reads slowly."""
        close = self._is_last(request)
        write = self._transport.write
        # Without keep-alive the end of the connection is the end of the body, which HTTP/1.0 needs.
        write(head_of_stream(response, self._server.date, close=close, chunked=not close))
        try:
            async with aclosing(response.stream) as parts:
                if request.verb != b"HEAD":
                    await self._send_parts(parts, chunked=not close)
        except Exception:
            log.exception("answering %r broke off", request.path)
            self._stop_after_this()
            self.abort()  # the one way to say so after the head has gone
        if close:
            self._stop_after_this()

    async def _send_parts(self, parts: AsyncIterator[bytes], *, chunked: bool) -> None:
        write = self._transport.write
        async for part in parts:
            if part:
                write(chunk(part) if chunked else part)
            if self._writable is not None:
                await self._writable.wait()
        if chunked:
            write(LAST_CHUNK)

    def _is_last(self, request: Request) -> bool:
        """Whether the connection ends with this answer; what came before a drain is answered."""
        return not request.keep_alive or (self._server.draining and not self._waiting)

    def _stop_after_this(self) -> None:
        """Whatever the peer sent after a request that ends the connection was never asked."""
        self._waiting.clear()
        self.closing = self.deaf = True

    def _part(self) -> None:
        """Says no more, and lets the peer close first.

        If we did while it still sends, TCP would reset the connection and the last answer be lost
        with it (RFC 9112, 9.6).
        """
        self.closing = self.deaf = True
        if self._transport.is_closing() or not self._transport.can_write_eof():
            self._close()
        else:
            self.phase = LINGER
            self._transport.write_eof()

    def _close(self) -> None:
        self.closing = self.deaf = True
        self.phase = CLOSE
        self._transport.close()

    # The host calls these.

    def abort(self) -> asyncio.Task[None] | None:
        """Ends the connection at once; the task that is cancelled by that, if one runs."""
        self._transport.abort()
        return self._task

    def drain(self) -> None:
        """Closes as soon as nothing is under way."""
        self.closing = True
        if self._task is None and not self._waiting and self.phase == IDLE:
            self._close()

    def look(self, now: float) -> None:
        """Ends the connection if its peer has been too slow; called a few times a second."""
        held = self._transport.get_write_buffer_size() if self.phase >= WRITE else 0
        seen = (self._steps, self.phase, held)
        if seen != self._seen:
            self._seen, self._seen_at = seen, now
            return
        limits, spent = self._server.limits, now - self._seen_at
        if self.phase == IDLE and (spent > limits.idle_timeout or self._server.draining):
            self._close()
        elif self.phase == HEAD and spent > limits.header_timeout:
            self._refuse(TooSlow("The headers took too long."))
        elif self.phase == BODY and spent > limits.body_timeout:
            self._refuse(TooSlow("The body took too long."))
        elif self.phase >= WRITE and spent > (limits.write_timeout if held else LINGER_SECONDS):
            self.abort()


def _reason(error: httptools.HttpParserError) -> str:
    return f"This is not HTTP/1.1 as RFC 9112 has it: {str(error)[:100]}"


def start_now(coroutine: Any, loop: asyncio.AbstractEventLoop) -> asyncio.Task[None]:
    """Runs a task up to its first wait, where Python can (3.12)."""
    make: Any = asyncio.Task
    return make(coroutine, loop=loop, eager_start=True)


def start_soon(coroutine: Any, loop: asyncio.AbstractEventLoop) -> asyncio.Task[None]:
    """Begins a task in the loop's next round."""
    return asyncio.Task(coroutine, loop=loop)


start_task: Start = start_now if sys.version_info >= (3, 12) else start_soon
"""How a request's task begins: at once where Python can, else in the loop's next round."""
