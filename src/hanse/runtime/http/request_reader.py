"""Makes requests of the bytes that come in, and refuses what is no request or too much of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import httptools

from hanse.runtime.call.room import SMALL
from hanse.runtime.errors import HanseError
from hanse.runtime.http.body_stream import BodyStream
from hanse.runtime.http.encode import CONTINUE
from hanse.runtime.http.head import check_encoding, check_host, check_size, origin_form
from hanse.runtime.http.message import Request
from hanse.runtime.http.refusal import BodyTooLarge, HeadersTooLarge, Malformed
from hanse.runtime.identity.shown import Shown

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from hanse.runtime.http.server import Server

SINGLE = frozenset({
    b"authorization", b"content-length", b"content-type", b"host", b"hanse-context",
    b"connect-timeout-ms", b"traceparent", b"transfer-encoding",
})  # fmt: skip
"""Headers whose repetition means that two parties would read two different requests."""

UNUSUAL = frozenset({b"connection", b"expect", b"transfer-encoding", b"upgrade"})
"""Headers that change how a request is read; most have none, and are looked at less closely."""

CHUNK_OVERHEAD_MAX = 8
"""Bytes on the wire for a byte of a chunked body, at most; beyond that somebody wastes our time."""

NO_HOST_YET = b"\0"

NOWHERE = cast("asyncio.Transport", None)


class RequestReader:
    """Reads the requests of one connection, one after the other.

    Args:
        server: The host; it resolves each request whose head is complete.
        take: Called with each request when it is complete.
        trusted: Whether the connection may carry our context headers.
        gate: Whether the gateway is at its other end.

    Attributes:
        url: Target of the request that has begun; empty between two.
        request: The one whose head is complete and whose body is not.
        stream: Its body, if its resource takes it as it comes.
        owes_continue: Whether its sender waits to be told to send the body.
    """

    __slots__ = (
        "_behind", "_body", "_fed", "_gate", "_head_max", "_headers", "_held", "_host", "_limits",
        "_parser", "_received", "_repeats", "_resolve", "_room", "_shown", "_size", "_size_limit",
        "_source", "_take", "_trusted", "owes_continue", "request", "stream", "url",
    )  # fmt: skip

    def __init__(
        self,
        server: Server,
        take: Callable[[Request], None],
        *,
        trusted: bool,
        gate: bool,
    ) -> None:
        self._limits = server.limits
        self._head_max = server.limits.header_bytes
        self._resolve = server.resolve
        self._room = server.room
        self._take = take
        self._trusted = trusted
        self._gate = gate
        self._shown = Shown()
        self._parser = httptools.HttpRequestParser(self)
        self._host: bytes | None = NO_HOST_YET
        self._headers: dict[bytes, bytes] = {}
        self._body: bytes | bytearray = b""
        self._fed = self._received = self._repeats = self._size = self._size_limit = 0
        self._held = 0
        self._behind = False
        self.url = b""
        self.request: Request | None = None
        self.stream: BodyStream | None = None
        self._source = NOWHERE
        self.owes_continue = False

    @property
    def in_body(self) -> bool:
        """Whether the head of a request has come and its body has not."""
        return self.request is not None

    @property
    def progress(self) -> tuple[bool, int]:
        """What is otherwise whenever a slow peer makes headway."""
        return self.in_body, 0 if self.stream is None else self.stream.received

    @property
    def starving(self) -> bool:
        """Whether more of a body is waited for."""
        return self.in_body and (self.stream is None or self.stream.starving)

    def feed(self, data: bytes) -> None:
        """Reads on.

        Raises:
            HanseError: This is no request that we take; nothing after it can be understood.
            httptools.HttpParserUpgrade: What follows the last request is another protocol.
        """
        self._fed = len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            raise
        except httptools.HttpParserError as error:
            cause = error.__context__
            raise (cause if isinstance(cause, HanseError) else _malformed(error)) from None
        if self.url:
            self._count()
        else:
            self._received = 0
            self._behind = False

    def believe(self, *, trusted: bool, gate: bool) -> None:
        """Says what the connection is believed, where only its peer's certificate tells."""
        self._trusted, self._gate = trusted, gate

    def read_from(self, transport: asyncio.Transport) -> None:
        """Says where the bytes come from."""
        self._source = self._shown.source = transport

    def keep_promise(self) -> None:
        """Tells a waiting peer to send its body; not to be called amid another answer."""
        if self.owes_continue:
            self.owes_continue = False
            self._source.write(CONTINUE)

    def drop(self, error: HanseError | None = None) -> None:
        """Forgets what came of a request that will never be complete."""
        if self.stream is not None:
            self.stream.fail(error)
        self._room.give(self._held)
        self._body = b""
        self._held = 0

    # httptools calls these.

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        headers = self._headers
        if name in headers:
            value = self._joined(name, value)
        headers[name] = value

    def on_headers_complete(self) -> None:
        headers, url, limits, parser = self._headers, self.url, self._limits, self._parser
        # What comes after the body is nobody's header any more.
        self._headers = {}
        verb = parser.get_method()
        if url[:1] != b"/" or b"#" in url:
            url = origin_form(verb, url, headers)
        if len(headers) + self._repeats > limits.headers:
            raise HeadersTooLarge.over(limits.header_bytes)
        fed, most = self._fed, self._head_max
        if self._behind or fed > most or self._received + fed > most:
            check_size(url, headers, self._head_max)
        keep_alive = parser.should_keep_alive()
        path, query = url, b""
        if b"?" in url:
            path, _, query = url.partition(b"?")
        request = Request(verb, path, query, headers, self._trusted, self._shown, keep_alive)
        request.gate = self._gate
        # To ask for the version makes a text of it; only 1.1 keeps alive by itself.
        unusual = not keep_alive or not UNUSUAL.isdisjoint(headers)
        if unusual or headers.get(b"host") != self._host:
            self._look_closer(request)
        self.request = request
        resource = self._resolve(request)
        self._size_limit = resource.max_body
        length = headers.get(b"content-length")
        size = int(length) if length is not None else 0
        if size > self._size_limit:
            raise BodyTooLarge.over(self._size_limit)
        is_large = size > SMALL or b"transfer-encoding" in headers
        if is_large and getattr(resource, "takes_stream", False):
            request.stream = self.stream = BodyStream(self._source, self.keep_promise)
            self._take(request)

    def on_body(self, body: bytes) -> None:
        self._size += len(body)
        if self._size > self._size_limit:
            raise BodyTooLarge.over(self._size_limit)
        if self.stream is not None:
            self.stream.feed(body)
            return
        if self._size > SMALL:
            self._held = self._room.hold(self._size, self._held)
        if not self._body:
            self._body = body  # most come in one piece
            return
        if isinstance(self._body, bytes):
            self._body = bytearray(self._body)
        self._body += body  # no list: of chunks of two bytes each piece would weigh fifty

    def on_message_complete(self) -> None:
        request, body = self.request, self._body
        assert request is not None
        stream, self.stream = self.stream, None
        if stream is not None:
            self._size = 0
            stream.end()
        elif body:
            request.body = bytes(body)  # itself, if it came in one piece
            request.held, self._held = self._held, 0
            self._body = b""
            self._size = 0
        if self._headers:  # trailers, which must not become the next request's headers
            self._headers = {}
        self.url = b""
        self.request = None
        self.owes_continue = False
        self._repeats = 0
        # How much of what was just fed is the next request's is not known, so none is counted.
        self._received = -self._fed
        self._behind = True
        if stream is None:
            self._take(request)

    # What few requests need.

    def _joined(self, name: bytes, value: bytes) -> bytes:
        """A repeated header; each is joined to what is there, so a flood of them must end early."""
        if name in SINGLE:
            raise Malformed(f"The header {name.decode('latin-1')} comes twice.")
        self._repeats += 1
        if self._repeats > self._limits.headers:
            raise HeadersTooLarge.over(self._limits.header_bytes)
        return self._headers[name] + b", " + value

    def _look_closer(self, request: Request) -> None:
        """Checks what most requests of a connection have in common, or do not have at all."""
        headers, version = request.headers, self._parser.get_http_version()
        if version not in {"1.0", "1.1"}:
            raise Malformed("This server speaks HTTP/1.1.")
        host = headers.get(b"host")
        if host is not None or version == "1.1":
            check_host(host)
        self._host = host if version == "1.1" else NO_HOST_YET
        if b"transfer-encoding" in headers or b"upgrade" in headers:
            check_encoding(version, headers)
        request.chunks = version == "1.1"
        request.keep_alive &= version == "1.1" and b"upgrade" not in headers
        expectation = headers.get(b"expect", b"").lower()
        self.owes_continue = expectation == b"100-continue" and version == "1.1"

    def _count(self) -> None:
        """Bounds what is sent of an unfinished request: its head, or its body with all framing."""
        self._received += self._fed
        limit = self._limits.header_bytes
        if self.request is None and self._received > limit:
            raise HeadersTooLarge.over(limit)
        if self.request is not None and len(self._headers) > self._limits.headers:  # trailers
            raise HeadersTooLarge.over(limit)
        if self._received > 2 * limit + CHUNK_OVERHEAD_MAX * self._size:
            raise BodyTooLarge.over(self._size_limit)


def _malformed(error: httptools.HttpParserError) -> Malformed:
    return Malformed(f"This is not HTTP/1.1 as RFC 9112 has it: {str(error)[:100]}")
