"""From a request to the resource that answers it, and what holds for all resources alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.runtime.errors import HanseError, NotFound, Unimplemented
from hanse.runtime.http.message import JSON, Request, Response
from hanse.runtime.http.negotiate import negotiated
from hanse.runtime.http.problem import problem
from hanse.runtime.http.refusal import MethodNotAllowed
from hanse.runtime.remote.wire import error_body
from hanse.runtime.server.pages.failure_page import failure

if TYPE_CHECKING:
    from hanse.runtime.http.cors import Cors
    from hanse.runtime.http.message import Resource
    from hanse.runtime.server.router import Router, Verbs

UNKNOWN_BODY_MAX = 64 * 1024
"""Bytes read of a body for a path that nobody serves, so that its sender gets a plain 404."""


class Dispatcher:
    """Finds resources in a router and finishes what they answer.

    Args:
        cors: Which pages of other origins may call; None for none.
    """

    __slots__ = ("_cors", "_exact", "_plain", "_router")

    def __init__(self, router: Router, cors: Cors | None = None) -> None:
        self._router = router
        self._exact = router.exact
        self._cors = cors
        self._plain = cors is None

    def resolve(self, request: Request) -> Resource:
        """What will answer a request, noted in it together with its path's parameters."""
        verbs = self._exact.get(request.path)
        if (
            verbs is not None
            and (resource := verbs.get(request.verb)) is not None
            and (request.trusted or not verbs.hidden)
        ):
            request.resource = resource
            # A small answer to POST has no ETag and nothing to compress; most are that.
            request.plain = self._plain and request.verb == b"POST"
            return resource
        found = self._router.find(request.path)
        if found is None or (found[0].hidden and not request.trusted):
            resource = self._router.mounted(request.path) or _NOTHING
        else:
            verbs, request.parameters = found
            resource = verbs.get(request.verb) or self._other_verb(request, verbs)
        request.resource = resource
        return resource

    async def answer(self, request: Request) -> Response:
        """The response to a request that was resolved."""
        try:
            response = await request.resource.serve(request)
        except HanseError as error:
            response = problem(error)
        return await self.finish(request, response)

    async def finish(self, request: Request, response: Response) -> Response:
        """The response as this client gets it best, and other origins if they may."""
        response = await negotiated(request, response)
        if self._cors is not None:
            self._cors.allow(request.headers.get(b"origin", b""), response)
        return response

    def _other_verb(self, request: Request, verbs: Verbs) -> Resource:
        if request.verb == b"HEAD" and b"GET" in verbs:
            return verbs[b"GET"]
        return _OtherVerb(verbs, self._cors)


class _Nothing:
    """What answers where nothing is served."""

    max_body = UNKNOWN_BODY_MAX

    async def serve(self, request: Request) -> Response:
        if request.trusted or b"connect-protocol-version" in request.headers:
            missing = Unimplemented("There is no such method here.")
            return Response(missing.status, JSON, error_body(missing))
        return failure(NotFound("Nothing is served at this path."), "", request)


_NOTHING = _Nothing()


class _OtherVerb:
    """What answers OPTIONS, and verbs that a path does not have."""

    max_body = UNKNOWN_BODY_MAX

    def __init__(self, verbs: Verbs, cors: Cors | None) -> None:
        self._verbs = verbs
        self._cors = cors

    async def serve(self, request: Request) -> Response:
        allow = b"allow: " + self._verbs.allowed() + b"\r\n"
        if request.verb != b"OPTIONS":
            error = MethodNotAllowed("This path is served, but not with this verb.")
            refused = failure(error, "", request)
            refused.head += allow
            return refused
        response = Response(204, allow)
        if self._cors is not None:
            self._cors.preflight(request, self._verbs.allowed(), response)
        return response
