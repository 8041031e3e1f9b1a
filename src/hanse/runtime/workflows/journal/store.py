"""What is asked of the tables of workflows, and how it comes back."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from hanse.kit.fault_points import reached
from hanse.runtime.workflows.journal import statements
from hanse.runtime.workflows.journal.bounds import LOADED_BYTES_MAX
from hanse.runtime.workflows.journal.entry import Entry, Rest, Start, Write, entry_of
from hanse.runtime.workflows.journal.read import Read, Signal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from uuid import UUID

    from hanse.runtime.data.database import Database
    from hanse.runtime.data.record import Record

KEEP_PATIENCE = "1s"
"""How long a transaction waits for another that is open; then it is undone and tried again."""

END_PATIENCE = "100ms"
"""How long the end of a child does; then it is tried again, and holds no connection meanwhile."""

ENDING = 4
"""Connections at most on which children end."""

BEFORE = -1
"""The epoch of an instance that was there before it was to begin."""


class Store:
    """Reads and writes instances.

    Args:
        database: Where they are.
        host: The name of this host's lease.
        begun: Told of each instance that begins the name of its workflow.
    """

    def __init__(
        self, database: Database, host: str, begun: Callable[[str], None] = lambda _: None
    ) -> None:
        self._database = database
        self._host = host
        self._begun = begun
        self._ending = asyncio.Semaphore(ENDING)
        self._turn = 0

    async def write(self, batch: Sequence[Write]) -> list[Write]:
        """Writes what instances of this host did, in one statement; each that was is told.

        Returns:
            What was passed over: somebody else has its row locked, or it is held here no more.

        Raises:
            HanseError: As `Database.fetch`; nobody knows whether it was written.
        """
        if not batch:
            return []
        by_id: dict[UUID, Write] = {}
        for one in batch:
            one.taken = True
            other = by_id.get(one.id)
            if other is None or other.epoch < one.epoch:
                by_id[one.id] = one
        rows = await self._database.fetch(statements.WRITE, *_columns(list(by_id.values())))
        await reached("workflow.written")
        found = {row["id"]: row for row in rows}
        for one in batch:
            if by_id[one.id] is not one:
                one.done(one, None)
            elif one.id in found:
                one.done(one, found[one.id])
        return [one for one in by_id.values() if one.id not in found]

    async def held(self, batch: Sequence[Write]) -> set[UUID]:
        """Which instances are held as they are written."""
        if not batch:
            return set()
        ids, epochs = [one.id for one in batch], [one.epoch for one in batch]
        return {row["id"] for row in await self._database.fetch(statements.HELD, ids, epochs)}

    async def start(self, batch: Sequence[Start], patience: str | None = None) -> None:
        """Begins instances, in one statement; each is told.

        Args:
            batch: What is to begin.
            patience: How long it waits for a transaction of others that begins one of them, as
                PostgreSQL writes it; None for as long as that lasts.

        Raises:
            Aborted: It waited so long.
            HanseError: As `Database.fetch`.
        """
        if not batch:
            return
        columns = zip(*map(_start_values, {one.id: one for one in batch}.values()), strict=True)
        now = self._database.clock.now()
        rows = await self._database.fetch(statements.START, *columns, self._host, now, patience)
        found = {row["id"]: row["epoch"] for row in rows}
        for one in batch:
            epoch = found.pop(one.id, BEFORE)
            if epoch != BEFORE:
                self._begun(one.name)
            if one.done is not None:
                one.done(one, epoch)

    async def keep(self, id: UUID, epoch: int, entry: Entry) -> bool:
        """Writes an entry in the transaction that is open; whether it could be.

        Raises:
            Aborted: Another transaction that is open has its instance locked: it is all undone.
            HanseError: As `Database.fetch`.
        """
        row = await self._database.fetch_row(
            statements.KEEP, id, epoch, entry.place, entry.kind, entry.name, entry.attempt,
            entry.value, entry.time, KEEP_PATIENCE,
        )  # fmt: skip
        return row is not None

    async def look(self, id: UUID, epoch: int, place: int) -> Entry | None:
        """The entry that is there, if this is still held."""
        row = await self._database.fetch_row(statements.LOOK, id, epoch, place)
        return None if row is None else entry_of(row)

    async def claim(self, served: Sequence[tuple[str, int]], most: int) -> list[Record]:
        """Takes instances that are due, each time first of another workflow.

        So one that has more due than is ever taken leaves others their turn.
        """
        self._turn = (self._turn + 1) % len(served)
        turned = (*served[self._turn :], *served[: self._turn])
        names, versions = [one[0] for one in turned], [one[1] for one in turned]
        now = self._database.clock.now()
        return await self._database.fetch(statements.CLAIM, names, versions, now, most, self._host)

    async def next_due(self, served: Sequence[tuple[str, int]]) -> datetime | None:
        """When the next one is due."""
        names, versions = [one[0] for one in served], [one[1] for one in served]
        row = await self._database.fetch_row(statements.NEXT, names, versions)
        return None if row is None else row["wake_time"]

    async def journals(self, ids: Sequence[UUID], room: int) -> Read[Entry]:
        """What instances did before.

        Args:
            ids: Of which.
            room: Bytes that are read at most, of all of them.
        """
        return Read(await self._read(statements.JOURNALS, ids, room), entry_of)

    async def signals(self, ids: Sequence[UUID], room: int = LOADED_BYTES_MAX) -> Read[Signal]:
        """What was sent to instances and waits, in order; else as `journals`."""
        return Read(await self._read(statements.SIGNALS, ids, room), _signal_of)

    async def _read(self, text: str, ids: Sequence[UUID], room: int) -> list[Record]:
        return await self._database.fetch(text, ids, LOADED_BYTES_MAX, room) if ids else []

    async def standing(self, id: UUID, epoch: int) -> Record | None:
        """How it stands with an instance; None if it is not held here any more."""
        return await self._database.fetch_row(statements.STANDING, id, epoch)

    async def end_child(self, id: UUID, epoch: int, rest: Rest, value: bytes) -> bool:
        """Writes how a child ended and tells its parent; whether it was still held here.

        Raises:
            Aborted: Another transaction that is open has one of both locked.
            HanseError: As `Database.fetch`.
        """
        ended = (rest.state, rest.output, rest.time, value, END_PATIENCE)
        async with self._ending:
            row = await self._database.fetch_row(statements.END_CHILD, id, epoch, *ended)
        return row is not None and bool(row["ended"])

    async def cancel(self, id: UUID, site: str, name: str) -> list[UUID]:
        """Has an instance end, and its children; which of them were under way."""
        now = self._database.clock.now()
        rows = await self._database.fetch(statements.CANCEL, id, site, name, now)
        return [row["id"] for row in rows]

    async def free(self, most: int) -> int:
        """Has instances of hosts that are no more be due; how many."""
        return await self._database.execute(statements.FREE, self._database.clock.now(), most)

    async def give_back(self, running: Sequence[UUID]) -> None:
        """Has what this host holds and does not run be due."""
        now = self._database.clock.now()
        await self._database.execute(statements.GIVE_BACK, self._host, now, running)

    async def leave(self) -> None:
        """Has all that this host holds be due for others."""
        await self._database.execute(statements.LEAVE, self._host, self._database.clock.now())


def _columns(batch: Sequence[Write]) -> list[Any]:
    entries = [(one.id, entry) for one in batch for entry in one.entries]
    rests = [(one, one.rest) for one in batch if one.rest is not None]
    return [
        [one.id for one in batch],
        [one.epoch for one in batch],
        [id for id, _ in entries],
        [entry.place for _, entry in entries],
        [entry.kind for _, entry in entries],
        [entry.name for _, entry in entries],
        [entry.failed for _, entry in entries],
        [entry.attempt for _, entry in entries],
        [entry.value for _, entry in entries],
        [entry.time for _, entry in entries],
        [one.id for one, _ in rests],
        [one.epoch for one, _ in rests],
        [rest.state for _, rest in rests],
        [rest.wake for _, rest in rests],
        [rest.output for _, rest in rests],
        [rest.seen for _, rest in rests],
        [rest.time for _, rest in rests],
        [one.id for one in batch for _ in one.taken_signals],
        [number for one in batch for number in one.taken_signals],
    ]


def _signal_of(row: Record) -> Signal:
    return row["number"], row["name"], row["value"]


def _start_values(one: Start) -> tuple[Any, ...]:
    return (
        one.id, one.site, one.name, one.version, one.key, one.locale, one.input, one.parent,
        one.parent_place, one.lane, one.held, one.link,
    )  # fmt: skip
