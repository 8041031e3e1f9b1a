"""What was applied to a database, as its own table says."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hanse.runtime.data.arrival import make_missing, make_schema

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hanse.kit.clock import Clock
    from hanse.runtime.data.database import Database
    from hanse.runtime.data.migrations.migration import Migration

_THERE = "select to_regclass('hanse.migration') is not null as there"
_MAKE = (
    """create table if not exists hanse.migration (
        schema text collate "C",
        number integer,
        name text not null,
        digest text not null,
        done boolean not null,
        update_time timestamptz not null,
        primary key (schema, number)
    )""",
)
_READ = "select schema, number, name, digest, done from hanse.migration order by schema, number"
_DECIDE = """
    insert into hanse.migration as known (schema, number, name, digest, done, update_time)
    values ($1, $2, $3, $4, false, $5)
    on conflict (schema, number) do update
    set name = excluded.name, digest = excluded.digest where not known.done
"""
_FINISH = """
    update hanse.migration set done = true, update_time = $3
    where schema = $1 and number = $2 and not done
"""


class Entry(NamedTuple):
    """One migration, as it was recorded.

    Attributes:
        done: It was applied; else it was decided to apply it, and that may have been broken off.
    """

    schema: str
    number: int
    name: str
    digest: str
    done: bool


class Ledger:
    """The table `hanse.migration`.

    Args:
        database: Where it is.
        clock: For when something was done.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def read(self) -> list[Entry]:
        """Everything that was recorded."""
        row = await self._database.fetch_row(_THERE)
        if row is None or not row["there"]:
            return []
        return [Entry(*row.values()) for row in await self._database.fetch(_READ)]

    async def decide(self, migrations: Iterable[Migration]) -> None:
        """Records what is going to be applied, so that whoever comes after goes on with it."""
        await make_missing(self._database, _THERE, _MAKE)
        for each in migrations:
            await make_schema(self._database, each.schema)
            record = (each.schema, each.number, each.name, each.digest, self._clock.now())
            await self._database.execute(_DECIDE, *record)

    async def finish(self, migration: Migration) -> bool:
        """Records that it is applied; false where somebody else has done so.

        Inside of the transaction that applies it, as its first statement: whoever else tries waits
        here until it is known how that ended.
        """
        key = (migration.schema, migration.number)
        return bool(await self._database.execute(_FINISH, *key, self._clock.now()))
