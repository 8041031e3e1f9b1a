"""A schema is made once, whoever makes it: a store's migrations and a collection at the same time."""

import asyncio

import pytest

from hanse.kit.clock import SystemClock
from hanse.runtime.data.arrival import make_schema
from hanse.runtime.data.database import Database
from hanse.runtime.data.entity.entity import Entity, entity, entity_of
from hanse.runtime.data.migrations.ledger import Ledger
from hanse.runtime.data.migrations.migration import read_migrations
from hanse.runtime.data.table.table import make_table

WAITING = """
select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
"""


@entity("shared.things")
class Thing(Entity):
    """Something."""

    name: str


async def by_a_collection(database, _):
    await make_table(database, entity_of(Thing))


async def by_a_store(database, folder):
    (folder / "0001_pre_rows.sql").write_text("create table shared.rows (site_id text);\n")
    await Ledger(database, SystemClock()).decide(read_migrations(folder, "shared"))


@pytest.mark.parametrize("make", [by_a_collection, by_a_store])
async def test_who_makes_a_schema_waits_for_who_makes_it_already(postgres, tmp_path, make):
    await Ledger(postgres, SystemClock()).decide([])
    async with Database(postgres.config) as other:
        async with postgres.transaction():
            await make_schema(postgres, "shared")
            second = asyncio.create_task(make(other, tmp_path))
            # Asked outside of the transaction, which would see what it saw first for ever.
            while not second.done() and not await other.fetch(WAITING):
                await asyncio.sleep(0)
        await second
    assert await postgres.fetch("select from pg_namespace where nspname = 'shared'")
