"""One HTTP/1.1 connection: requests in, responses out, in order, within limits."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol, cast

import httptools

from hanse.kit.clock import monotonic
from hanse.runtime.errors import HanseError, Internal
from hanse.runtime.server.message import Request, Response
from hanse.runtime.server.problem import problem
from hanse.runtime.server.refusal import BodyTooLarge, HeadersTooLarge, Malformed, TooSlow

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from hanse.runtime.call.admission import Limits

log = logging.getLogger("hanse.http")

STATUS_LINES = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus
} | {499: b"HTTP/1.1 499 Client Closed Request\r\n"}

SAFE = b"x-content-type-options: nosniff\r\n"


class Server(Protocol):
    """What a connection needs of its host."""

    limits: Limits
    date: bytes
    draining: bool
    connections: set[Connection]

    def body_limit(self, verb: bytes, path: bytes) -> int: ...

    async def answer(self, request: Request) -> Response: ...


class Connection(asyncio.Protocol):
    """Parses, queues and answers the requests of one peer.

    At most one request runs at a time; those sent ahead wait their turn, up to a bound beyond which the
    peer is not read. The host's sweep looks at `phase_since` to find peers that are too slow.
    """

    __slots__ = (
        "_body", "_continue", "_fatal", "_headers", "_parser", "_received", "_request", "_server",
        "_size", "_size_limit", "_task", "_transport", "_trusted", "_url", "_waiting", "_writable",
        "closing", "phase", "phase_since",
    )  # fmt: skip

    def __init__(self, server: Server, *, trusted: bool) -> None:
        self._server = server
        self._trusted = trusted
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._waiting: deque[Request | HanseError] = deque()
        self._task: asyncio.Task[None] | None = None
        self._writable: asyncio.Event | None = None
        self._fatal = False
        self.closing = False
        self._begin()
        self.phase = "idle"
        self.phase_since = monotonic()

    # asyncio calls these.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports do not inherit from asyncio's, they only behave like them.
        self._transport = cast("asyncio.Transport", transport)
        self._server.connections.add(self)
        if len(self._server.connections) > self._server.limits.connections:
            self.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.connections.discard(self)
        self.closing = True
        self._waiting.clear()
        if self._writable is not None:
            self._writable.set()
        if self._task is not None:
            self._task.cancel()

    def data_received(self, data: bytes) -> None:
        if self._fatal:
            return
        if self.phase == "idle":
            self._phase("head")
        if self.phase == "head":
            self._received += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._refuse(Malformed("This server does not switch protocols."))
        except httptools.HttpParserError as error:
            cause = error.__context__
            self._refuse(cause if isinstance(cause, HanseError) else Malformed(_reason(error)))
        if self.phase == "head" and self._received > self._server.limits.header_bytes:
            self._refuse(HeadersTooLarge(self._server.limits.header_bytes))

    def eof_received(self) -> bool:
        """A peer that has only stopped sending still gets the answers it waits for."""
        self._fatal = True
        self.closing = True
        return self._task is not None

    def pause_writing(self) -> None:
        self._writable = asyncio.Event()
        self._phase("write")

    def resume_writing(self) -> None:
        if self._writable is not None:
            self._writable.set()
            self._writable = None
        self._phase("idle" if self._task is None else "run")

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
        if len(headers) > self._server.limits.headers:
            raise HeadersTooLarge(self._server.limits.header_bytes)

    def on_headers_complete(self) -> None:
        path, _, query = self._url.partition(b"?")
        verb = self._parser.get_method()
        headers = self._headers
        if b"host" not in headers and self._parser.get_http_version() == "1.1":
            raise Malformed("The Host header is missing.")
        self._request = Request(verb, path, query, headers, trusted=self._trusted)
        self._request.keep_alive = self._parser.should_keep_alive()
        if b"content-length" in headers or b"transfer-encoding" in headers:
            self._expect_body(verb, path, headers)

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

    def _phase(self, phase: str) -> None:
        self.phase = phase
        self.phase_since = monotonic()

    def _expect_body(self, verb: bytes, path: bytes, headers: dict[bytes, bytes]) -> None:
        """Refuses a body that is announced as too large before any of it is read."""
        self._size_limit = self._server.body_limit(verb, path)
        length = headers.get(b"content-length", b"")
        if length and int(length) > self._size_limit:
            raise BodyTooLarge(self._size_limit)
        self._phase("body")
        if headers.get(b"expect", b"").lower() == b"100-continue" and self._transport is not None:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _queue(self, request: Request | HanseError) -> None:
        self._waiting.append(request)
        if len(self._waiting) >= self._server.limits.pipelined and self._transport is not None:
            self._transport.pause_reading()

    def _refuse(self, error: HanseError) -> None:
        """Answers what cannot be understood, after what was asked before it, and closes."""
        self._fatal = True
        if self._task is None:
            self._write(problem(error), None)
            self._close()
        else:
            self._waiting.append(error)

    def _start(self, request: Request) -> None:
        self.phase = "run"
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
        self._next()

    def _next(self) -> None:
        """Turns to the next request that waits, or to waiting."""
        if self.closing and not self._waiting:
            self._close()
            return
        if not self._waiting:
            if self.phase == "run":
                self._phase("idle")
            return
        request = self._waiting.popleft()
        if self._transport is not None:
            self._transport.resume_reading()
        if isinstance(request, HanseError):
            self._write(problem(request), None)
            self._close()
        else:
            self._start(request)

    # Responses.

    def _write(self, response: Response, request: Request | None) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        body = response.body
        keep = request is not None and request.keep_alive and not self._server.draining
        connection = b"" if keep else b"connection: close\r\n"
        bodiless = response.status in {204, 304}
        length = b"" if bodiless else b"content-length: %d\r\n" % len(body)
        if request is not None and request.verb == b"HEAD":
            body = b""
        transport.write(
            b"".join((
                STATUS_LINES[response.status], response.head, SAFE, self._server.date, connection,
                length, b"\r\n", body,
            ))
        )  # fmt: skip
        if not keep:
            self.closing = True

    async def _write_stream(self, response: Response, request: Request) -> None:
        """Sends parts as they come, in chunks, and waits for a peer that reads slowly."""
        assert response.stream is not None and self._transport is not None
        head = STATUS_LINES[response.status] + response.head + SAFE + self._server.date
        self._transport.write(head + b"transfer-encoding: chunked\r\n\r\n")
        try:
            if request.verb != b"HEAD":
                async for part in response.stream:
                    if part:
                        self._transport.write(b"%x\r\n%b\r\n" % (len(part), part))
                    if self._writable is not None:
                        await self._writable.wait()
            self._transport.write(b"0\r\n\r\n")
        finally:
            await response.stream.aclose()  # type: ignore[attr-defined]
        if not request.keep_alive or self._server.draining:
            self.closing = True

    def _close(self) -> None:
        self.closing = True
        self._fatal = True
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Ends the connection at once."""
        if self._transport is not None:
            self._transport.abort()

    def look(self, now: float) -> None:
        """Ends the connection if its peer has been too slow; called a few times a second."""
        limits = self._server.limits
        spent = now - self.phase_since
        match self.phase:
            case "idle" if spent > limits.idle_timeout:
                self._close()
            case "head" if spent > limits.header_timeout:
                self._refuse(TooSlow("The headers took too long."))
            case "body" if spent > limits.body_timeout:
                self._refuse(TooSlow("The body took too long."))
            case "write" if spent > limits.write_timeout:
                self.abort()
            case _:
                pass

    def drain(self) -> None:
        """Closes as soon as nothing is under way."""
        self.closing = True
        if self._task is None and not self._waiting and self.phase == "idle":
            self._close()


SINGLE = frozenset({
    b"authorization", b"content-length", b"content-type", b"host", b"hanse-context",
    b"connect-timeout-ms", b"traceparent", b"transfer-encoding",
})  # fmt: skip
"""Headers whose repetition means that two parties would read two different requests."""


def _reason(error: httptools.HttpParserError) -> str:
    return f"This is not HTTP/1.1 as RFC 9112 has it: {str(error)[:100]}"


def _eager() -> Callable[[Any], asyncio.Task[None]]:
    """How a request's task is started: at once where Python can (3.12), else in the next round."""
    import sys  # noqa: PLC0415 - only here

    if sys.version_info >= (3, 12):

        def start(coroutine: Any) -> asyncio.Task[None]:
            loop = asyncio.get_running_loop()
            return asyncio.Task(coroutine, loop=loop, eager_start=True)

        return start

    def start_later(coroutine: Any) -> asyncio.Task[None]:
        return asyncio.Task(coroutine, loop=asyncio.get_running_loop())

    return start_later


start_task: Callable[[Awaitable[None]], asyncio.Task[None]] = _eager()
