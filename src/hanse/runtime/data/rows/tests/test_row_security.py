"""The second net: with it forced, everything is as without, and what leaves its site sees nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio
from hypothesis import given

from hanse.runtime.config.secret import Secret
from hanse.runtime.data.database import Database
from hanse.runtime.data.database_config import DatabaseConfig
from hanse.runtime.data.migrations.migration import read_migrations
from hanse.runtime.data.migrations.run import Migrations
from hanse.runtime.data.rows.row_security import GuardedDatabase, force_row_security
from hanse.runtime.data.rows.store import migrations_folder
from hanse.runtime.data.rows.tests.hall.seats import Hall, Seats
from hanse.runtime.data.rows.tests.nested import held_changes, held_queries
from hanse.runtime.data.rows.tests.test_proof import ROWS, TABLES, asked, changed, for_all
from hanse.runtime.data.rows.tests.test_samples import checked
from hanse.runtime.identity.principal import VISITOR
from hanse.testing import World, acting

ROLE = "plain"


def plainly(database: Database) -> DatabaseConfig:
    return DatabaseConfig(
        url=Secret(database.config.url.reveal().replace("//hanse@", f"//{ROLE}@")),
        keys=database.config.keys,
    )


async def guard(database: Database, schema: str) -> DatabaseConfig:
    if not await database.fetch("select 1 from pg_roles where rolname = $1", ROLE):
        await database.execute(f"create role {ROLE} login")
    await database.execute("create schema if not exists hanse")
    await database.execute(f"grant create on schema hanse to {ROLE}")  # for what a host makes
    await force_row_security(database, schema, ROLE)
    return plainly(database)


async def test_a_service_does_the_same_with_it(postgres):
    await Migrations(read_migrations(migrations_folder(Seats), "venue"), postgres.config).apply()
    config = await guard(postgres, "venue")
    async with World(Hall, provided={Database: GuardedDatabase(config)}) as world:
        acme, other = world.get(Hall, site="acme"), world.get(Hall, site="other")
        assert await acme.open(1, 2) == 2
        assert await other.open(1, 1) == 1
        assert (await acme.book(1, 1, "ada")).owner == "ada"
        assert (await acme.taken(1), await other.taken(1)) == (1, 0)
        assert (len(await acme.seats()), len(await other.seats())) == (2, 1)
        assert await other.currency("eur") == "Euro"


@pytest_asyncio.fixture
async def two_ways(postgres) -> AsyncIterator[tuple[Database, Database]]:
    """A database of two sites, open to its owner, and guarded."""
    await postgres.execute("create schema venue")
    for table in TABLES:
        await postgres.execute(table)
    for site, table, numbers in ROWS:
        for number in numbers:
            await postgres.execute(f"insert into venue.{table} values ('{site}', {number})")
    async with GuardedDatabase(await guard(postgres, "venue")) as guarded:
        yield postgres, guarded


async def test_what_leaves_its_site_sees_nothing_there(two_ways):
    _, guarded = two_ways
    with acting(VISITOR, site="acme"):
        rows = await guarded.fetch("select distinct site_id from venue.seat")
        assert [row["site_id"] for row in rows] == ["acme"]
        assert await guarded.execute("delete from venue.seat where site_id = 'other'") == 0
    assert await guarded.fetch("select 1 from venue.seat") == []


@for_all
@given(text=held_queries())
async def test_what_is_accepted_answers_the_same_with_it(text, two_ways):
    owner, guarded = two_ways
    found, _ = checked(text)
    assert found is not None
    with acting(VISITOR, site="acme"):
        assert await asked(guarded, found.text) == await asked(owner, found.text)


@for_all
@given(text=held_changes())
async def test_what_is_accepted_changes_the_same_with_it(text, two_ways):
    owner, guarded = two_ways
    found, _ = checked(text)
    assert found is not None
    with acting(VISITOR, site="acme"):
        assert (await changed(guarded, found.text))[0] == (await changed(owner, found.text))[0]
