"""Which pages of other origins may call from a browser (WHATWG Fetch, "CORS protocol")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

if TYPE_CHECKING:
    from hanse.runtime.http.message import Request, Response

ALLOWED_HEADERS = (
    b"authorization, content-type, content-disposition, idempotency-key, traceparent, tracestate, "
    b"accept-language, connect-protocol-version, connect-timeout-ms"
)


Origin = Annotated[
    str,
    Meta(
        pattern=r"^(\*|https?://[^/\s]+)$",
        description="an origin is like https://shop.example, without a path; * is any",
    ),
]
Seconds = Annotated[int, Meta(ge=0)]


class Cors(msgspec.Struct, frozen=True):
    """Origins that may call.

    Credentials are bearer tokens, never cookies, so no answer says `Allow-Credentials`.

    Attributes:
        origins: Like `https://shop.example`; `*` for any.
        max_age: Seconds a browser may remember the permission.
    """

    origins: frozenset[Origin]
    max_age: Seconds = 600

    def allow(self, origin: bytes, response: Response) -> None:
        """Lets the page read the answer, if its origin is one of ours.

        That it depends on the origin is said of every answer: else what a cache keeps of one
        without would be given to a page that needs it.
        """
        response.head += b"vary: origin\r\n"
        allowed = self._allowed(origin)
        if allowed:
            response.head += (
                b"access-control-allow-origin: " + allowed + b"\r\n"
                b"access-control-expose-headers: retry-after, etag\r\n"
            )

    def preflight(self, request: Request, verbs: bytes, response: Response) -> None:
        """Answers the question a browser asks before it sends; `verbs` as in the Allow header."""
        asks = b"access-control-request-method" in request.headers
        if asks and self._allowed(request.headers.get(b"origin", b"")):
            response.head += (
                b"access-control-allow-methods: " + verbs + b"\r\n"
                b"access-control-allow-headers: " + ALLOWED_HEADERS + b"\r\n"
                b"access-control-max-age: %d\r\n" % self.max_age
            )

    def _allowed(self, origin: bytes) -> bytes:
        if "*" in self.origins:
            return b"*"
        return origin if origin.decode("latin-1") in self.origins else b""
