"""Has go what is kept for a while only: values back to their defaults, rows for good."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from hanse.kit.clock import monotonic, wait_set
from hanse.runtime.data.arrival import make_missing
from hanse.runtime.data.entity.expression import inside, jsonb, quoted
from hanse.runtime.data.query.values import bound, type_of
from hanse.runtime.data.upkeep import again_and_again

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from hanse.runtime.data.database import Database
    from hanse.runtime.data.entity.leaf import Leaf
    from hanse.runtime.data.entity.marks import Retention
    from hanse.runtime.data.entity.model import EntityModel
    from hanse.runtime.data.query.fields import Field

log = logging.getLogger("hanse.data")

ROWS = 500
"""Looked at in one step."""

LOAD = 0.2
"""Share of the time it works, while there is something to do."""

AGAIN = timedelta(hours=1)
"""From the end of one pass through a table to the beginning of the next, by the host's clock."""

LOOK_SECONDS = 60.0
"""Between two looks of one host whether a pass is due; each waits up to half as long again."""

_FIRST = UUID(int=0)

IS_THERE = "select to_regclass('hanse.retention') is not null"

MAKE = (
    # How far the pass through a table is, and when it goes on; whose host has the row locked does.
    """
create table if not exists hanse.retention (
  relation text collate "C" primary key,
  site_id text collate "C" not null,
  id uuid not null,
  look_time timestamptz not null
)""",
)

BEGIN = """
insert into hanse.retention (relation, site_id, id, look_time) values ($1, '', $2, $3)
on conflict do nothing
"""

TAKE = """
select site_id, id from hanse.retention where relation = $1 and look_time <= $2
for update skip locked
"""

GO_ON = "update hanse.retention set site_id = $2, id = $3, look_time = $4 where relation = $1"


class RetentionSweep:
    """Goes through one table again and again, some rows at a time; of all hosts one does.

    No index is asked, as none would serve all sites: a step costs what its rows cost to read.

    Args:
        database: Where it is, and whose clock says what is due.
        model: The entity, of which something is kept for a while only.
    """

    def __init__(self, database: Database, model: EntityModel) -> None:
        self._database = database
        self._model = model
        rules = [retention for _, retention in model.retained]
        self._rules = [*rules, model.retention] if model.retention else rules
        self._text = _step(model)

    async def prepare(self) -> None:
        """Makes the table of how far it is.

        Raises:
            HanseError: It cannot be made.
        """
        database, relation = self._database, self._model.full_table
        await make_missing(database, IS_THERE, MAKE)
        await database.execute(BEGIN, relation, _FIRST, database.clock.now())

    async def run(self) -> None:
        """Sweeps again and again; a failure is logged, and tried again."""
        complaint = f"what is due in {self._model.full_table} does not go yet"
        await again_and_again(self._pass, LOOK_SECONDS, log, complaint)

    async def once(self) -> bool:
        """Does one step, if a pass is due and no other host is at it; whether there are more.

        Raises:
            HanseError: The database is away.
        """
        database, relation = self._database, self._model.full_table
        now = database.clock.now()
        async with database.transaction():
            place = await database.fetch_row(TAKE, relation, now)
            if place is None:
                return False
            arguments = [self._cutoff(rule, now) for rule in self._rules]
            done = await database.fetch_row(self._text, place["site_id"], place["id"], *arguments)
            assert done is not None, "it always answers"
            if done["deleted"] or done["blanked"]:
                log.info("%s: %s rows went, %s changed", relation, done["deleted"], done["blanked"])
            more = done["looked"] == ROWS
            here = (done["site_id"], done["id"], now) if more else ("", _FIRST, now + AGAIN)
            await database.execute(GO_ON, relation, *here)
        return more

    async def _pass(self) -> None:
        began = monotonic()
        while await self.once():
            now = monotonic()
            await wait_set(asyncio.Event(), (now - began) * (1 / LOAD - 1))
            began = monotonic()

    def _cutoff(self, rule: Retention, now: datetime) -> Any:
        """What was before then is due."""
        return bound(_since(self._model, rule), now - timedelta(days=rule.days))


def _step(model: EntityModel) -> str:
    """The statement of one step: $1 and $2 say where the one before ended, the rest what is due."""
    fields = [
        f"({_due(model, rule, number)} and {_says(leaf)})"
        for number, (leaf, rule) in enumerate(model.retained, 3)
    ]
    row = "false"
    if model.retention is not None:
        row = f"coalesce({_due(model, model.retention, 3 + len(fields))}, false)"
    return (
        f"with page as materialized (select site_id, id from {model.full_table} "
        f"where (site_id, id) > ($1::text, $2::uuid) order by site_id, id limit {ROWS}), "
        f"gone as (delete from {model.full_table} where {row} "
        "and (site_id, id) in (select site_id, id from page) returning 1), "
        f"changed as (update {model.full_table} set revision = revision + 1, "
        f"doc = {_blanked(zip(fields, model.retained, strict=True))} "
        f"where not {row} and ({' or '.join(fields) or 'false'}) "
        "and (site_id, id) in (select site_id, id from page) returning 1) "
        "select (select count(*) from gone) as deleted, "
        "(select count(*) from changed) as blanked, "
        "(select count(*) from page) as looked, last.site_id, last.id from (select) as one "
        "left join (select site_id, id from page order by site_id desc, id desc limit 1) "
        "as last on true"
    )


def _due(model: EntityModel, rule: Retention, number: int) -> str:
    since = _since(model, rule)
    return f"{since.sql} < ${number}::{type_of(since)}"


def _since(model: EntityModel, rule: Retention) -> Field:
    return model.fields[tuple(rule.since.split("."))]


def _says(leaf: Leaf) -> str:
    """Whether a value is there and not its default."""
    return f"coalesce({inside('doc', leaf.path)} <> {jsonb(leaf.default)}, false)"


def _blanked(values: Iterable[tuple[str, tuple[Leaf, Retention]]]) -> str:
    """A document with its defaults in the place of what is due."""
    document = "doc"
    for due, (leaf, _) in values:
        path = f"array[{', '.join(map(quoted, leaf.path))}]"
        blank = f"jsonb_set({document}, {path}, {jsonb(leaf.default)})"
        document = f"case when {due} then {blank} else {document} end"
    return document
