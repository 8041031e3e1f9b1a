"""Responses as bytes of HTTP/1.1."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hanse.runtime.http.message import Response

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

BODILESS = frozenset({204, 304})
"""Statuses that never have a body, nor the length of one (RFC 9110, 6.4.1 and 8.6)."""

CLOSE = b"connection: close\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
LAST_CHUNK = b"0\r\n\r\n"


def whole(response: Response, date: bytes, *, close: bool = False) -> bytes:
    """A response whose body is known."""
    body = response.body
    if response.status in BODILESS:
        return bodiless(response, date, close=close)
    line = STATUS_LINES[response.status]
    length = b"content-length: %d\r\n\r\n" % len(body)
    return b"".join((line, response.head, date, CLOSE if close else b"", length, body))


def bodiless(response: Response, date: bytes, *, close: bool) -> bytes:
    """The head alone, for the answer to HEAD and for what never has a body."""
    line = STATUS_LINES[response.status]
    length = b"" if response.status in BODILESS else b"content-length: %d\r\n" % len(response.body)
    return b"".join((line, response.head, date, CLOSE if close else b"", length, b"\r\n"))


def head_of_stream(response: Response, date: bytes, *, close: bool, chunked: bool) -> bytes:
    """The head of a response whose body comes in parts; a client of HTTP/1.0 knows no chunks."""
    encoding = b"transfer-encoding: chunked\r\n" if chunked else b""
    connection = CLOSE if close else b""
    line = STATUS_LINES[response.status]
    return b"%b%b%b%b%b\r\n" % (line, response.head, date, connection, encoding)


def chunk(part: bytes) -> bytes:
    """One part of a chunked body."""
    return b"%x\r\n%b\r\n" % (len(part), part)
