"""A request that came in and the response that goes out, independent of how they travel."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

JSON = b"content-type: application/json\r\n"
TEXT = b"content-type: text/plain; charset=utf-8\r\n"
HTML = b"content-type: text/html; charset=utf-8\r\n"


class Request:
    """One request, whole.

    Attributes:
        verb: `GET`, `POST`, …
        path: Raw path without query, as it came.
        query: Raw query without `?`.
        headers: By lower-case name; repeated ones joined with `, `.
        trusted: Whether the connection may carry our context headers.
    """

    __slots__ = ("body", "headers", "keep_alive", "path", "query", "trusted", "verb")

    def __init__(
        self, verb: bytes, path: bytes, query: bytes, headers: dict[bytes, bytes], *, trusted: bool
    ) -> None:
        self.verb = verb
        self.path = path
        self.query = query
        self.headers = headers
        self.body = b""
        self.trusted = trusted
        self.keep_alive = True


class Response:
    """What goes out.

    Attributes:
        head: Header lines, each ended by CRLF; length, date and connection are added on the way.
        stream: Parts of a body that is not known yet; then `body` is empty.
    """

    __slots__ = ("body", "head", "status", "stream")

    def __init__(
        self,
        status: int,
        head: bytes = b"",
        body: bytes = b"",
        stream: AsyncIterator[bytes] | None = None,
    ) -> None:
        self.status = status
        self.head = head
        self.body = body
        self.stream = stream
