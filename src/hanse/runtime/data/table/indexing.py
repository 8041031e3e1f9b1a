"""Makes the indexes that a table with rows lacks, one after another, while others write."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from hanse.kit.clock import wait_set
from hanse.kit.fault_points import reached
from hanse.runtime.data.database import Database
from hanse.runtime.data.table.table import indexes_of, missing_indexes
from hanse.runtime.data.transaction import lock_key
from hanse.runtime.errors import HanseError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hanse.runtime.data.entity.model import EntityModel
    from hanse.runtime.data.entity.table_index import TableIndex

log = logging.getLogger("hanse.data")

LOOK_SECONDS = 5.0
"""Between two looks at an index in the making, and at one that another host makes."""

_PROGRESS = """
select phase, round(100.0 * blocks_done / nullif(blocks_total, 0))::int as percent
from pg_stat_progress_create_index where relid = to_regclass($1)
"""


async def make_indexes(database: Database, model: EntityModel) -> None:
    """Makes what one table lacks of indexes, over a connection of its own."""
    async with Database(database.upkeep.config) as maintenance:
        await Indexing(maintenance, database, [model]).run()


class Indexing:
    """Makes what is declared and missing. Nobody who writes waits for it.

    What one host makes, the others leave to it. What was broken off is made anew.

    Args:
        maintenance: One connection, whose statements may take an hour.
        database: For looking on meanwhile.
        models: Entities whose tables are there.
        look_seconds: Between two looks.
    """

    def __init__(
        self,
        maintenance: Database,
        database: Database,
        models: Iterable[EntityModel],
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        self._maintenance = maintenance
        self._database = database
        self._models = tuple(models)
        self._look_seconds = look_seconds
        # There a lock that outlives its statement would stay with a connection that others use.
        # Two hosts may then begin at the same time, and one of them is told so and looks again.
        self._pooled = database.upkeep.config.pooler == "transaction"

    async def run(self) -> None:
        """Returns when every index is there; a failure is logged, and tried again."""
        waiting = list(self._models)
        while waiting:
            waiting = [model for model in waiting if not await self._completed(model)]
            if waiting:
                await wait_set(asyncio.Event(), self._look_seconds)

    async def drop_undeclared(self) -> list[str]:
        """Drops the indexes that no entity declares any more; gives their names.

        Never by itself: the release before, which may still serve, may use them.
        """
        dropped: list[str] = []
        for model in self._models:
            declared = {index.name for index in model.indexes}
            for name in await indexes_of(self._maintenance, model):
                if name not in declared:
                    await self._drop(model, name)
                    dropped.append(f"{model.schema}.{name}")
        return dropped

    async def _completed(self, model: EntityModel) -> bool:
        try:
            if not await missing_indexes(self._maintenance, model):
                return True
            if self._pooled:
                if await self._maintenance.fetch(_PROGRESS, model.full_table):
                    return False
                await self._make_all(model)
            else:
                return await self._alone(model)
        except HanseError:
            log.exception("indexes of %s are not made yet", model.full_table)
            return False
        return True

    async def _alone(self, model: EntityModel) -> bool:
        """Makes what is missing, if no other host is at it."""
        key = lock_key(f"indexes {model.full_table}")
        # Tried, not waited for: who waits holds a snapshot, and the maker waits for that.
        row = await self._maintenance.fetch_row("select pg_try_advisory_lock($1) as won", key)
        if row is None or not row["won"]:
            return False
        try:
            await self._make_all(model)
        finally:
            await self._maintenance.execute("select pg_advisory_unlock($1)", key)
        return True

    async def _make_all(self, model: EntityModel) -> None:
        for index in model.indexes:
            there = await indexes_of(self._maintenance, model)
            if there.get(index.name) is False:
                log.info("%s was left unfinished and is made anew", index.name)
                await self._drop(model, index.name)
            if not there.get(index.name):
                await self._make(model, index)

    async def _make(self, model: EntityModel, index: TableIndex) -> None:
        log.info("making %s on %s", index.name, model.full_table)
        made = asyncio.Event()

        async def make() -> None:
            try:
                await self._maintenance.execute(
                    index.statement(model.full_table, concurrently=True)
                )
            finally:
                made.set()

        await asyncio.gather(make(), self._report(model, index, made))
        await reached("index.made")
        log.info("made %s", index.name)

    async def _report(self, model: EntityModel, index: TableIndex, made: asyncio.Event) -> None:
        while True:
            await wait_set(made, self._look_seconds)
            if made.is_set():
                return
            row = await self._database.fetch_row(_PROGRESS, model.full_table)
            if row is not None:
                log.info("%s: %s, %s %%", index.name, row["phase"], row["percent"] or 0)

    async def _drop(self, model: EntityModel, name: str) -> None:
        await self._maintenance.execute(f"drop index concurrently if exists {model.schema}.{name}")
