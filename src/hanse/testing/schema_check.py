"""Whether `schema.sql` of a store says what its migrations come to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.runtime.data.database import Database
from hanse.runtime.data.migrations.catalog import differences, things_in
from hanse.runtime.data.migrations.migration import SCHEMA_FILE, read_migrations
from hanse.runtime.data.migrations.run import Migrations
from hanse.runtime.data.migrations.script import parts_of
from hanse.runtime.data.rows.store import migrations_folder
from hanse.testing.servers.postgres_server import shared_server

if TYPE_CHECKING:
    from hanse.runtime.data.rows.store import Store


async def check_schema(store: type[Store]) -> None:
    """Makes the tables of a store twice, from its migrations and from `schema.sql` beside them.

        async def test_the_schema_is_what_migrations_make() -> None:
            await check_schema(Seats)

    Args:
        store: The tables of its schema are compared; the order of columns does not matter.

    Raises:
        AssertionError: The two differ; in which words.
        ConfigurationError: A migration is wrong.
    """
    folder, schema = migrations_folder(store), store.schema
    server = shared_server()
    first, second = await server.create(), await server.create()
    try:
        config = server.config(first)
        await Migrations(read_migrations(folder, schema), config).apply()
        async with Database(config) as migrated, Database(server.config(second)) as written:
            async with written.transaction():
                await written.execute(f"create schema {schema}")
                await written.execute(f"set local search_path = {schema}")
                for statement in parts_of((folder / SCHEMA_FILE).read_text(encoding="utf-8")):
                    await written.execute(statement.text)
            told = differences(await things_in(migrated, schema), await things_in(written, schema))
    finally:
        server.drop(first)
        server.drop(second)
    if told:
        raise AssertionError("\n".join((f"{store.__name__}, {folder}:", *told)))
