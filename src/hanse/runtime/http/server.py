"""What a connection needs of its host."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from hanse.runtime.call.admission import Limits
    from hanse.runtime.call.deadline import Deadlines
    from hanse.runtime.call.room import Room
    from hanse.runtime.http.connections import Connections
    from hanse.runtime.http.message import Request, Resource, Response


class Server(Protocol):
    """Limits to keep to, the time for its answers, who resolves and who answers."""

    limits: Limits
    room: Room
    date: bytes
    beginnings: dict[bytes, bytes]
    draining: bool
    connections: Connections
    deadlines: Deadlines

    def resolve(self, request: Request) -> Resource:
        """What will answer a request, noted in it."""
        ...

    async def finish(self, request: Request, response: Response) -> Response:
        """The response to a request that is not plain, or is large, as it goes out."""
        ...
