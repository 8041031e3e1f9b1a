"""Tells an ASGI app that it starts and stops (asgi.readthedocs.io, "Lifespan Protocol")."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hanse.runtime.asgi.asgi_door import App, Message

log = logging.getLogger("hanse.asgi")

SECONDS_MAX = 30.0
"""For an app to start, and to stop."""


class Lifespan:
    """The life of one app; apps that do not want to know of it are left alone.

    Attributes:
        state: What the app put there at its start; its requests get a copy.
    """

    def __init__(self, app: App) -> None:
        self._app = app
        self._incoming: asyncio.Queue[Message] = asyncio.Queue(2)
        self._outgoing: asyncio.Queue[Message] = asyncio.Queue(2)
        self._task: asyncio.Task[None] | None = None
        self.state: dict[str, Any] = {}

    async def begin(self) -> None:
        """Starts the app.

        Raises:
            RuntimeError: It says that it cannot start, or says nothing for 30 seconds.
        """
        self._task = asyncio.create_task(self._run())
        await self._tell("startup", self._task)

    async def end(self) -> None:
        """Stops the app; one that does not stop is cancelled."""
        if self._task is None or self._task.done():
            return
        try:
            await self._tell("shutdown", self._task)
            await asyncio.wait({self._task}, timeout=SECONDS_MAX)
        finally:
            self._task.cancel()

    async def _run(self) -> None:
        scope = {
            "type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"},
            "state": self.state,
        }  # fmt: skip
        try:
            await self._app(scope, self._incoming.get, self._outgoing.put)
        except Exception as error:  # noqa: BLE001 - the protocol's way to say that it is not spoken
            log.info("A mounted app takes no part in lifespan: %r", error)

    async def _tell(self, what: str, task: asyncio.Task[None]) -> None:
        await self._incoming.put({"type": f"lifespan.{what}"})
        answer = asyncio.create_task(self._outgoing.get())
        done, _ = await asyncio.wait(
            {answer, task}, timeout=SECONDS_MAX, return_when=asyncio.FIRST_COMPLETED
        )
        answer.cancel()
        if not done:
            raise RuntimeError(f"A mounted app does not end its {what}.")
        if answer in done and answer.result()["type"] == f"lifespan.{what}.failed":
            raise RuntimeError(answer.result().get("message") or f"A mounted app failed at {what}.")
