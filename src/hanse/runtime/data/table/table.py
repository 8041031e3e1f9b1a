"""Makes the tables of entities, and sees that those that are there are theirs."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING

from hanse.kit.fault_points import reached
from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.runtime.data.arrival import make_schema
from hanse.runtime.data.entity.columns import SIZE_MAX
from hanse.runtime.data.table.brief import briefly, until_unlocked
from hanse.runtime.errors import Aborted

if TYPE_CHECKING:
    from hanse.runtime.data.database import Database
    from hanse.runtime.data.entity.model import EntityModel

log = logging.getLogger("hanse.data")

COLUMNS = {
    "site_id": "text",
    "id": "uuid",
    "revision": "bigint",
    "create_time": "timestamp with time zone",
    "update_time": "timestamp with time zone",
    "delete_time": "timestamp with time zone",
    "shape": "smallint",
    "doc": "jsonb",
}

_BINARY_GROWTH = 2
"""A document of many small numbers takes more bytes as jsonb than as JSON, not twice as many."""

_LOOK = """
select attname::text as name, format_type(atttypid, null) as type
from pg_attribute where attrelid = to_regclass($1) and attnum > 0 and not attisdropped
"""


class TableError(ConfigurationError):
    """A table is there and is not what its entity needs; with all that is wrong in `problems`."""


async def make_table(database: Database, model: EntityModel) -> None:
    """Makes a table with its indexes, or sees that the one that is there fits.

    Raises:
        TableError: It lacks a column, or one is of another type.
        HanseError: The database is away, or this login may not.
    """
    await until_unlocked(partial(_make_or_check, database, model))


async def _make_or_check(database: Database, model: EntityModel) -> None:
    found = await _columns(database, model)
    if not found:
        async with briefly(database):
            await database.lock(f"table {model.full_table}")
            found = await _columns(database, model)
            if not found:
                await _make(database, model)
                return
    check_columns(model, found)


def check_columns(model: EntityModel, found: dict[str, str]) -> None:
    """Says what a table lacks."""
    problems = [
        f"{model.full_table} has {_described(name, found)}; "
        f"{model.cls.__name__} needs {name} {kind}."
        for name, kind in COLUMNS.items()
        if found.get(name) != kind
    ]
    if problems:
        raise TableError(*problems)


async def fill_in_indexes(database: Database, model: EntityModel) -> bool:
    """Makes what an empty table lacks of indexes, at once; whether nothing is left to do.

    Nobody waits for it longer than a moment: if somebody writes just now, it is left for later.
    """
    missing = await missing_indexes(database, model)
    if not missing:
        return True
    if not await _is_empty(database, model):
        return False
    try:
        async with briefly(database):
            # From here on nobody writes, and there is nothing that it would take time to read.
            await database.execute(f"lock table {model.full_table} in share mode")
            if await _is_empty(database, model):
                for index in model.indexes:
                    statement = index.statement(model.full_table, concurrently=False)
                    await database.execute(statement)
    except Aborted:
        return False
    return not await missing_indexes(database, model)


async def _is_empty(database: Database, model: EntityModel) -> bool:
    """Whether it has no page: deleted rows would have to be read as well."""
    row = await database.fetch_row(
        "select pg_relation_size(to_regclass($1)) = 0 as empty", model.full_table
    )
    return row is not None and row["empty"]


async def missing_indexes(database: Database, model: EntityModel) -> set[str]:
    """Names of indexes that are not there, or not whole."""
    whole = {name for name, valid in (await indexes_of(database, model)).items() if valid}
    return {index.name for index in model.indexes} - whole


async def indexes_of(database: Database, model: EntityModel) -> dict[str, bool]:
    """All indexes of a table but its primary key, by name, and whether they are whole."""
    rows = await database.fetch(_INDEXES, model.full_table)
    return {row["name"]: row["valid"] for row in rows}


_INDEXES = """
select c.relname::text as name, i.indisvalid and i.indisready as valid
from pg_index i join pg_class c on c.oid = i.indexrelid
where i.indrelid = to_regclass($1) and not i.indisprimary
"""


async def _columns(database: Database, model: EntityModel) -> dict[str, str]:
    rows = await database.fetch(_LOOK, model.full_table)
    return {row["name"]: row["type"] for row in rows}


async def _make(database: Database, model: EntityModel) -> None:
    await make_schema(database, model.schema)
    await database.execute(table_statement(model))
    for index in model.indexes:
        await database.execute(index.statement(model.full_table, concurrently=False))
    await reached("table.made")
    log.info("made %s with %s indexes", model.full_table, len(model.indexes))


def table_statement(model: EntityModel) -> str:
    """The command that makes a table."""
    return (
        f"create table if not exists {model.full_table} ("
        'site_id text collate "C" not null, id uuid not null, revision bigint not null, '
        "create_time timestamptz not null, update_time timestamptz not null, "
        "delete_time timestamptz, shape smallint not null, doc jsonb not null, "
        "primary key (site_id, id), "
        f"constraint {model.table}_doc_size "
        f"check (pg_column_size(doc) <= {_BINARY_GROWTH * SIZE_MAX}))"
    )


def _described(name: str, found: dict[str, str]) -> str:
    return f"{name} {found[name]}" if name in found else f"no {name}"
