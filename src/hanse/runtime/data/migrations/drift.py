"""What somebody changed by hand in tables that migrations made: noticed when a host arrives."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from hanse.runtime.data.arrival import make_missing
from hanse.runtime.data.migrations.things import OF_TABLES, TYPES

if TYPE_CHECKING:
    from hanse.runtime.data.database import Database
    from hanse.runtime.data.record import Record

log = logging.getLogger("hanse.database")

_THERE = "select to_regclass('hanse.migrated_schema') is not null as there"
_MAKE = (
    """create table if not exists hanse.migrated_schema (
        schema text collate "C" primary key,
        number integer not null,
        server integer not null,
        things text[] not null,
        update_time timestamptz not null
    )""",
)

# Tables of collections lie in the same schema, and change as their classes do: each has these two
# columns. Views, functions and policies are left out, which collections and row security make.
_CLASS = """
with class as (
    select class.oid, class.relname, class.relkind from pg_catalog.pg_class class
    where class.relnamespace = to_regnamespace(quote_ident($1)) and class.relkind in ('r', 'p')
        and 2 > (
            select count(*) from pg_catalog.pg_attribute
            where attrelid = class.oid and attname in ('shape', 'doc') and not attisdropped
        )
), thing as (
    select format('table %s', relname) as said from class
"""
_SUM = """
)
select coalesce(array_agg(said order by said), '{}') as things,
    coalesce((select max(number) from hanse.migration where schema = $1 and done), 0) as number,
    current_setting('server_version_num')::integer / 10000 as server
from thing
"""
_THINGS = f"{_CLASS}union all{OF_TABLES}union all{TYPES}{_SUM}"
_READ = "select number, server, things from hanse.migrated_schema where schema = $1"
_NOTE = """
insert into hanse.migrated_schema as known (schema, number, server, things, update_time)
values ($1, $2, $3, $4, $5)
on conflict (schema) do update set number = excluded.number, server = excluded.server,
    things = excluded.things, update_time = excluded.update_time
"""


async def is_noted(database: Database) -> bool:
    """Whether anything was ever noted in a database.

    Raises:
        HanseError: As `Database.fetch`.
    """
    row = await database.fetch_row(_THERE)
    return row is not None and row["there"]


async def drift_in(database: Database, schema: str) -> list[str]:
    """How the tables of a schema are otherwise than its migrations left them, a sentence each.

    There is nothing to compare with where that was not noted since the last one was applied, or by
    another version of PostgreSQL, which says some things in other words.

    Raises:
        HanseError: As `Database.fetch`.
    """
    return _told(schema, *await _looked(database, schema))


async def _looked(database: Database, schema: str) -> tuple[Record, Record | None]:
    """How it is now, and how it was left."""
    now = await database.fetch_row(_THINGS, schema)
    assert now is not None, "an aggregate has a row"
    noted = await database.fetch_row(_READ, schema)
    is_old = noted and (noted["number"], noted["server"]) != (now["number"], now["server"])
    return now, None if is_old else noted


def _told(schema: str, now: Record, noted: Record | None) -> list[str]:
    if noted is None:
        return []
    there, was = set[str](now["things"]), set[str](noted["things"])
    return [
        *(f"{schema} lacks what its migrations made: {each}" for each in sorted(was - there)),
        *(f"{schema} has what none of its migrations made: {each}" for each in sorted(there - was)),
    ]


async def tell_drift(database: Database, schema: str) -> None:
    """Logs it, or notes how the tables are after a migration.

    A host serves on: an index that somebody made at night may be why it still does.

    Raises:
        DatabaseUnfit: The login may not make the table in which it is noted.
        HanseError: As `drift_in`.
    """
    await make_missing(database, _THERE, _MAKE)
    now, noted = await _looked(database, schema)
    if noted is None:
        what = (schema, now["number"], now["server"], now["things"], database.clock.now())
        await database.execute(_NOTE, *what)
    for each in _told(schema, now, noted):
        log.warning("%s. Undo it, or write it into a migration that finds it done.", each)
