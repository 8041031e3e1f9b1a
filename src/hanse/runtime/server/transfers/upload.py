"""What serves a method whose body is a file, as it is: `POST /crm/v1/contacts:upload`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from hanse.runtime.data.files.failures import FileTooLarge
from hanse.runtime.data.files.name import NAMELESS
from hanse.runtime.server.arguments import refused, upload_reader
from hanse.runtime.server.rpc import RestRpc
from hanse.runtime.server.transfers.taking import TakesFiles

if TYPE_CHECKING:
    from hanse.runtime.call.endpoint import Endpoint
    from hanse.runtime.data.files.files import Files
    from hanse.runtime.http.message import Request
    from hanse.runtime.server.door import Door
    from hanse.runtime.server.transfers.taking import Received

NAME_HEADER = b"content-disposition"
"""As files are given out (RFC 6266), so it is said how one is called that comes in."""

BODY_MAX = 1 << 50
"""The file has its own bound, which counts while it comes and is told as what it is."""

_MARKED = re.compile(rb"(?i)(?:^|;)\s*filename\*\s*=\s*utf-8'[^']*'([^;\s]+)")
_QUOTED = re.compile(rb"(?i)(?:^|;)\s*filename\s*=\s*(?:\"((?:[^\"\\]|\\.)*)\"|([^\";\s]+))")
_ESCAPED = re.compile(r"\\(.)")


class Upload(TakesFiles, RestRpc):
    """Keeps the body of a request, whatever is said of its kind, and calls the method with it."""

    __slots__ = ("_accepts", "_files")

    def __init__(self, endpoint: Endpoint, door: Door, depth: int, files: Files) -> None:
        super().__init__(endpoint, door, depth)
        accepts = endpoint.method.upload
        assert accepts is not None
        self._accepts = accepts
        self._files = files
        self.max_body = BODY_MAX

    async def _receive(self, request: Request, received: Received) -> None:
        name = name_in(request.headers.get(NAME_HEADER, b""))
        self._check_length(request)
        body = request.pieces()
        received.files[self._method.body] = await self._files.take(
            received.site, name, body, self._accepts
        )

    def _check_length(self, request: Request) -> None:
        """Refuses at once what would be refused after it has come."""
        limit = self._accepts.max_bytes
        if int(request.headers.get(b"content-length", b"0")) > limit:
            raise FileTooLarge.over(limit)

    def _make_reader(self) -> Any:
        return upload_reader(self._method)


def name_in(header: bytes) -> str:
    """How a file is called: `attachment; filename="cv.pdf"`; what is not said has a name too.

    `filename*` counts before `filename` (RFC 6266, 4.3). Who writes UTF-8 into the plain one, as
    many do, is understood.

    Raises:
        InvalidArgument: It says something else.
    """
    if not header:
        return NAMELESS
    try:
        if marked := _MARKED.search(header):
            return unquote(marked[1].decode("ascii"), errors="strict")
        if quoted := _QUOTED.search(header):
            return _ESCAPED.sub(r"\1", (quoted[1] or quoted[2] or b"").decode())
    except UnicodeDecodeError:
        pass
    message = 'Content-Disposition names the file: attachment; filename="cv.pdf", in UTF-8.'
    raise refused("", "filename", message)
