"""What serves a form with files: they are taken in before its method is called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hanse.runtime.contract.file import file_fields, refused_field
from hanse.runtime.server.pages.form_fields import hidden_key
from hanse.runtime.server.pages.multipart_form import FormReceiver
from hanse.runtime.server.pages.page_arguments import file_form_reader
from hanse.runtime.server.pages.page_rpc import PageRpc
from hanse.runtime.server.pages.same_origin import check_same_origin
from hanse.runtime.server.transfers.taking import TakesFiles

if TYPE_CHECKING:
    from hanse.runtime.call.endpoint import Endpoint
    from hanse.runtime.data.files.files import Files
    from hanse.runtime.http.message import Request
    from hanse.runtime.server.door import Door
    from hanse.runtime.server.transfers.taking import Received

FRAMES_BYTES = 64 * 1024
"""For what stands between the parts of a form."""

PASSED_OVER_BYTES = 64 * 1024 * 1024
"""Of files that are too large, read on so that the form can say so; a larger body ends in a 413."""


class FileForm(TakesFiles, PageRpc):
    """A form that takes files."""

    __slots__ = ("_files", "_receiver")

    def __init__(self, endpoint: Endpoint, door: Door, files: Files) -> None:
        super().__init__(endpoint, door)
        self._files = files
        fields = file_fields(endpoint.method.request_type)
        tells = bool(refused_field(endpoint.method.request_type))
        self._receiver = FormReceiver(files, fields, self.max_body, tells=tells)
        self.max_body += FRAMES_BYTES + sum(one.accepts.max_bytes for one in fields.values())
        self.max_body += PASSED_OVER_BYTES if tells else 0

    async def _receive(self, request: Request, received: Received) -> None:
        check_same_origin(request)
        await self._receiver.receive(request, received)

    def _hidden_key(self, request: Request) -> str:
        return hidden_key(request.form.pairs)

    def _make_reader(self) -> Any:
        return file_form_reader(self._method)
