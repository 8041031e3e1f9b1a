"""ASGI both ways: an app of another framework inside a host, and a host inside such an app."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any, cast

from hanse.runtime.errors import Internal
from hanse.runtime.server.message import Request, Response
from hanse.runtime.server.problem import problem
from hanse.runtime.server.refusal import BodyTooLarge

if TYPE_CHECKING:
    from hanse.runtime.server.dispatch import Dispatcher

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

PARTS_MAX = 16
"""Parts of an answer an app may be ahead of its reader."""


class AsgiDoor:
    """A host as an ASGI app. Its peer is another framework's server, so nothing it says is trusted."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answers one request (asgi.readthedocs.io, HTTP and WebSocket protocol 2.4)."""
        if scope["type"] != "http":
            raise RuntimeError(f"A host speaks http, not {scope['type']}; mount it below an app.")
        request = _request(scope)
        try:
            limit = self._dispatcher.resolve(request).max_body
            request.body = await _body(limit, receive)
            response = await self._dispatcher.answer(request)
        except BodyTooLarge as error:
            response = problem(error)
        await _send(request, response, send)


async def _body(limit: int, receive: Receive) -> bytes:
    parts: list[bytes] = []
    size = 0
    more = True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        more = message.get("more_body", False)
        if size > limit:
            raise BodyTooLarge(limit)
    return b"".join(parts)


def _request(scope: MutableMapping[str, Any]) -> Request:
    headers: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        headers[name] = headers[name] + b", " + value if name in headers else value
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    root: bytes = scope.get("root_path", "").encode()
    path = raw.partition(b"?")[0].removeprefix(root) or b"/"
    verb: str = scope["method"]
    return Request(verb.encode(), path, scope["query_string"], headers, trusted=False)


async def _send(request: Request, response: Response, send: Send) -> None:
    headers = [
        cast("list[bytes]", line.split(b": ", 1)) for line in response.head.split(b"\r\n") if line
    ]
    headers.append([b"x-content-type-options", b"nosniff"])
    if response.stream is None and response.status not in {204, 304}:
        headers.append([b"content-length", str(len(response.body)).encode()])
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    if response.stream is not None:
        async for part in response.stream:
            await send({"type": "http.response.body", "body": part, "more_body": True})
    body = b"" if request.verb == b"HEAD" else response.body
    await send({"type": "http.response.body", "body": body})


class MountedApp:
    """An ASGI app as a resource of a host."""

    def __init__(self, app: App, prefix: str, max_body: int = 16 * 1024 * 1024) -> None:
        self._app = app
        self._prefix = prefix.rstrip("/")
        self._lifespan: _Lifespan | None = None
        self.max_body = max_body

    async def __aenter__(self) -> MountedApp:
        self._lifespan = _Lifespan(self._app)
        await self._lifespan.begin()
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._lifespan is not None
        await self._lifespan.end()

    async def serve(self, request: Request) -> Response:
        """What the app answers; its body is handed on as it comes."""
        exchange = _Exchange(request)
        task = asyncio.create_task(self._run(request, exchange))
        try:
            start = await exchange.started()
        except asyncio.CancelledError:
            task.cancel()
            raise
        if start is None:
            return problem(Internal())
        head = b"".join(
            name + b": " + value + b"\r\n"
            for name, value in start.get("headers", ())
            if name.lower() not in {b"content-length", b"transfer-encoding", b"connection"}
        )
        return Response(start["status"], head, stream=exchange.parts(task))

    async def _run(self, request: Request, exchange: _Exchange) -> None:
        try:
            await self._app(self._scope(request), exchange.receive, exchange.send)
        finally:
            await exchange.finish()

    def _scope(self, request: Request) -> MutableMapping[str, Any]:
        path = request.path.decode("latin-1")
        return {
            "type": "http", "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1", "method": request.verb.decode(), "scheme": "http",
            "path": path, "raw_path": request.path, "root_path": self._prefix,
            "query_string": request.query, "headers": list(request.headers.items()),
            "client": None, "server": None, "state": {},
        }  # fmt: skip


class _Exchange:
    """One request to an app: its messages in, its answer out through a short queue."""

    def __init__(self, request: Request) -> None:
        self._body: bytes | None = request.body
        self._queue: asyncio.Queue[Message | None] = asyncio.Queue(PARTS_MAX)
        self._gone = asyncio.Event()

    async def receive(self) -> Message:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if self._gone.is_set():
            raise OSError("The client has gone.")
        await self._queue.put(message)

    async def finish(self) -> None:
        if not self._gone.is_set():
            await self._queue.put(None)

    async def started(self) -> Message | None:
        """The start of the answer; None if the app ended without one."""
        return await self._queue.get()

    async def parts(self, task: asyncio.Task[None]) -> AsyncIterator[bytes]:
        """The body, part by part; an app whose reader leaves is told so and ended."""
        try:
            while (message := await self._queue.get()) is not None:
                yield message.get("body", b"")
                if not message.get("more_body", False):
                    break
        finally:
            self._gone.set()
            while not self._queue.empty():
                self._queue.get_nowait()
            task.cancel()


class _Lifespan:
    """Tells an app that it starts and stops; apps that do not want to know are left alone."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._incoming: asyncio.Queue[Message] = asyncio.Queue(2)
        self._outgoing: asyncio.Queue[Message] = asyncio.Queue(2)
        self._task: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """Raises `RuntimeError` when the app says that it cannot start."""
        self._task = asyncio.create_task(self._run())
        await self._tell("startup")

    async def end(self) -> None:
        if self._task is not None and not self._task.done():
            await self._tell("shutdown")
            await self._task

    async def _run(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}}
        try:
            await self._app(scope, self._incoming.get, self._outgoing.put)
        except Exception:  # noqa: BLE001 - "if an exception is raised, continue without lifespan" (ASGI)
            return

    async def _tell(self, what: str) -> None:
        assert self._task is not None
        await self._incoming.put({"type": f"lifespan.{what}"})
        answer = asyncio.create_task(self._outgoing.get())
        await asyncio.wait({answer, self._task}, return_when=asyncio.FIRST_COMPLETED)
        if not answer.done():
            answer.cancel()
        elif answer.result()["type"] == f"lifespan.{what}.failed":
            raise RuntimeError(answer.result().get("message", f"A mounted app failed at {what}."))
