"""Requests that are refused before they are understood."""

from __future__ import annotations

from typing import Self

from hanse.runtime.call.idempotency import REFUSALS as KEY_REFUSALS
from hanse.runtime.errors import InvalidArgument, NotFound, PermissionDenied


class Malformed(InvalidArgument):
    """The bytes are no HTTP, or HTTP that two parties could read differently."""

    code = "malformed_request"
    title = "Malformed request"


class BodyTooLarge(InvalidArgument):
    """The body is over the method's limit."""

    code = "body_too_large"
    status = 413
    title = "Body too large"
    limit_bytes: int

    @classmethod
    def over(cls, limit: int) -> Self:
        return cls(f"The body may have {limit} bytes at most.", limit_bytes=limit)


class HeadersTooLarge(InvalidArgument):
    """Request line and headers are over the host's limit."""

    code = "headers_too_large"
    status = 431
    title = "Headers too large"
    limit_bytes: int

    @classmethod
    def over(cls, limit: int) -> Self:
        return cls(f"The headers may have {limit} bytes at most.", limit_bytes=limit)


class TooSlow(InvalidArgument):
    """The request did not arrive in the time it may take."""

    code = "request_timeout"
    status = 408
    title = "Request timeout"


class MethodNotAllowed(NotFound):
    """The path is served, but not with this verb."""

    code = "method_not_allowed"
    status = 405
    title = "Method not allowed"


class UnsupportedMediaType(InvalidArgument):
    """The body is in a format that is not spoken here."""

    code = "unsupported_media_type"
    status = 415
    title = "Unsupported media type"


class CrossSite(PermissionDenied):
    """A browser sent a form for a page of another site."""

    code = "cross_site"
    title = "Sent from another site"


class NotFromHere(PermissionDenied):
    """A page that this machine alone may see was asked for by another name."""

    code = "not_from_here"
    title = "Shown to this machine alone"


TOLD_AS_THEY_ARE = (
    BodyTooLarge, HeadersTooLarge, UnsupportedMediaType, CrossSite, NotFromHere, *KEY_REFUSALS,
)  # fmt: skip
"""What a reader of arguments may raise. To the endpoint it is of a kind, as all nobody declared."""
