"""What serves a form with files: they are taken in before its method is called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hanse.runtime.contract.file import file_fields
from hanse.runtime.errors import HanseError
from hanse.runtime.server.pages.multipart_form import FormReceiver, ReceivedForm
from hanse.runtime.server.pages.page_arguments import file_form_reader
from hanse.runtime.server.pages.page_rpc import PageRpc
from hanse.runtime.server.pages.same_origin import check_same_origin

if TYPE_CHECKING:
    from hanse.runtime.call.endpoint import Endpoint
    from hanse.runtime.data.files.files import Files
    from hanse.runtime.http.message import Request, Response
    from hanse.runtime.server.door import Door

FRAMES_BYTES = 64 * 1024
"""For what stands between the parts of a form."""


class FileForm(PageRpc):
    """A form that takes files. Its deadline begins when all of it is there.

    Nothing is kept for whoever may not send it, and nothing of a form that is refused.
    """

    __slots__ = ("_files", "_receiver")

    takes_stream = True

    def __init__(self, endpoint: Endpoint, door: Door, files: Files) -> None:
        super().__init__(endpoint, door)
        self._files = files
        fields = file_fields(endpoint.method.request_type)
        self._receiver = FormReceiver(files, fields, self.max_body)
        self.max_body += FRAMES_BYTES + sum(one.accepts.max_bytes for one in fields.values())

    async def serve(self, request: Request) -> Response:
        form = request.form = ReceivedForm("")
        try:
            try:
                await self._receive(request, form)
            except HanseError as error:
                self._endpoint.refused(error)
                return self._failed(error, "", request)
            return await super().serve(request)
        finally:
            if not form.handed_on:
                for file in form.files.values():
                    await self._files.drop(form.site, file)

    async def _receive(self, request: Request, form: ReceivedForm) -> None:
        door = self._door
        origin = door.origin(request) or await door.sign_in(request)
        self._method.rule.check(origin.principal)
        check_same_origin(request)
        form.site = origin.site
        await self._receiver.receive(request, form)

    def _make_reader(self) -> Any:
        return file_form_reader(self._method)
