"""A request that came in and the response that goes out, independent of how they travel."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Protocol

import msgspec

from hanse.runtime.http.body_stream import BodyStream
from hanse.runtime.identity.shown import Shown

JSON = b"content-type: application/json\r\n"
TEXT = b"content-type: text/plain; charset=utf-8\r\n"
HTML = b"content-type: text/html; charset=utf-8\r\n"


class Request(msgspec.Struct, eq=False):
    """One request, whole.

    Attributes:
        verb: `GET`, `POST`, …
        path: Raw path without query, as it came.
        query: Raw query without `?`.
        headers: By lower-case name; repeated ones joined with `, `.
        trusted: Whether the connection may carry our context headers.
        shown: Credentials its connection showed before.
        keep_alive: Whether the connection stays open afterwards.
        chunks: Whether its sender knows chunked answers, which HTTP/1.0 does not.
        held: Bytes its body takes of the host's room.
        plain: Whether its answer goes out as it is, unless it is large.
        resource: What answers it, once that has been found.
        parameters: Values of the parameters in its path.
        task: What answers it, where that is known before it runs.
        gate: Whether the gateway passed it on, which may say whose domain it was sent to.
        stream: The body as it comes, where it is large and its resource takes it so; else None, and
            `body` is all of it.
        form: What was read of its body before the call: of a form with files.
    """

    verb: bytes
    path: bytes
    query: bytes
    headers: dict[bytes, bytes]
    trusted: bool
    shown: Shown
    keep_alive: bool = True
    chunks: bool = True
    held: int = 0
    plain: bool = False
    body: bytes = b""
    resource: Any = None
    parameters: dict[str, str] = {}
    task: Any = None
    gate: bool = False
    stream: BodyStream | None = None
    form: Any = None

    @property
    def lasts(self) -> bool:
        """Whether another may follow: what did not come of a body would be taken for the next."""
        return self.keep_alive and (self.stream is None or self.stream.complete)

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body, however it comes."""
        if self.stream is None:
            yield self.body
        else:
            async for piece in self.stream:
                yield piece


class Response(msgspec.Struct, eq=False):
    """What goes out.

    Attributes:
        status: HTTP status.
        head: Header lines, each ended by CRLF; length, date and connection are added on the way.
        body: The whole body.
        stream: Parts of a body that is not known yet (an async generator); then `body` is empty.
        takeover: Makes the protocol that has the connection's transport from here on.
        own: Header lines of this answer alone, like its ETag and trace; apart from `head`, because
            that is the same for many and kept with all that stands around it.
    """

    status: int
    head: bytes = b""
    body: bytes = b""
    stream: Any = None
    takeover: Any = None
    own: bytes = b""


class Resource(Protocol):
    """Something that answers requests.

    Attributes:
        max_body: Bytes of a request's body at most.

    One with a true `takes_stream` is asked as soon as the head of a large request has come.
    """

    max_body: int

    async def serve(self, request: Request) -> Response:
        """The response."""
        ...
