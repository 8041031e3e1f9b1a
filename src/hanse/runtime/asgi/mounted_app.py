"""An ASGI app of another framework as a resource of a host."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import unquote

from hanse.runtime.asgi.lifespan import Lifespan
from hanse.runtime.errors import Internal
from hanse.runtime.http.message import Request, Response
from hanse.runtime.http.problem import problem

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, MutableMapping

    from hanse.runtime.asgi.asgi_door import App, Message

log = logging.getLogger("hanse.asgi")

PARTS_MAX = 16
"""Parts of an answer an app may be ahead of its reader."""

_OURS = frozenset({b"content-length", b"transfer-encoding", b"connection"})
"""Headers that say how an answer travels, which is not the app's business here."""


class AppFailed(Exception):
    """A mounted app raised, or did not answer as ASGI asks."""


class MountedApp:
    """Serves everything below a prefix by an ASGI app.

    The app may go on after its answer, as for background tasks; it ends at the latest with the
    host. An app whose client has left is told so and cancelled.

    Args:
        app: Any ASGI 3 application.
        prefix: What its paths begin with; it sees it as `root_path`.
        max_body: Bytes of a request's body at most.
    """

    def __init__(self, app: App, prefix: str, max_body: int = 16 * 1024 * 1024) -> None:
        self._app = app
        self._prefix = prefix.rstrip("/")
        self._lifespan = Lifespan(app)
        self._running: set[asyncio.Task[None]] = set()
        self.max_body = max_body

    async def __aenter__(self) -> Self:
        await self._lifespan.begin()
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._lifespan.end()

    async def serve(self, request: Request) -> Response:
        """What the app answers; its body is handed on as it comes."""
        exchange = _Exchange(request)
        task = asyncio.create_task(self._run(request, exchange))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        try:
            status, head = await exchange.started()
        except AppFailed:
            task.cancel()
            return problem(Internal())
        except BaseException:
            task.cancel()
            raise
        parts = exchange.parts(task)
        await anext(parts)  # from here on whoever closes it, even unread, lets the app know
        return Response(status, head, stream=parts)

    async def _run(self, request: Request, exchange: _Exchange) -> None:
        try:
            await self._app(self._scope(request), exchange.receive, exchange.send)
        except Exception as error:
            if not exchange.abandoned:
                log.exception("The app mounted at %s failed", self._prefix)
            await exchange.finish(error)
        else:
            await exchange.finish(None)

    def _scope(self, request: Request) -> MutableMapping[str, Any]:
        return {
            "type": "http", "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1", "method": request.verb.decode(), "scheme": "http",
            "path": unquote(request.path.decode("latin-1")), "raw_path": request.path,
            "root_path": self._prefix, "query_string": request.query,
            "headers": list(request.headers.items()), "client": None, "server": None,
            "state": dict(self._lifespan.state),
        }  # fmt: skip


class _Exchange:
    """One request to an app: its messages in, its answer out through a short queue.

    Attributes:
        abandoned: The client left before the end of the answer.
    """

    def __init__(self, request: Request) -> None:
        self._body: bytes | None = request.body
        self._queue: asyncio.Queue[Message | AppFailed] = asyncio.Queue(PARTS_MAX)
        self._over = asyncio.Event()
        self._expected = "http.response.start"
        self.abandoned = False

    async def receive(self) -> Message:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        await self._over.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if self.abandoned:
            raise OSError("The client has gone.")
        if message["type"] != self._expected:
            raise AppFailed(f"sent {message['type']}, and {self._expected or 'nothing'} was due")
        is_last = not message.get("more_body", False)
        self._expected = "http.response.body"
        if message["type"] == "http.response.body" and is_last:
            self._expected = ""
        await self._queue.put(message)

    async def finish(self, error: Exception | None) -> None:
        """The app has returned or raised; if its answer was not whole, its reader learns so."""
        if self._expected and not self.abandoned:
            await self._queue.put(AppFailed(f"ended without its {self._expected}: {error!r}"))

    async def started(self) -> tuple[int, bytes]:
        """Status and header lines.

        Raises:
            AppFailed: The app ended without, or they cannot be sent.
        """
        message = await self._get()
        return message["status"], _head(message.get("headers", ()))

    async def parts(self, task: asyncio.Task[None]) -> AsyncGenerator[bytes, None]:
        """Nothing, and then the body, part by part; an app whose reader leaves is ended."""
        whole = False
        try:
            yield b""
            while not whole:
                message = await self._get()
                whole = not message.get("more_body", False)
                yield message.get("body", b"")
        finally:
            self._over.set()
            if not whole:
                self.abandoned = True
                task.cancel()

    async def _get(self) -> Message:
        message = await self._queue.get()
        if isinstance(message, AppFailed):
            raise message
        return message


def _head(headers: Any) -> bytes:
    lines = [(name, value) for name, value in headers if name.lower() not in _OURS]
    if any(b"\r" in text or b"\n" in text for line in lines for text in line):
        raise AppFailed("a header with a line break")
    return b"".join(name + b": " + value + b"\r\n" for name, value in lines)
