"""Nobody who writes waits for a change of a table: seen in the locks, not on a watch.

A writer with an open transaction stands in our way. Whoever writes behind us gets through while it
is still open, or waits until the test gives up.
"""

import asyncio
import os
from contextlib import asynccontextmanager
from typing import Annotated

import pytest

from hanse.runtime.contract.rules import Length
from hanse.runtime.data.database import Database
from hanse.runtime.data.entity.entity import Entity, entity, entity_of
from hanse.runtime.data.entity.marks import Indexed
from hanse.runtime.data.table.brief import briefly
from hanse.runtime.data.table.indexing import make_indexes
from hanse.runtime.data.table.table import fill_in_indexes, make_table, missing_indexes
from hanse.runtime.errors import Aborted

PATIENCE = float(os.environ.get("PATIENCE", "20"))
"""Seconds after which somebody counts as kept waiting; who is not is done in a moment."""

HARMLESS = {"AccessShareLock", "RowShareLock", "RowExclusiveLock", "ShareUpdateExclusiveLock"}
"""Locks of a table that a writer's does not meet; postgresql.org/docs/current/explicit-locking.html."""

INSERT = """
insert into shop.things (site_id, id, revision, create_time, update_time, shape, doc)
values ('a', gen_random_uuid(), 1, now(), now(), 1, '{"name": "Crane"}')
"""

WRITING = "lock table shop.things in row exclusive mode"
"""What a writer has from its first row on, and before the table has a page."""

LOCKS = """
select mode, granted from pg_locks
where relation = 'shop.things'::regclass and pid <> pg_backend_pid()
"""


@entity("shop.things")
class Plain(Entity):
    name: str


@entity("shop.things")
class Indexes(Entity):
    name: Annotated[str, Length(1, 100), Indexed()]
    tags: Annotated[tuple[Annotated[str, Length(1, 100)], ...], Indexed()] = ()


PLAIN, INDEXED = entity_of(Plain), entity_of(Indexes)


@pytest.fixture
async def writer(postgres):
    """Somebody else, to a table that is there."""
    await make_table(postgres, PLAIN)
    async with Database(postgres.config) as other:
        yield other


@asynccontextmanager
async def running(work):
    """Something done beside the block."""
    task = asyncio.ensure_future(work)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait((task,))


async def locks(database, *, waiting):
    """Locks of the table that are waited for, or held."""
    rows = await database.fetch(LOCKS)
    return {row["mode"] for row in rows if row["granted"] is not waiting}


async def test_who_writes_behind_us_waits_no_longer_than_we_do(postgres, writer):
    async with writer.transaction():
        await writer.execute(WRITING)

        async with asyncio.timeout(PATIENCE), running(fill_in_indexes(postgres, INDEXED)) as work:
            while not work.done():
                async with postgres.transaction():
                    await postgres.execute(WRITING)
            assert await work is False, "it did not give up, though the table has no page"
    assert await fill_in_indexes(postgres, INDEXED) is True


async def test_a_lock_that_is_held_is_given_up_soon_by_what_is_brief(postgres, writer):
    async with writer.transaction():
        await writer.execute(INSERT)

        async with asyncio.timeout(PATIENCE):
            with pytest.raises(Aborted):
                async with briefly(postgres):
                    await postgres.execute("lock table shop.things in share mode")


async def test_a_table_that_was_emptied_is_not_read_while_others_wait(postgres, writer):
    await writer.execute(INSERT)
    await writer.execute("delete from shop.things")

    assert await fill_in_indexes(postgres, INDEXED) is False
    assert await missing_indexes(postgres, INDEXED)


async def test_an_index_in_the_making_holds_nothing_that_a_writer_waits_for(postgres, writer):
    await postgres.execute(INSERT)
    async with asyncio.timeout(PATIENCE * 3), running(make_indexes(postgres, INDEXED)) as work:
        async with writer.transaction():
            await writer.execute(INSERT)
            held = set()
            while "ShareUpdateExclusiveLock" not in held:
                held = await locks(writer, waiting=False)
            for _ in range(20):
                assert not work.done(), "it has to wait for who writes"
                held |= await locks(writer, waiting=False) | await locks(writer, waiting=True)
                await postgres.execute(INSERT)
        await work

    assert held <= HARMLESS
    assert await missing_indexes(postgres, INDEXED) == set()


async def test_a_table_that_another_makes_is_waited_for_again_and_again(postgres):
    async with Database(postgres.config) as other:
        async with other.transaction():
            await other.lock("table shop.things")
            work = asyncio.ensure_future(make_table(postgres, PLAIN))
            async with asyncio.timeout(PATIENCE):
                tries = set()
                while len(tries) < 2:
                    tries |= {
                        row["xid"]
                        for row in await other.fetch(
                            "select virtualtransaction as xid from pg_locks "
                            "where locktype = 'advisory' and not granted"
                        )
                    }
            assert not work.done()
        async with asyncio.timeout(PATIENCE):
            await work
