"""Whether a form was sent from a page of its own site."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hanse.runtime.http.refusal import CrossSite

if TYPE_CHECKING:
    from hanse.runtime.http.message import Request

OWN = frozenset({b"same-origin", b"none"})
"""What `Sec-Fetch-Site` says of a page of the same origin, and of what no page asked for."""

_ORIGIN = re.compile(rb"(https?)://([^/?#@]+)", re.IGNORECASE)
_AUTHORITY = re.compile(rb"(\[[^\]]*\]|[^:\[\]]+)(?::([0-9]*))?")
_PORTS = {b"http": b"80", b"https": b"443"}


def check_same_origin(request: Request) -> None:
    """Refuses what a browser sends for a page of another origin.

    The rule is that of Go's `http.CrossOriginProtection` (net/http/csrf.go, and Filippo Valsorda,
    "Cross-Site Request Forgery", 2025): first what browsers say that know Fetch Metadata, then
    Origin. A neighbour on another subdomain is another origin too, whatever its cookies.

    Raises:
        CrossSite: The browser says that it is another, or that it may not say which.
    """
    headers = request.headers
    site = headers.get(b"sec-fetch-site")
    if site is not None:
        own = site.strip(b" \t") in OWN
    else:
        origin = headers.get(b"origin")
        own = origin is None or _names(origin.strip(b" \t"), headers.get(b"host", b""))
    if not own:
        raise CrossSite("This was sent from a page of another site; open the page here, and send.")


def _names(origin: bytes, host: bytes) -> bool:
    """Whether an origin is at the host that was asked; the scheme is not known here."""
    found = _ORIGIN.fullmatch(origin)
    if found is None:  # `null` too: a sandbox, a file, a page that may not say where it is from
        return False
    default = _PORTS[found[1].lower()]
    there = _authority(found[2], default)
    return there is not None and there == _authority(host.strip(b" \t"), default)


def _authority(text: bytes, default: bytes) -> tuple[bytes, bytes] | None:
    found = _AUTHORITY.fullmatch(text)
    return (found[1].lower(), found[2] or default) if found else None
