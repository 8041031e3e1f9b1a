"""One HTTP request on a connection of its own."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from hanse.kit.http import ANSWER_BYTES_MAX, Address, ConnectionFailed, connect

if TYPE_CHECKING:
    import ssl

FETCH_SECONDS = 10.0
"""For connecting and answering together."""


async def fetch(
    url: str,
    *,
    verb: str = "GET",
    headers: dict[str, str] | None = None,
    body: bytes = b"",
    limit: int = ANSWER_BYTES_MAX,
    tls: ssl.SSLContext | None = None,
) -> tuple[int, dict[str, str], bytes]:
    """One request on a connection of its own, for what is asked rarely: key sets, collectors.

    Args:
        url: With http or https.
        verb: The HTTP method.
        headers: Besides those every request needs.
        body: Sent as it is.
        limit: Bytes of the answer at most, its head and framing included.
        tls: For https, what to trust; the system's authorities if left out.

    Raises:
        ConnectionFailed: Nobody answers, in time or at all, or the answer is over the limit.
    """
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    lines = {"host": parts.netloc, "content-length": str(len(body)), **(headers or {})}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    request = f"{verb} {target} HTTP/1.1\r\n{head}\r\n".encode() + body
    try:
        async with asyncio.timeout(FETCH_SECONDS):
            channel = await connect(Address(f"{parts.scheme}://{parts.netloc}"), tls)
            channel.bodiless, channel.limit = verb == "HEAD", limit
            try:
                status, answered, content = await channel.exchange(request)
            finally:
                channel.close()
    except TimeoutError:
        raise ConnectionFailed(f"{url} gave no answer in {FETCH_SECONDS:g} s.", sent=True) from None
    return status, {k.decode("latin-1"): v.decode("latin-1") for k, v in answered.items()}, content
