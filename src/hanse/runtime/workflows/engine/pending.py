"""What an instance did and is not written yet."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from hanse.runtime.workflows.journal.entry import Write

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from hanse.runtime.data.record import Record
    from hanse.runtime.workflows.engine.engine import Engine
    from hanse.runtime.workflows.journal.entry import Entry


class Pending:
    """That of one instance.

    Args:
        id: Of the instance.
        epoch: Under which it is held here.
        engine: Writes it.
        told: Told of each write what became of it: the row, or None where it is held no more.
    """

    def __init__(
        self, id: UUID, epoch: int, engine: Engine, told: Callable[[Write, Record | None], None]
    ) -> None:
        self._id, self._epoch = id, epoch
        self._engine = engine
        self._told = told
        self._write: Write | None = None
        self._kept: asyncio.Future[None] | None = None

    @property
    def write(self) -> Write:
        """What goes with the next batch, and can be added to."""
        if self._write is None or self._write.taken:
            self._write = Write(self._id, self._epoch, self._done)
            self._engine.writer.put(self._write)
        return self._write

    def add(self, *entries: Entry) -> None:
        """Adds entries; one that has come to its end replaces what says that it is waited for."""
        write = self.write
        if write.entries:
            places = {one.place for one in entries}
            write.entries = [one for one in write.entries if one.place not in places]
        write.entries += entries

    def stay(self) -> None:
        """Has it not leave the memory, if that is not on its way yet."""
        if self._write is not None and not self._write.taken:
            self._write.rest = None

    async def durable(self) -> None:
        """Waits until all of it is written."""
        if self._write is not None:
            if self._kept is None:
                self._kept = asyncio.get_running_loop().create_future()
            await asyncio.shield(self._kept)

    def close(self) -> None:
        """Ends whoever waits for that: it will not be."""
        if self._kept is not None and not self._kept.done():
            self._kept.cancel()

    def _done(self, write: Write, row: Record | None) -> None:
        if row is not None and write is self._write:
            self._write = None
            if self._kept is not None and not self._kept.done():
                self._kept.set_result(None)
            self._kept = None
        self._told(write, row)
