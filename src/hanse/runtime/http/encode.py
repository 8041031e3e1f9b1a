"""Responses as bytes of HTTP/1.1."""

from __future__ import annotations

from contextlib import aclosing
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from hanse.runtime.http.message import Request, Response
    from hanse.runtime.http.server import Server

SAFE = b"x-content-type-options: nosniff\r\n"


class _StatusLines(dict[int, bytes]):
    """Status lines; a number that nobody registered has no phrase."""

    def __missing__(self, status: int) -> bytes:
        return b"HTTP/1.1 %d \r\n" % status + SAFE


STATUS_LINES = _StatusLines(
    {
        status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() + SAFE
        for status in HTTPStatus
    }
    | {499: b"HTTP/1.1 499 Client Closed Request\r\n" + SAFE}
)

BODILESS = frozenset({101, 204, 304})
"""Statuses that never have a body, nor the length of one (RFC 9110, 6.4.1 and 8.6)."""

BEGINNINGS_MAX = 64

CLOSE = b"connection: close\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
LAST_CHUNK = b"0\r\n\r\n"


@lru_cache(maxsize=1)
def date_line(second: int) -> bytes:
    """The header that says when; made once a second, in Unix time."""
    return f"date: {formatdate(second, usegmt=True)}\r\n".encode()


def whole(response: Response, server: Server, *, close: bool) -> bytes:
    """A response whose body is known."""
    body = response.body
    if response.status == 200 and not close:
        beginning = _beginning(response.head, server)
        return b"%b%d\r\n%b\r\n%b" % (beginning, len(body), response.own, body)
    if response.status in BODILESS:
        return bodiless(response, server, close=close)
    line = STATUS_LINES[response.status]
    length = b"content-length: %d\r\n\r\n" % len(body)
    head = response.head + response.own
    return b"".join((line, head, server.date, CLOSE if close else b"", length, body))


def _beginning(head: bytes, server: Server) -> bytes:
    """All of a good answer before its length: the same for most, until the date changes."""
    beginning = server.beginnings.get(head)
    if beginning is None:
        beginning = STATUS_LINES[200] + head + server.date + b"content-length: "
        if len(server.beginnings) < BEGINNINGS_MAX:
            server.beginnings[head] = beginning
    return beginning


def bodiless(response: Response, server: Server, *, close: bool) -> bytes:
    """The head alone, for the answer to HEAD and for what never has a body."""
    line = STATUS_LINES[response.status]
    length = b"" if response.status in BODILESS else b"content-length: %d\r\n" % len(response.body)
    head = response.head + response.own
    return b"".join((line, head, server.date, CLOSE if close else b"", length, b"\r\n"))


def head_of_stream(response: Response, request: Request, date: bytes, *, close: bool) -> bytes:
    """The head of a response whose body comes in parts.

    To HTTP/1.0, which knows no chunks, the end of the connection is the end of the body.
    """
    chunked = request.chunks and response.status not in BODILESS
    encoding = b"transfer-encoding: chunked\r\n" if chunked else b""
    connection = CLOSE if close else b""
    line = STATUS_LINES[response.status]
    head = response.head + response.own
    return b"%b%b%b%b%b\r\n" % (line, head, date, connection, encoding)


async def framed(response: Response, request: Request) -> AsyncGenerator[bytes, None]:
    """The parts of a response's stream as they are sent; closes the stream at the end."""
    async with aclosing(response.stream) as parts:
        if request.verb == b"HEAD":
            return
        bodiless = response.status in BODILESS
        async for part in parts:
            if part and not bodiless:
                yield b"%x\r\n%b\r\n" % (len(part), part) if request.chunks else part
        if request.chunks and not bodiless:
            yield LAST_CHUNK
