"""A host as an ASGI app, inside an app of another framework."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, cast

from hanse.runtime.call.room import SMALL
from hanse.runtime.errors import HanseError
from hanse.runtime.figures.clients import visitor_at
from hanse.runtime.http.message import Request, Response
from hanse.runtime.http.problem import problem
from hanse.runtime.http.refusal import BodyTooLarge
from hanse.runtime.identity.shown import Shown

if TYPE_CHECKING:
    from hanse.runtime.call.room import Room
    from hanse.runtime.server.dispatch import Dispatcher

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]


class AsgiDoor:
    """A host as an ASGI app. Its peer is another framework's server, so it is not trusted.

    Args:
        dispatcher: What answers.
        room: Where large bodies are held until they are answered.
    """

    def __init__(self, dispatcher: Dispatcher, room: Room) -> None:
        self._dispatcher = dispatcher
        self._room = room

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answers one request (asgi.readthedocs.io, HTTP and WebSocket protocol 2.4)."""
        if scope["type"] != "http":
            raise RuntimeError(f"A host speaks http, not {scope['type']}; mount it below an app.")
        request = _request(scope)
        try:
            response = await self._answer(request, receive)
            if response is not None:
                await _send(request, response, receive, send)
        finally:
            self._room.give(request.held)

    async def _answer(self, request: Request, receive: Receive) -> Response | None:
        """None when the client left in the middle: half a request is none."""
        try:
            body = await self._body(request, receive)
        except HanseError as error:
            return problem(error)
        if body is None:
            return None
        request.body = body
        return await self._dispatcher.answer(request)

    async def _body(self, request: Request, receive: Receive) -> bytes | None:
        """The whole body; None when the client left before its end."""
        limit = self._dispatcher.resolve(request).max_body
        parts: list[bytes] = []
        size = 0
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            more = message.get("more_body", False)
            if size > limit:
                raise BodyTooLarge.over(limit)
            if size > SMALL:
                request.held = self._room.hold(size, request.held)
        return b"".join(parts)


def _request(scope: MutableMapping[str, Any]) -> Request:
    headers: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        headers[name] = headers[name] + b", " + value if name in headers else value
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    root: bytes = scope.get("root_path", "").encode()
    path = raw.partition(b"?")[0].removeprefix(root) or b"/"
    verb: str = scope["method"]
    peer = scope.get("client") or ("", 0)
    shown = Shown(client=visitor_at(peer[0]))
    return Request(verb.encode(), path, scope["query_string"], headers, False, shown)


async def _send(request: Request, response: Response, receive: Receive, send: Send) -> None:
    lines = response.head + response.own
    headers = [line.split(b": ", 1) for line in lines.split(b"\r\n") if line]
    headers.append([b"x-content-type-options", b"nosniff"])
    if response.stream is None and response.status not in {204, 304}:
        headers.append([b"content-length", str(len(response.body)).encode()])
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    if response.stream is not None:
        async with aclosing(cast("AsyncGenerator[bytes, None]", response.stream)) as parts:
            if request.verb != b"HEAD":
                await _send_parts(parts, receive, send)
    body = b"" if request.verb == b"HEAD" else response.body
    await send({"type": "http.response.body", "body": body})


async def _send_parts(parts: AsyncIterator[bytes], receive: Receive, send: Send) -> None:
    """Sends until nothing more comes or a message says that the client has left."""
    owner = asyncio.current_task()
    assert owner is not None
    watch = asyncio.create_task(_disconnected(receive))
    watch.add_done_callback(lambda task: None if task.cancelled() else owner.cancel())
    try:
        async for part in parts:
            await send({"type": "http.response.body", "body": part, "more_body": True})
    except asyncio.CancelledError:
        if watch.cancelled() or not watch.done():
            raise
        owner.uncancel()
    finally:
        watch.cancel()


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
