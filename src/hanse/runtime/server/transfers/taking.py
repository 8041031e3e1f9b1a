"""What all methods share that are called with files: they are taken in before the call begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hanse.runtime.contract.file import File
from hanse.runtime.errors import HanseError
from hanse.runtime.server.rpc import Rpc

if TYPE_CHECKING:
    from hanse.runtime.data.files.files import Files
    from hanse.runtime.http.message import Request, Response


class Received(msgspec.Struct):
    """What came of a request before its call.

    Attributes:
        site: Whose files they are.
        pairs: Names and values of a form's fields, as they came.
        files: Those that were kept, by the name of their argument.
        refused: Codes of those that were not, where their method says so itself.
        handed_on: Its method has them: from here on it is known who decides on them.
    """

    site: str = ""
    pairs: list[tuple[str, str]] = msgspec.field(default_factory=list[tuple[str, str]])
    files: dict[str, File] = msgspec.field(default_factory=dict[str, File])
    refused: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    handed_on: bool = False


class TakesFiles(Rpc):
    """Takes in what is sent and calls the method. Its deadline begins when all of it is there.

    Nothing is kept for whoever may not send it, and nothing of a request that is refused.
    """

    __slots__ = ()

    takes_stream = True

    _files: Files

    async def serve(self, request: Request) -> Response:
        received = request.form = Received()
        try:
            try:
                received.site = await self._admit(request)
                await self._receive(request, received)
            except HanseError as error:
                self._endpoint.refused(error, self._door.seen(request))
                return self._failed(error, "", request)
            return await super().serve(request)
        finally:
            if not received.handed_on:
                for file in received.files.values():
                    await self._files.drop(received.site, file)

    async def _admit(self, request: Request) -> str:
        """The site of who sends it, if they may."""
        door = self._door
        origin = door.origin(request) or await door.sign_in(request)
        self._method.rule.check(origin.principal)
        return origin.site

    async def _receive(self, request: Request, received: Received) -> None:
        """Reads a request to its end; what it has kept is in `received` whatever happens.

        Raises:
            HanseError: It cannot be read, or a file is not taken.
        """
        raise NotImplementedError
