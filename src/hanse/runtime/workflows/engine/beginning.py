"""Begins instances that no transaction is around, and runs them here at once where it may."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from hanse.runtime.errors import HanseError
from hanse.runtime.workflows.journal.entry import row_of

if TYPE_CHECKING:
    from hanse.runtime.workflows.engine.engine import Engine
    from hanse.runtime.workflows.journal.entry import Start
    from hanse.runtime.workflows.journal.starter import Starter


class Beginning:
    """That of one host.

    Args:
        engine: Runs what has begun.
        starter: Writes that it has.
    """

    def __init__(self, engine: Engine, starter: Starter) -> None:
        self._engine = engine
        self._starter = starter

    async def start(self, start: Start) -> None:
        """Begins one, if it is not there already.

        Raises:
            HanseError: The database is away, or refuses it.
        """
        if start.model is not None:
            await self._engine.persons.begin((start,))
            self._engine.wake()
            return
        begun: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        start.held = start.lane is None and self._engine.may_hold(start.name, start.version)
        if start.held:
            self._engine.doubt.beginning.add(start.id)
        start.done = partial(self._started, begun)
        self._starter.put(start)
        await begun

    def _started(self, begun: asyncio.Future[None], start: Start, epoch: int | HanseError) -> None:
        self._engine.doubt.beginning.discard(start.id)
        if isinstance(epoch, HanseError):
            self._engine.doubt.note()
            if not begun.done():
                begun.set_exception(epoch)
            return
        if epoch > 0:
            self._engine.take(row_of(start, epoch), [], [])
        elif epoch == 0:
            self._engine.wake()
        if not begun.done():
            begun.set_result(None)
