"""Gives files out at signed addresses: whole or in part, never to be shown by a browser."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from hanse.runtime.data.files.name import attachment
from hanse.runtime.errors import HanseError, NotFound
from hanse.runtime.http.message import Response
from hanse.runtime.server.door import domain_of
from hanse.runtime.server.pages.failure_page import failure

if TYPE_CHECKING:
    from hanse.runtime.contract.file import File
    from hanse.runtime.data.files.files import Files
    from hanse.runtime.http.message import Request

POLICY = (
    b"content-security-policy: default-src 'none'; sandbox; frame-ancestors 'none'\r\n"
    b"cross-origin-resource-policy: same-origin\r\n"
    b"referrer-policy: no-referrer\r\n"
    b"cache-control: private, no-store\r\n"
    b"accept-ranges: bytes\r\n"
)
"""Whatever is in a file, no browser runs it, frames it or keeps it."""

_END = re.compile(r"[0-9]{1,12}")
_RANGE = re.compile(rb"bytes=([0-9]{0,18})-([0-9]{0,18})")

PARAMETER = "file_id"


class Downloads:
    """What stands behind `Files.url`.

    Args:
        files: The host's.
    """

    max_body = 0

    def __init__(self, files: Files) -> None:
        self._files = files

    async def serve(self, request: Request) -> Response:
        """The file; a 404 to everybody whose address was not signed for it, or no longer holds."""
        try:
            return await self._served(request)
        except HanseError as error:
            refused = failure(error, "", request)
            refused.head += b"referrer-policy: no-referrer\r\n"
            return refused

    async def _served(self, request: Request) -> Response:
        site, name = self._opened(request)
        file_id = request.parameters[PARAMETER]
        file = await self._files.find(site, file_id)
        head = POLICY + _described(file, name or file.name)
        asked = _asked(request, file)
        if asked is None:
            _, pieces = await self._files.open(site, file_id)
            return Response(200, head, stream=pieces)
        start, end = asked
        if start >= end:
            return Response(416, head + b"content-range: bytes */%d\r\n" % file.size)
        _, pieces = await self._files.open(site, file_id, start, end)
        head += b"content-range: bytes %d-%d/%d\r\n" % (start, end - 1, file.size)
        return Response(206, head, stream=pieces)

    def _opened(self, request: Request) -> tuple[str, str]:
        """Whose file an address opens, and what it is called there.

        Raises:
            NotFound: It opens none, or one of another site than the domain it is asked at.
        """
        try:
            given = parse_qs(request.query.decode("ascii"), strict_parsing=True, max_num_fields=4)
            (site,), (end,), (signature,) = (given[one] for one in ("site", "end", "signature"))
            (name,) = given.get("name", [""])
        except (ValueError, KeyError):
            raise _closed() from None
        domain = domain_of(request)
        file_id = request.parameters[PARAMETER]
        if (domain and domain != site) or not _END.fullmatch(end):
            raise _closed()
        if not self._files.opens(site, file_id, int(end), signature):
            raise _closed()
        return site, self._files.name_in(site, file_id, int(end), name)


def _closed() -> NotFound:
    return NotFound("This address opens no file, or no longer; go back and follow the link again.")


def _described(file: File, name: str) -> bytes:
    lines = (
        f"content-type: {file.media_type}".encode(),
        b"content-disposition: " + attachment(name),
        f'etag: "{file.sha256}"'.encode(),
        b"",
    )
    return b"\r\n".join(lines)


def _asked(request: Request, file: File) -> tuple[int, int] | None:
    """Which part is asked for, its end not included; None for all (RFC 9110, 14.2).

    Of several parts, or of a range of another file, all is sent, as a server may.
    """
    found = _RANGE.fullmatch(request.headers.get(b"range", b"").replace(b" ", b""))
    condition = request.headers.get(b"if-range", b"").strip()
    if found is None or (condition and condition != f'"{file.sha256}"'.encode()):
        return None
    first, last = found.groups()
    if not first and not last:
        return None
    if not first:
        return max(0, file.size - int(last)), file.size
    end = min(int(last) + 1, file.size) if last else file.size
    return (int(first), end) if not last or int(first) <= int(last) else None
