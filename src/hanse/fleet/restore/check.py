"""Reads all of a database that was restored: what cannot be read is no backup."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import msgspec

from hanse.fleet.state import StateError

if TYPE_CHECKING:
    from collections.abc import Callable

    from hanse.fleet.restore.scratch import Scratch

asyncpg: Any = importlib.import_module("asyncpg")

_CHECKSUMS = "show data_checksums"

_COUNT = "select count(*), count(t::text) from {} t"

_TABLES = """
select format('%I.%I', n.nspname, c.relname) as name,
  n.nspname in ('pg_catalog', 'information_schema') as own
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'm') and c.relpersistence = 'p' and n.nspname !~ '^pg_(toast|temp)'
order by 1
"""


class Checked(msgspec.Struct, frozen=True):
    """What was read.

    Attributes:
        tables: How many, those of PostgreSQL itself too.
        rows: Of all together but those.
    """

    tables: int
    rows: int


async def check(scratch: Scratch, told: Callable[[str], None]) -> Checked:
    """Reads every page of every table, whose checksums PostgreSQL compares, and every value.

    Raises:
        StateError: Something cannot be read.
    """
    told("reading every table")
    if (await scratch.ask(_CHECKSUMS))[0][0] != "on":
        raise StateError("This database has no checksums, so nobody can tell whether it is whole.")
    tables = await scratch.ask(_TABLES)
    rows = 0
    for table, is_own in tables:
        try:
            found = await scratch.ask(_COUNT.format(table))
        except asyncpg.PostgresError as error:
            raise StateError(f"{table} cannot be read: {error}") from error
        rows += 0 if is_own else found[0][0]
    return Checked(len(tables), rows)
