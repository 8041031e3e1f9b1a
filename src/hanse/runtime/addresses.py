"""Where the methods of a host are found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.runtime.server.connect import ConnectRpc
from hanse.runtime.server.connect_get import ConnectGet, can_be_got
from hanse.runtime.server.pages.page_rpc import PageRpc
from hanse.runtime.server.rpc import RestRpc

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hanse.runtime.call.endpoint import Endpoint
    from hanse.runtime.server.door import Door
    from hanse.runtime.server.router import Router


class Addresses:
    """Gives methods their addresses in a router, behind one door.

    Args:
        router: Where they are found.
        door: What calls from outside pass.
        depth: Nesting of JSON that is read there.
    """

    def __init__(self, router: Router, door: Door, depth: int) -> None:
        self._add = router.add
        self._door = door
        self._depth = depth

    def serve(
        self, instance: object, endpoints: Iterable[Endpoint], pages: Iterable[Endpoint]
    ) -> None:
        """Has a service answer at the addresses of its methods and pages."""
        for endpoint in endpoints:
            endpoint.serve_by(instance)
            self.add(endpoint)
        for endpoint in pages:
            endpoint.serve_by(instance)
            self.add_page(endpoint)

    def add(self, endpoint: Endpoint) -> None:
        """A method as a resource, if it has a route, and at Connect's address."""
        method, door, depth = endpoint.method, self._door, self._depth
        route, connect = method.route, f"/{method.full_name}"
        if route is not None:
            self._add(route.verb, route.path, RestRpc(endpoint, door, depth))
        self._add("POST", connect, ConnectRpc(endpoint, door, depth), hidden=route is None)
        if can_be_got(method):
            self._add("GET", connect, ConnectGet(endpoint, door, depth))

    def add_page(self, endpoint: Endpoint) -> None:
        """A page or a form, which has a path and nothing else."""
        route = endpoint.method.route
        assert route is not None
        self._add(route.verb, route.path, PageRpc(endpoint, self._door))
