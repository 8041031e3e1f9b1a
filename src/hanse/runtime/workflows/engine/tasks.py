"""What an engine does beside all else."""

from __future__ import annotations

import asyncio
import logging
from contextvars import Context
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Coroutine

log = logging.getLogger("hanse.workflows")


class Tasks:
    """Tasks that no call knows of; they end with their engine."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Has something done; if it fails, a log says so."""
        loop = asyncio.get_running_loop()
        task = asyncio.Task(work, loop=loop, context=Context())
        self._running.add(task)
        task.add_done_callback(self._ended)

    async def stop(self) -> None:
        """Ends them all."""
        tasks = tuple(self._running)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("Work for workflows ended in the middle", exc_info=error)
