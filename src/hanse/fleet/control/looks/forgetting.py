"""Has copies of the database forget who was erased: the keyring rotates where that is due."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from hanse.kit.clock import monotonic

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

log = logging.getLogger("hanse.control")

FIRST_SECONDS = 60.0
"""After the beginning, when a fleet has started."""

EVERY_SECONDS = 3600.0


class Forgetting:
    """Asks now and then whether it is due.

    Args:
        rotate: Rotates an environment's keyring if it is; gives what stands against it.
        first: Seconds until it asks first.
    """

    def __init__(
        self,
        rotate: Callable[[str], Awaitable[tuple[str, ...]]],
        first: float = FIRST_SECONDS,
    ) -> None:
        self._rotate = rotate
        self._next = monotonic() + first
        self._task: asyncio.Task[None] | None = None

    def look(self, environment: str) -> None:
        """Begins to ask, if it is time; called every few seconds."""
        if monotonic() < self._next or (self._task is not None and not self._task.done()):
            return
        self._next = monotonic() + EVERY_SECONDS
        self._task = asyncio.create_task(self._ask(environment))

    async def stop(self) -> None:
        """Breaks off what is under way; the next time goes on with it."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))

    async def _ask(self, environment: str) -> None:
        said = await self._rotate(environment)
        if said:
            log.warning("%s", " ".join(said))
