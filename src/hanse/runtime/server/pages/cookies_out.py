"""Cookies that an answer sets, as header lines (RFC 6265, 4.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hanse.runtime.contract.pages.cookie import SetCookie
    from hanse.runtime.http.message import Request


def cookie_lines(cookies: tuple[SetCookie, ...], request: Request) -> bytes:
    """A line for each."""
    secure = came_over_tls(request)
    return b"".join(_line(cookie, secure=secure) for cookie in cookies)


def came_over_tls(request: Request) -> bool:
    """Whether a browser asked over TLS, as far as is known.

    A gateway says so. Anybody else may say so too, and gets what only it keeps: cookies that it
    will send over TLS alone.
    """
    scheme = request.headers.get(b"x-forwarded-proto", b"").partition(b",")[0]
    return scheme.strip(b" \t").lower() == b"https"


def _line(cookie: SetCookie, *, secure: bool) -> bytes:
    parts = [f"set-cookie: {cookie.name}={cookie.value}", f"Path={cookie.path}"]
    if cookie.max_age is not None:
        parts.append(f"Max-Age={cookie.max_age:d}")
    parts.append(f"SameSite={cookie.same_site.capitalize()}")
    if cookie.http_only:
        parts.append("HttpOnly")
    if cookie.must_be_secure or (secure if cookie.secure is None else cookie.secure):
        parts.append("Secure")
    return ("; ".join(parts) + "\r\n").encode()
