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
"""Documents of one step."""

REPORT_SECONDS = 10.0

_FIRST = UUID(int=0)
_encode = msgspec.json.Encoder().encode


class BackfillProgress(msgspec.Struct):
    """How far a backfill is.

    Attributes:
        rewritten: Documents it brought up.
        overtaken: Those that somebody else wrote meanwhile, and so brought up.
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
    two at once do no harm. Revisions and times stay, as for a reader nothing changes.

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
        self._read = (
            f"select site_id, id, revision, shape, doc from {table} "
            f"where (shape < {shape} or {in_clear(self._model)}) "
            f"and (site_id, id) > ($1::text, $2::uuid) order by site_id, id limit {ROWS}"
        )
        self._write = (
            f"update {table} as t set doc = given.doc, shape = {shape} from "
            "unnest($1::text[], $2::uuid[], $3::bigint[], $4::smallint[], $5::jsonb[]) "
            "as given (site_id, id, revision, shape, doc) where t.site_id = given.site_id and "
            "t.id = given.id and t.revision = given.revision and t.shape = given.shape"
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
        progress, place = BackfillProgress(), ("", _FIRST)
        told = monotonic()
        while True:
            began = monotonic()
            rows = await self._database.fetch(self._read, *place)
            if not rows:
                return progress
            if self._sealing is None:
                await self._rewrite(rows, progress)
            else:
                for row in rows:
                    await self._reseal(self._sealing, row, progress)
            await reached("backfill.batch")
            tell(progress)
            place = (rows[-1]["site_id"], rows[-1]["id"])
            now = monotonic()
            if now - told > REPORT_SECONDS:
                told = now
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
            written = await self._database.execute(self._write, *columns)
            progress.rewritten += written
            progress.overtaken += len(ready) - written

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
