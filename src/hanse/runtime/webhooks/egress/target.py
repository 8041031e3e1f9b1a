"""Where a webhook goes: a URL, read so strictly that all who read it after us read the same."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import msgspec

from hanse.runtime.errors import InvalidArgument, Violation

URL_MAX = 2000

_HOST = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9._-]{0,251}[a-zA-Z0-9])?\.?|[0-9a-fA-F:.]{2,45}")
_URL = re.compile(r"[!-~]+")


class Target(msgspec.Struct, frozen=True):
    """Where one goes.

    Attributes:
        origin: `https://example.com:8443`.
        authority: What is asked for there: host, and port where the URL has one.
        host: As it is looked up.
        port: As it is connected to.
        path: With its query.
    """

    origin: str
    authority: str
    host: str
    port: int
    path: str


def read_target(url: str, *, http: bool = False) -> Target:
    """A URL as a target.

    Args:
        url: As it was given.
        http: Whether plain HTTP will do.

    Raises:
        InvalidArgument: It is none; says why.
    """
    if len(url) > URL_MAX or not _URL.fullmatch(url) or "\\" in url:
        raise _refused(f"is visible ASCII of {URL_MAX} characters at most, percent-encoded")
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        raise _refused("cannot be read") from None
    if parts.scheme not in {"https", "http"} or (parts.scheme == "http" and not http):
        raise _refused("begins with https://")
    if "@" in parts.netloc or "#" in url:
        raise _refused("has no user, no password and no #")
    if not _HOST.fullmatch(host) or port == 0:
        raise _refused("names a host, and a port if it is not 443; write other letters as xn--…")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    usual = 443 if parts.scheme == "https" else 80
    origin = f"{parts.scheme}://{parts.netloc}"
    return Target(origin, parts.netloc, host, port or usual, path)


def _refused(rule: str) -> InvalidArgument:
    message = f"The address of a webhook {rule}."
    return InvalidArgument(message, violations=(Violation("url", rule, message),))
