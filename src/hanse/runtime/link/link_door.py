"""Where a link begins: an HTTP request at a trusted door that asks to go on as one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.runtime.errors import InvalidArgument
from hanse.runtime.http.message import Response
from hanse.runtime.link.served_link import ServedLink
from hanse.runtime.remote.frames import LINK_PROTOCOL

if TYPE_CHECKING:
    import asyncio

    from hanse.runtime.call.endpoint import Endpoint
    from hanse.runtime.http.message import Request
    from hanse.runtime.link.served_link import LinkHost
    from hanse.runtime.server.door import Door

_SWITCH = b"connection: upgrade\r\nupgrade: " + LINK_PROTOCOL + b"\r\n"


class LinkDoor:
    """The resource at `LINK_PATH`."""

    max_body = 0

    def __init__(self, host: LinkHost, endpoints: dict[str, Endpoint], door: Door) -> None:
        self._host = host
        self._endpoints = endpoints
        self._door = door

    async def serve(self, request: Request) -> Response:
        if request.headers.get(b"upgrade") != LINK_PROTOCOL:
            raise InvalidArgument("Hosts link up here, with Upgrade: hanse-link.")
        return Response(101, _SWITCH, takeover=self._begin)

    def _begin(self, transport: asyncio.Transport) -> ServedLink:
        return ServedLink(self._host, self._endpoints, self._door, transport)
