"""Alembic sees the app's tables and none of the host's."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from hanse.beside import apart
from hanse.runtime.beside.tests.library import Base


async def differences(library, **options) -> list[str]:
    def compare(connection) -> list[str]:
        context = MigrationContext.configure(connection, opts=options)
        return [
            str(one[1]) for one in compare_metadata(context, Base.metadata) if "table" in one[0]
        ]

    async with library.engine.connect() as connection:
        return await connection.run_sync(compare)


async def test_autogenerate_sees_nothing_of_ours(library):
    assert await differences(library) == [], "without other schemas there is nothing to say"
    assert any("outbox" in one for one in await differences(library, include_schemas=True))
    options = {"include_schemas": True, "include_name": apart()}
    assert await differences(library, **options) == []


async def test_what_is_not_ours_is_seen_as_ever(library):
    await library.database.execute("create schema crm")
    await library.database.execute("create table crm.contacts (id int primary key)")
    await library.database.execute("create table public.hanse_like (id int primary key)")
    found = await differences(library, include_schemas=True, include_name=apart())
    assert sorted(found) == ["crm.contacts", "hanse_like"]
    found = await differences(library, include_schemas=True, include_name=apart("crm"))
    assert found == ["hanse_like"]


@pytest.mark.parametrize("kind", ["table", "column", "index", "unique_constraint"])
def test_what_is_inside_of_ours_is_left_alone_as_well(kind):
    include = apart("crm")
    assert not include("any", kind, {"schema_name": "hanse", "table_name": "outbox"})
    assert not include("any", kind, {"schema_name": "crm", "table_name": "contacts"})
    assert include("any", kind, {"schema_name": None, "table_name": "loan"})
