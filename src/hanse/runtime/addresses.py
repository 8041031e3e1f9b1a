"""Where the methods of a host are found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.runtime.contract.file import file_fields
from hanse.runtime.server.connect import ConnectRpc
from hanse.runtime.server.connect_get import ConnectGet, can_be_got
from hanse.runtime.server.pages.file_form import FileForm
from hanse.runtime.server.pages.page_rpc import PageRpc
from hanse.runtime.server.rpc import RestRpc
from hanse.runtime.server.transfers.downloads import PARAMETER, Downloads
from hanse.runtime.server.transfers.upload import Upload

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hanse.runtime.call.endpoint import Endpoint
    from hanse.runtime.contract.method import Method
    from hanse.runtime.data.files.files import Files
    from hanse.runtime.server.door import Door
    from hanse.runtime.server.router import Router


class Addresses:
    """Gives methods their addresses in a router, behind one door.

    Args:
        router: Where they are found.
        door: What calls from outside pass.
        depth: Nesting of JSON that is read there.
        files: What takes in files, and gives them out; None where there are none.
    """

    def __init__(self, router: Router, door: Door, depth: int, files: Files | None = None) -> None:
        self._add = router.add
        self._door = door
        self._depth = depth
        self._files = files
        self._downloads: set[str] = set()

    def serve(
        self, instance: object, endpoints: Iterable[Endpoint], pages: Iterable[Endpoint]
    ) -> None:
        """Has a service answer at the addresses of its methods and pages."""
        for endpoint in endpoints:
            endpoint.serve_by(instance)
            self.add(endpoint, getattr(instance, "__rest__", RestRpc))
        for endpoint in pages:
            endpoint.serve_by(instance)
            self.add_page(endpoint)

    def add(self, endpoint: Endpoint, rest: type[RestRpc] = RestRpc) -> None:
        """A method as a resource, if it has a route, and at Connect's address.

        Args:
            endpoint: What answers.
            rest: What the resource is, of a protocol that has its own answers and errors.
        """
        method, door, depth = endpoint.method, self._door, self._depth
        route, connect = method.route, f"/{method.full_name}"
        if route is not None:
            self._add(route.verb, route.path, self._rest(endpoint, rest))
            self._add_downloads(route.path)
        self._add("POST", connect, ConnectRpc(endpoint, door, depth), hidden=route is None)
        if can_be_got(method):
            self._add("GET", connect, ConnectGet(endpoint, door, depth))

    def _rest(self, endpoint: Endpoint, rest: type[RestRpc]) -> RestRpc:
        if endpoint.method.upload is not None and self._files is not None:
            return Upload(endpoint, self._door, self._depth, self._files)
        return rest(endpoint, self._door, self._depth)

    def add_page(self, endpoint: Endpoint) -> None:
        """A page or a form, which has a path and nothing else."""
        route = endpoint.method.route
        assert route is not None
        if self._files is not None and takes_files(endpoint.method):
            self._add(route.verb, route.path, FileForm(endpoint, self._door, self._files))
        else:
            self._add(route.verb, route.path, PageRpc(endpoint, self._door))
        self._add_downloads(route.path)

    def _add_downloads(self, path: str) -> None:
        """Files are found beside what their host serves: the gateway looks at first segments."""
        segment = path.split("/", 2)[1]
        if self._files is None or not segment or "{" in segment or segment in self._downloads:
            return
        self._downloads.add(segment)
        folder = f"/{segment}/files"
        self._files.serve_below(folder)
        self._add("GET", f"{folder}/{{{PARAMETER}}}", Downloads(self._files))


def takes_files(method: Method) -> bool:
    """Whether it is a form with files."""
    return method.route is not None and bool(file_fields(method.request_type))
