"""A method as a resource: a call is opened, run and closed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hanse.runtime.call.idempotency import HEADER, KeyRefused, read_key
from hanse.runtime.call.proven import is_proven
from hanse.runtime.errors import HanseError
from hanse.runtime.http.message import JSON, Response
from hanse.runtime.http.problem import problem
from hanse.runtime.http.refusal import TOLD_AS_THEY_ARE
from hanse.runtime.remote.events import event
from hanse.runtime.server.arguments import reader
from hanse.runtime.telemetry.trace_context import TRACE_RESPONSE, format_traceparent

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from hanse.runtime.call.context import Call, Keyed
    from hanse.runtime.call.endpoint import Endpoint
    from hanse.runtime.http.message import Request
    from hanse.runtime.server.door import Door

REPLAYED = b"idempotent-replayed: true\r\n"
"""As Stripe says that an answer was given before."""

EVENTS = b"content-type: text/event-stream\r\ncache-control: no-store\r\n"


class Rpc:
    """What all addresses of a method share: opening, running, closing a call; telling its error."""

    __slots__ = (
        "_door", "_endpoint", "_finish", "_method", "_read", "_run", "_streams", "max_body",
    )  # fmt: skip

    def __init__(
        self, endpoint: Endpoint, door: Door, read: Callable[..., Any], finish: Callable[..., Any]
    ) -> None:
        self._endpoint = endpoint
        self._door = door
        self._read = read
        self._finish = finish
        self._method = endpoint.method
        self._run = endpoint.run
        self._streams = endpoint.method.signature.streams
        self.max_body = endpoint.method.max_body

    keyed_in_body = False
    """Whether a key may stand elsewhere than in the header."""

    async def serve(self, request: Request) -> Response:
        door = self._door
        try:
            origin = door.origin(request) or await door.sign_in(request)
            may_be = HEADER in request.headers or self.keyed_in_body
            keyed = self._keyed(request) if may_be else None
            call = door.open(request, self._method, origin)
        except HanseError as error:
            self._endpoint.refused(error, door.seen(request))
            return self._failed(error, "", request)
        if self._streams:
            return await self._begin_stream(call, request)
        if keyed is not None:
            call.keyed = keyed
        try:
            body = await self._run(call, self._read, request, self._finish)
        except HanseError as error:
            cause = error.__cause__
            shown = cause if isinstance(cause, TOLD_AS_THEY_ARE) else error
            return _traced(self._failed(shown, call.trace_id, request), call, request)
        finally:
            door.close(call)
        answered = self._answered(body, request)
        return _traced(answered, call, request) if request.gate or keyed else answered

    async def _begin_stream(self, call: Call, request: Request) -> Response:
        """A stream that has begun; what is wrong with the request has a status, as in any call."""
        try:
            self._method.rule.check(call.origin.principal)
            arguments = self._read(request)
        except BaseException as error:
            self._door.close(call)
            if not isinstance(error, HanseError):
                raise
            self._endpoint.refused(error, call.origin)
            return _traced(self._failed(error, call.trace_id, request), call, request)
        events = self._events(call, request, arguments)
        await anext(events)  # from here on whoever closes it, even unread, ends the call
        return _traced(Response(200, EVENTS, stream=events), call, request)

    async def _events(self, call: Call, request: Request, arguments: Any) -> AsyncIterator[bytes]:
        items = self._endpoint.stream(call, _as_given, arguments, self._finish)
        try:
            yield b""
            async for item in items:
                yield event(item)
            yield event(b"{}", "end")
        except HanseError as error:
            failed = self._failed(error, call.trace_id, request)
            yield event(failed.body, "error")
        finally:
            try:
                await items.aclose()  # pyright: ignore[reportAttributeAccessIssue]  a generator
            finally:
                self._door.close(call)

    def _keyed(self, request: Request) -> Keyed | None:
        """The idempotency key of a request; None where it means nothing.

        A host that has nothing to remember answers in takes the keys of other hosts, which follow
        from theirs, and leaves it at that. To others it would promise what nobody keeps.
        """
        return self._remembered(read_key(request.headers[HEADER], self._method), request)

    def _remembered(self, keyed: Keyed | None, request: Request) -> Keyed | None:
        if keyed and self._endpoint.once is None and not request.trusted:
            raise KeyRefused(
                "This host cannot remember answers, so it takes no Idempotency-Key: give it a "
                "database ([database] in hanse.toml), or leave the header away."
            )
        return keyed

    def _answered(self, body: Any, request: Request) -> Response:
        return Response(200, JSON, body)

    def _failed(self, error: HanseError, trace_id: str, request: Request) -> Response:
        raise NotImplementedError


class RestRpc(Rpc):
    """`POST /crm/v1/contacts/{contact_id}:merge`, errors as problems."""

    __slots__ = ("_depth", "_empty", "_kind")

    def __init__(self, endpoint: Endpoint, door: Door, depth: int) -> None:
        method = endpoint.method
        super().__init__(endpoint, door, self._first_read, self._checked)
        result = method.signature.result
        self._empty = result in {None, type(None)}
        self._kind = getattr(result, "__proven_as__", result)
        self._depth = depth

    def _checked(self, answer: Any) -> bytes:
        if is_proven(answer, self._kind):
            return self._method.proven_answer(answer)
        return self._method.checked_answer(answer)

    def _first_read(self, request: Request) -> Any:
        """Makes the reader when it is first needed: of a host's thousands of methods most sleep."""
        self._read = self._make_reader()
        return self._read(request)

    def _make_reader(self) -> Callable[[Request], Any]:
        return reader(self._method, self._depth)

    def _answered(self, body: Any, request: Request) -> Response:
        return Response(204) if self._empty else Response(200, JSON, body)

    def _failed(self, error: HanseError, trace_id: str, request: Request) -> Response:
        return problem(error, trace_id)


def _traced(response: Response, call: Call, request: Request) -> Response:
    """The response with its trace named, if it goes to the gate, and said to be old if it is.

    The trace only there: it takes a fortieth of what a small request does in all, and who stands
    behind a gateway has only its answer to begin a search with. Elsewhere problems name theirs.
    """
    if request.gate:
        value = format_traceparent(call.trace_id, call.span_id, call.sampled)
        response.own = f"{TRACE_RESPONSE}: {value}\r\n".encode()
    if call.keyed is not None and call.keyed.replayed:
        response.own += REPLAYED
    return response


def _as_given(arguments: Any) -> Any:
    """Arguments that were read before."""
    return arguments
