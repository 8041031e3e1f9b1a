"""What a head must hold to beyond its grammar, so that no two parties read two requests in it."""

from __future__ import annotations

import re

from hanse.runtime.http.refusal import HeadersTooLarge, Malformed

# RFC 3986, 3.2.2 and 3.2.3: a name or an address in brackets, and a port.
_HOST = re.compile(rb"(?:[A-Za-z0-9._~%!$&'()*+,;=\-]*|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{0,5})?")
# Without user information, which RFC 9110, 4.2.4, has us treat as an error.
_ABSOLUTE = re.compile(rb"https?://([^/?#@]+)(/[^?#]*)?(\?[^#]*)?", re.IGNORECASE)


def check_host(value: bytes | None) -> None:
    """Refuses a missing or impossible `Host` (RFC 9112, 3.2).

    Raises:
        Malformed: There is none, or no host could be called so.
    """
    if value is None:
        raise Malformed("The Host header is missing.")
    if not _HOST.fullmatch(value.rstrip(b" \t")):
        raise Malformed("The Host header names no host.")


def check_encoding(version: str, headers: dict[bytes, bytes]) -> None:
    """Refuses odd `Upgrade`s, and codings other than a plain `chunked` (RFC 9112, 6.1 and 6.3).

    The standard would let some of them pass; but each is a body that some proxy ends elsewhere. A
    body before another protocol is one that our parser would not read.

    Raises:
        Malformed: There is one, and it is another, or not alone in saying where the body ends.
    """
    given = headers.get(b"transfer-encoding")
    announced = given is not None or headers.get(b"content-length", b"0") != b"0"
    if b"upgrade" in headers and announced:
        raise Malformed("This server does not switch protocols, least of all after a body.")
    if given is None:
        return
    if version != "1.1":
        raise Malformed("Transfer-Encoding is for HTTP/1.1.")
    if b"content-length" in headers:
        raise Malformed("Content-Length and Transfer-Encoding contradict each other.")
    if given.rstrip(b" \t").lower() != b"chunked":
        raise Malformed("The only Transfer-Encoding understood here is: chunked.")


def check_size(url: bytes, headers: dict[bytes, bytes], limit: int) -> None:
    """Counts a head that came together with other things.

    Raises:
        HeadersTooLarge: It is over the limit.
    """
    lines = sum(len(name) + len(value) + 4 for name, value in headers.items())
    if len(url) + lines > limit:
        raise HeadersTooLarge.over(limit)


def origin_form(verb: bytes, url: bytes, headers: dict[bytes, bytes]) -> bytes:
    """A target that is no path, as one: proxies are asked by whole addresses (RFC 9112, 3.2.2).

    Raises:
        Malformed: It is no address of ours either, or another one than `Host` says.
    """
    if verb == b"OPTIONS" and url == b"*":
        return url
    found = _ABSOLUTE.fullmatch(url)
    if found is None or verb == b"CONNECT":
        raise Malformed("The target of the request is no path and no http address.")
    if headers.setdefault(b"host", found[1]).lower() != found[1].lower():
        raise Malformed("The target and the Host header name two hosts.")
    return (found[2] or b"/") + (found[3] or b"")
