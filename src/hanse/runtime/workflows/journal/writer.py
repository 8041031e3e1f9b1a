"""Writes what instances do, all together; who waits for a lock of others waits by itself."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from hanse.kit.clock import wait_set
from hanse.runtime.workflows.journal.batcher import Batcher
from hanse.runtime.workflows.journal.entry import held_instead

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from uuid import UUID

    from hanse.runtime.errors import HanseError
    from hanse.runtime.workflows.journal.entry import Write
    from hanse.runtime.workflows.journal.store import Store

log = logging.getLogger("hanse.workflows")

LATE_SECONDS = 0.05
"""Between two tries of what somebody else has locked: a transaction that is open, of any length."""


class Writer:
    """That of one host.

    Args:
        store: What it writes to.
        doubt: Told that a row may be held here of which nothing runs.
    """

    def __init__(self, store: Store, doubt: Callable[[], None]) -> None:
        self._store = store
        self._doubt = doubt
        self._first: Batcher[Write] = Batcher(self._write, self._refused, patient=True)
        self._late: Batcher[Write] = Batcher(self._again, self._refused_late, patient=True)
        # What an instance does after what is late comes behind it, in order.
        self._behind: dict[UUID, list[Write]] = {}

    def put(self, write: Write) -> None:
        """Has it written with the next batch."""
        self._first.put(write)

    async def stop(self) -> None:
        """Breaks off; who waits is told nothing."""
        await self._first.stop()
        await self._late.stop()

    async def _write(self, batch: Sequence[Write]) -> None:
        behind = [one for one in batch if one.id in self._behind]
        passed = await self._store.write([one for one in batch if one.id not in self._behind])
        for one in (*passed, *behind):
            if one.id in self._behind:
                self._behind[one.id].append(one)
            else:
                self._behind[one.id] = []
                self._late.put(one)

    async def _again(self, batch: Sequence[Write]) -> None:
        await wait_set(asyncio.Event(), LATE_SECONDS)
        passed = await self._store.write(batch)
        held = await self._store.held(passed)
        for one in batch:
            if one in passed and one.id in held:
                self._late.put(one)
                continue
            if one in passed:
                one.done(one, None)
            self._follow(one)

    def _refused(self, write: Write, error: HanseError) -> None:
        """Has an instance held that would break off again; if not even that goes, lets it go."""
        log.error("What a workflow did cannot be written: %s", write.id, exc_info=error)
        self._doubt()
        if write.entries:
            self.put(held_instead(write))
        else:
            write.done(write, None)

    def _refused_late(self, write: Write, error: HanseError) -> None:
        self._refused(write, error)
        self._follow(write)

    def _follow(self, write: Write) -> None:
        """Goes on with what came behind it."""
        queue = self._behind[write.id]
        if queue:
            self._late.put(queue.pop(0))
        else:
            del self._behind[write.id]
