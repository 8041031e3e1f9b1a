"""Rewrites documents of older shapes, or not sealed yet, a few at a time and while others write."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from hanse.kit.clock import monotonic, wait_set
from hanse.kit.fault_points import reached
from hanse.runtime.data.collection.document import Documents, decode_plainly
from hanse.runtime.data.entity.entity import Entity, entity_of
from hanse.runtime.data.personal.resealing import Resealing, in_clear
from hanse.runtime.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from hanse.runtime.data.database import Database

log = logging.getLogger("hanse.data")

ROWS = 200
"""Documents of one step at most."""

STEP_SECONDS = 0.05
"""A step's statement is to take no longer: whoever writes one of its documents waits for it. After
one that took longer the next has fewer documents, after a faster one more."""

WINDOW = 2_000
"""Documents among which older ones are looked for at once where they are few."""

REPORT_SECONDS = 10.0

_FIRST = UUID(int=0)
_encode = msgspec.json.Encoder().encode


class BackfillProgress(msgspec.Struct):
    """How far a backfill is.

    Attributes:
        rewritten: Documents it brought up.
        overtaken: Times that somebody else was at one just then. Who wrote it brought it up; it is
            looked at again.
        failed: Those it had to leave, named in the log.
    """

    rewritten: int = 0
    overtaken: int = 0
    failed: int = 0


class Backfill:
    """Brings all documents of an entity to the newest shape, those of every site.

    It seals as well what became personal and stands there in clear.

        progress = await Backfill(Contact, database).run()

    What is done is told from the documents themselves: one that is broken off is begun again, and
    two at once do no harm. Revisions and times stay, as for a reader nothing changes. It waits for
    nobody's lock and holds its own for one short statement, so it ends up in no deadlock.

    Args:
        cls: The entity.
        database: Where it is stored.
        load: Share of the time it works, from 0 to 1; in the rest the database is the others'.
    """

    def __init__(self, cls: type[Entity], database: Database, load: float = 0.5) -> None:
        self._model = entity_of(cls)
        self._documents = Documents[Any](self._model)
        self._database = database
        self._load = load
        table, shape = self._model.full_table, self._model.shape
        self._sealing = Resealing(self._model, database) if self._model.sealed else None
        self._read, self._look = self._reading(ROWS), self._reading(WINDOW)
        self._write = (
            "with given as materialized (select * from "
            "unnest($1::text[], $2::uuid[], $3::bigint[], $4::smallint[], $5::jsonb[]) "
            "as given (site_id, id, revision, shape, doc)), free as materialized ("
            f"select t.site_id, t.id from {table} t join given using (site_id, id) "
            "for no key update of t skip locked) "
            f"update {table} as t set doc = given.doc, shape = {shape} "
            "from given join free using (site_id, id) where t.site_id = given.site_id and "
            "t.id = given.id and t.revision = given.revision and t.shape = given.shape"
        )
        self._rows = ROWS

    def _reading(self, window: int) -> str:
        """Older ones among as many as a window has, which the primary key finds, and its end."""
        old = f"(shape < {self._model.shape} or {in_clear(self._model)})"
        return (
            "with part as materialized (select site_id, id, revision, shape, doc "
            f"from {self._model.full_table} where (site_id, id) > ($1::text, $2::uuid) "
            f"order by site_id, id limit {window}) "
            "select due.*, last.site_id as last_site, last.id as last_id from "
            "(select site_id, id from part order by site_id desc, id desc limit 1) as last "
            f"left join (select * from part where {old} order by site_id, id limit $3) as due "
            "on true order by due.site_id, due.id"
        )

    async def run(
        self, tell: Callable[[BackfillProgress], None] = lambda _: None
    ) -> BackfillProgress:
        """Returns when no document of an older shape is left, but those that failed.

        Args:
            tell: Is told after each step how far it is.
        """
        if self._sealing is not None:
            await self._database.keys.open()
        self._told = monotonic()
        progress = BackfillProgress()
        while True:
            rewritten, overtaken = progress.rewritten, progress.overtaken
            await self._pass(progress, tell)
            if progress.overtaken == overtaken or progress.rewritten == rewritten:
                return progress

    async def _pass(
        self, progress: BackfillProgress, tell: Callable[[BackfillProgress], None]
    ) -> None:
        """From the first document to the last."""
        place: tuple[str, UUID] = "", _FIRST
        read = self._read
        while rows := await self._database.fetch(read, *place, asked := self._rows):
            place = rows[0]["last_site"], rows[0]["last_id"]
            due = [row for row in rows if row["id"] is not None]
            read = self._read if len(due) == asked else self._look
            if len(due) == asked:  # there may be more before that place
                place = due[-1]["site_id"], due[-1]["id"]
            if due:
                await self._step(due, progress)
                tell(progress)

    async def _step(self, rows: list[Any], progress: BackfillProgress) -> None:
        began = monotonic()
        if self._sealing is None:
            await self._rewrite(rows, progress)
        else:
            for row in rows:
                await self._reseal(self._sealing, row, progress)
        await reached("backfill.batch")
        now = monotonic()
        if now - self._told > REPORT_SECONDS:
            self._told = now
            log.info("backfill of %s: %s", self._model.full_table, progress)
        await wait_set(asyncio.Event(), (now - began) * (1 / self._load - 1))

    async def _rewrite(self, rows: list[Any], progress: BackfillProgress) -> None:
        ready: list[tuple[Any, ...]] = []
        for row in rows:
            try:
                body = self._lifted(row)
            except Exception as error:  # noqa: BLE001  one that fails keeps no other from it
                self._failed(row, progress, error)
                continue
            ready.append((row["site_id"], row["id"], row["revision"], row["shape"], body))
        if ready:
            columns = map(list, zip(*ready, strict=True))
            began = monotonic()
            written = await self._database.execute(self._write, *columns)
            self._fit(len(ready), monotonic() - began)
            progress.rewritten += written
            progress.overtaken += len(ready) - written

    def _fit(self, rows: int, seconds: float) -> None:
        """Has the next step take as long as it may."""
        fitting = int(rows * STEP_SECONDS / max(seconds, 0.001))
        self._rows = max(1, min(ROWS, fitting, 2 * self._rows))

    async def _reseal(self, sealing: Resealing, row: Any, progress: BackfillProgress) -> None:
        try:
            written = await sealing.rewrite(row, self._lifted)
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001  as above
            self._failed(row, progress, error)
        else:
            progress.rewritten += written
            progress.overtaken += not written

    def _lifted(self, row: Any) -> bytes:
        """A document in the newest shape, proven to be one."""
        body = _encode(self._documents.lifted(decode_plainly(row["doc"]), row["shape"]))
        self._documents.whole(body)
        return body

    def _failed(self, row: Any, progress: BackfillProgress, error: Exception) -> None:
        progress.failed += 1
        site, name = row["site_id"], self._model.text_of(row["id"].int)
        log.error("%s of %s stays of shape %s", name, site, row["shape"], exc_info=error)
