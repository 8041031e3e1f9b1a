"""From a request to the resource that answers it, and what holds for all resources alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.runtime.errors import HanseError, NotFound, Unimplemented
from hanse.runtime.server.message import Request, Response
from hanse.runtime.server.negotiate import negotiated
from hanse.runtime.server.problem import problem
from hanse.runtime.server.refusal import MethodNotAllowed

if TYPE_CHECKING:
    from hanse.runtime.server.cors import Cors
    from hanse.runtime.server.router import Resource, Router, Verbs

UNKNOWN_BODY_MAX = 64 * 1024
"""Bytes read of a body for a path that nobody serves, so that its sender gets a plain 404."""


class Dispatcher:
    """Answers requests by a router's resources.

    Args:
        cors: Which pages of other origins may call; None for none.
    """

    __slots__ = ("_cors", "_router")

    def __init__(self, router: Router, cors: Cors | None = None) -> None:
        self._router = router
        self._cors = cors

    def body_limit(self, verb: bytes, path: bytes) -> int:
        """Bytes of a body that will be read for a request."""
        found = self._router.find(path)
        resource = found[0].get(verb) if found else self._router.mounted(path)
        return resource.max_body if resource is not None else UNKNOWN_BODY_MAX

    async def answer(self, request: Request) -> Response:
        """The response to a request, whatever it is."""
        response = await self._resource_answer(request)
        headers = request.headers
        if self._cors is not None and b"origin" in headers:
            self._cors.allow(headers[b"origin"], response)
        if request.verb != b"POST" or len(response.body) > 1024:
            return await negotiated(request, response)
        return response

    async def _resource_answer(self, request: Request) -> Response:
        found = self._router.find(request.path)
        if found is None:
            return await self._mounted(request)
        verbs, path = found
        resource = verbs.get(request.verb)
        if resource is None:
            resource = verbs.get(b"GET") if request.verb == b"HEAD" else None
        if resource is None:
            return self._other_verb(request, verbs)
        return await _served(resource, request, path)

    async def _mounted(self, request: Request) -> Response:
        resource = self._router.mounted(request.path)
        if resource is not None:
            return await _served(resource, request, {})
        if b"connect-protocol-version" in request.headers:
            return problem(Unimplemented("There is no such method here."))
        return problem(NotFound("Nothing is served at this path."))

    def _other_verb(self, request: Request, verbs: Verbs) -> Response:
        allow = b"allow: " + verbs.allowed() + b"\r\n"
        if request.verb == b"OPTIONS":
            response = Response(204, allow)
            if self._cors is not None:
                self._cors.preflight(request, verbs, response)
            return response
        refused = problem(MethodNotAllowed("This path is served, but not with this verb."))
        refused.head += allow
        return refused


async def _served(resource: Resource, request: Request, path: dict[str, str]) -> Response:
    try:
        return await resource.serve(request, path)
    except HanseError as error:
        return problem(error)
