"""Somebody who writes on a schedule while something else happens, and keeps a ledger of what was acknowledged."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from hanse.kit.clock import monotonic
from hanse.runtime.identity.principal import VISITOR
from hanse.testing.acting import acting

if TYPE_CHECKING:
    from hanse.runtime.data.collection.collection import Collection
    from hanse.runtime.data.database import Database

AT_ONCE = 4
"""Writes under way at most, however long they take."""

AIMED = 50
"""Documents right before whoever goes through them in order, of which one is written to."""

SITE = "s1"
DEADLOCKS = "select deadlocks from pg_stat_database where datname = current_database()"
NEXT = """
select id, shape from {} where (site_id, id) >= ($1::text, $2::uuid)
and site_id = $1 order by site_id, id limit 500
"""


class Last(NamedTuple):
    """Of one document: its name and its revision, as they were acknowledged last."""

    name: str
    revision: int


class Waits(NamedTuple):
    """In seconds, of so many writes."""

    writes: int
    p99: float
    longest: float

    def __str__(self) -> str:
        p99, longest = self.p99 * 1e3, self.longest * 1e3
        return f"{self.writes} writes: p99 {p99:.1f} ms, longest {longest:.0f} ms"


class SteadyWriter:
    """Changes names, one by one or two in a transaction, of documents that are about to be rewritten.

    Args:
        people: What it writes to, as an older release has it; documents have a `name`.
        database: Its own.
        rate: Writes a second, where none takes long.

    Attributes:
        last: By id, what was acknowledged.
    """

    def __init__(self, people: Collection[Any], database: Database, rate: float) -> None:
        self._people, self._database, self._rate = people, database, rate
        self._model = people.model
        self._place = UUID(int=0)
        self._chance = random.Random(1)
        self.last: dict[str, Last] = {}
        self._waits: list[float] = []

    async def write_until(self, over: asyncio.Event) -> None:
        """Writes until it is over, and what was begun is done."""
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(self._work(over))

    async def _work(self, over: asyncio.Event) -> None:
        due = monotonic()
        while not over.is_set():
            await self._write()
            due = max(due + AT_ONCE / self._rate, monotonic())
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), due - monotonic())

    async def deadlocks(self) -> int:
        """How many there were in the database."""
        row = await self._database.fetch_row(DEADLOCKS)
        assert row is not None, "it is there"
        return row["deadlocks"]

    def waits(self) -> Waits:
        """Of the writes since it was last asked, each from its first statement to its commit."""
        waits, self._waits = sorted(self._waits) or [0.0], []
        return Waits(len(waits), waits[int(len(waits) * 0.99)], waits[-1])

    async def _write(self) -> None:
        with acting(VISITOR, site=SITE, locale="en"):
            known = await self._next() or [*self.last]
            chosen = self._chance.sample(known, min(len(known), self._chance.choice((1, 1, 2))))
            began = monotonic()
            async with self._database.transaction():
                done = [await self._change(one) for one in sorted(chosen, reverse=True)]
            self._waits.append(monotonic() - began)
            for one in done:
                before = self.last.get(one.id, Last("", 0))
                self.last[one.id] = max(
                    before, Last(one.name, one.revision), key=lambda last: last.revision
                )

    async def _next(self) -> list[str]:
        """Those that are rewritten next."""
        rows = await self._database.fetch(NEXT.format(self._model.full_table), SITE, self._place)
        old = [row["id"] for row in rows if row["shape"] == 1]
        if rows:
            self._place = max(self._place, old[0] if old else rows[-1]["id"])
        return [self._model.text_of(one.int) for one in old[:AIMED]]

    async def _change(self, which: str) -> Any:
        name = f"Bob {self._chance.randrange(10**9)}"
        return await self._people.update(which, {"name": name})
