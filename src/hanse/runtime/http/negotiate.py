"""What a client may ask of any answer: not again if unchanged (ETag), and smaller (gzip)."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import re
from typing import TYPE_CHECKING

from hanse.runtime.http.message import Response

if TYPE_CHECKING:
    from hanse.runtime.http.message import Request

COMPRESS_BYTES_MIN = 1024
IN_THREAD_BYTES_MIN = 64 * 1024
"""From here on compressing takes over a millisecond, which the loop has not."""

LEVEL = 5

_COMPRESSIBLE = re.compile(
    rb"content-type: (?:text/(?!event-stream)|"
    rb"application/(?:[a-z.]+\+)?(?:json|xml|javascript)|image/svg)"
)
_REFUSED = re.compile(rb"\s*q\s*=\s*0(?:\.0*)?\s*")


async def negotiated(request: Request, response: Response) -> Response:
    """The response as this client gets it best."""
    if request.verb in {b"GET", b"HEAD"} and response.status == 200 and _is_kept(response):
        tag = _tag(response)
        if tag and matches(request.headers.get(b"if-none-match", b""), tag):
            if response.stream is not None:
                await response.stream.aclose()
            return Response(304, response.head, own=response.own)
    if response.stream is not None:
        return response
    if len(response.body) >= COMPRESS_BYTES_MIN and _COMPRESSIBLE.search(response.head):
        response.head += b"vary: accept-encoding\r\n"
        if accepts_gzip(request.headers.get(b"accept-encoding", b"")):
            await _compress(response)
    return response


def _is_kept(response: Response) -> bool:
    """Whether anybody may keep it; of what nobody keeps nobody can ask if it has changed."""
    return b"cache-control: no-store\r\n" not in response.head


def _tag(response: Response) -> bytes:
    """The ETag, made of the body if there is none; empty where nobody can know it.

    Weak, as the same content also goes out compressed (RFC 9110, 8.8.3.3).
    """
    given = (b"\r\n" + response.head).partition(b"\r\netag: ")[2]
    if given:
        return given.partition(b"\r\n")[0]
    if response.stream is not None:
        return b""
    tag = b'W/"' + hashlib.blake2b(response.body, digest_size=12).hexdigest().encode() + b'"'
    response.own += b"etag: " + tag + b"\r\n"
    return tag


def accepts_gzip(value: bytes) -> bool:
    """Whether `Accept-Encoding` lets gzip pass; `*` is what is not named (RFC 9110, 12.5.3)."""
    if not value:
        return False
    accepted: dict[bytes, bool] = {}
    for one in value.lower().split(b","):
        coding, _, weight = one.partition(b";")
        accepted[coding.strip()] = _REFUSED.fullmatch(weight) is None
    return accepted.get(b"gzip", accepted.get(b"*", False))


def matches(condition: bytes, tag: bytes) -> bool:
    """Whether `If-None-Match` names a tag, compared weakly (RFC 9110, 13.1.2)."""
    if not condition:
        return False
    if condition.strip() == b"*":
        return True
    wanted = tag.removeprefix(b"W/")
    return any(one.strip().removeprefix(b"W/") == wanted for one in condition.split(b","))


async def _compress(response: Response) -> None:
    if len(response.body) >= IN_THREAD_BYTES_MIN:
        response.body = await asyncio.to_thread(gzip.compress, response.body, LEVEL, mtime=0)
    else:
        response.body = gzip.compress(response.body, LEVEL, mtime=0)
    response.head += b"content-encoding: gzip\r\n"
