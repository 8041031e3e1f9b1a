"""Files of a folder, for pages and what they show."""

from __future__ import annotations

import asyncio
import mimetypes
import stat
from typing import TYPE_CHECKING
from urllib.parse import unquote

from hanse.runtime.errors import NotFound
from hanse.runtime.http.message import Response
from hanse.runtime.server.pages.failure_page import failure

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from hanse.runtime.http.message import Request

CHUNK_BYTES = 256 * 1024
WHOLE_BYTES_MAX = 1024 * 1024
"""Up to here a file is sent whole, and compressed; larger ones in chunks, as they are."""

_TEXTUAL = ("text/", "application/javascript", "application/json", "image/svg")


class Files:
    """Serves what is in a folder, and nothing outside of it; dotfiles are not shown.

    Args:
        folder: Where the files are.
        prefix: Path below which they appear, e.g. `/assets`.
        max_age: Seconds a browser may use one without asking again.
    """

    max_body = 0

    def __init__(self, folder: Path, prefix: str, max_age: int = 0) -> None:
        self._folder = folder.resolve()
        self._prefix = prefix.rstrip("/").encode()
        self._max_age = max_age

    async def serve(self, request: Request) -> Response:
        """The file a path names."""
        if request.verb not in {b"GET", b"HEAD"}:
            return Response(405, b"allow: GET, HEAD\r\n")
        file = self._file(request.path)
        if file is None:
            return _missing(request)
        try:
            return self._response(file)
        except OSError:  # gone since, or not ours to read
            return _missing(request)

    def _file(self, path: bytes) -> Path | None:
        """The file, after links and dots are resolved, if it is still inside."""
        name = unquote(path[len(self._prefix) :].decode("ascii", "replace")).lstrip("/")
        if (
            "\0" in name
            or name.endswith("/")
            or any(part.startswith(".") for part in name.split("/"))
        ):
            return None
        try:
            file = (self._folder / (name or "index.html")).resolve(strict=True)
            inside = file.is_relative_to(self._folder) and stat.S_ISREG(file.stat().st_mode)
        except (OSError, RuntimeError):  # the latter is a loop of links, before Python 3.13
            return None
        return file if inside else None

    def _response(self, file: Path) -> Response:
        status = file.stat()
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        charset = "; charset=utf-8" if kind.startswith(_TEXTUAL) else ""
        head = f"content-type: {kind}{charset}\r\ncache-control: max-age={self._max_age}\r\n"
        if status.st_size <= WHOLE_BYTES_MAX:  # its ETag is made of what is in it, as of any answer
            return Response(200, head.encode(), file.read_bytes())
        head += f'etag: W/"{status.st_mtime_ns:x}-{status.st_size:x}"\r\n'
        return Response(200, head.encode(), stream=_chunks(file))


def _missing(request: Request) -> Response:
    return failure(NotFound("There is no such file."), "", request)


async def _chunks(file: Path) -> AsyncIterator[bytes]:
    with file.open("rb") as opened:  # opening is quick, reading goes to a thread
        while part := await asyncio.to_thread(opened.read, CHUNK_BYTES):
            yield part
