"""Tables and their indexes: made once, also by two at once, and while others write."""

import asyncio
from typing import Annotated

import pytest

from hanse.kit.clock import monotonic
from hanse.runtime.contract.rules import Length
from hanse.runtime.data.database import Database
from hanse.runtime.data.entity.entity import Entity, entity, entity_of
from hanse.runtime.data.entity.marks import Index, Indexed, Unique
from hanse.runtime.data.table.indexing import Indexing, make_indexes
from hanse.runtime.data.table.table import (
    TableError,
    fill_in_indexes,
    indexes_of,
    make_table,
    missing_indexes,
)
from hanse.runtime.data.transaction import lock_key

Name = Annotated[str, Length(1, 100)]


@entity("shop.things")
class Plain(Entity):
    name: Name


@entity("shop.things", Index("name", "-create_time"), deletes="soft")
class Indexes(Entity):
    name: Annotated[Name, Indexed()]
    tags: Annotated[tuple[Name, ...], Indexed()] = ()


@entity("shop.things")
class OneName(Entity):
    name: Annotated[Name, Unique()]


PLAIN, INDEXED, ONE_NAME = map(entity_of, (Plain, Indexes, OneName))
INSERT = """
insert into shop.things (site_id, id, revision, create_time, update_time, shape, doc)
select 'a', gen_random_uuid(), 1, now(), now(), 1, jsonb_build_object('name', $1 || n)
from generate_series(1, $2::int) n
"""


async def fill(database: Database, number: int, name: str = "n") -> None:
    await database.execute(INSERT.replace("$1", "$1::text"), name, number)


async def test_a_table_is_made_with_its_indexes_and_only_once(database: Database) -> None:
    await make_table(database, INDEXED)
    await make_table(database, INDEXED)

    found = await indexes_of(database, INDEXED)
    assert found == {index.name: True for index in INDEXED.indexes}


async def test_two_hosts_make_it_at_once(place) -> None:
    async with Database(place.config()) as one, Database(place.config()) as other:
        await asyncio.gather(
            *(make_table(host, INDEXED) for host in (one, other) for _ in range(3))
        )

        assert await missing_indexes(one, INDEXED) == set()


async def test_a_table_that_differs_is_told_whole(postgres: Database) -> None:
    await make_table(postgres, PLAIN)
    await postgres.execute("alter table shop.things drop column shape")
    await postgres.execute("alter table shop.things alter column doc type text")

    with pytest.raises(TableError) as caught:
        await make_table(postgres, PLAIN)

    assert len(caught.value.problems) == 2
    assert "shop.things has no shape; Plain needs shape smallint." in caught.value.problems
    assert "shop.things has doc text; Plain needs doc jsonb." in caught.value.problems


async def test_an_empty_table_gets_its_indexes_at_once(database: Database) -> None:
    await make_table(database, PLAIN)

    assert await fill_in_indexes(database, INDEXED) is True
    assert await missing_indexes(database, INDEXED) == set()


async def test_a_table_with_rows_gets_them_while_others_write(postgres: Database) -> None:
    await make_table(postgres, PLAIN)
    await fill(postgres, 5000)
    longest = 0.0
    done = asyncio.Event()

    async def write() -> None:
        nonlocal longest
        while not done.is_set():
            began = monotonic()
            await fill(postgres, 1, "w")
            longest = max(longest, monotonic() - began)

    async def make() -> None:
        await make_indexes(postgres, INDEXED)
        done.set()

    assert await fill_in_indexes(postgres, INDEXED) is False
    await asyncio.gather(make(), write())

    assert await missing_indexes(postgres, INDEXED) == set()
    assert longest < 10, "a writer waited until an index was made"


async def test_what_was_broken_off_is_made_anew(postgres: Database) -> None:
    await make_table(postgres, PLAIN)
    await fill(postgres, 1)
    await fill(postgres, 1)
    (index,) = ONE_NAME.indexes
    with pytest.raises(Exception, match="already"):
        await postgres.execute(index.statement("shop.things", concurrently=True))
    assert await indexes_of(postgres, ONE_NAME) == {index.name: False}
    await postgres.execute(
        "delete from shop.things where ctid in (select max(ctid) from shop.things)"
    )

    async with Database(postgres.upkeep.config) as maintenance:
        await Indexing(maintenance, postgres, [ONE_NAME], look_seconds=0.05).run()

    assert await indexes_of(postgres, ONE_NAME) == {index.name: True}


async def test_two_hosts_share_the_work(database: Database) -> None:
    await make_table(database, PLAIN)
    await fill(database, 2000)

    async def host() -> None:
        async with Database(database.upkeep.config) as maintenance:
            await Indexing(maintenance, database, [INDEXED], look_seconds=0.05).run()

    await asyncio.gather(host(), host(), host())

    assert await indexes_of(database, INDEXED) == {index.name: True for index in INDEXED.indexes}


async def test_an_index_nobody_declares_goes_only_when_asked(postgres: Database) -> None:
    await make_table(postgres, INDEXED)
    old = next(index for index in INDEXED.indexes if index.fields == ("name",))
    await fill_in_indexes(postgres, PLAIN)
    assert old.name in await indexes_of(postgres, PLAIN)

    async with Database(postgres.upkeep.config) as maintenance:
        dropped = await Indexing(maintenance, postgres, [PLAIN]).drop_undeclared()

    assert f"shop.{old.name}" in dropped
    assert await indexes_of(postgres, PLAIN) == {}


async def test_a_document_that_grew_beyond_its_bound_is_refused(postgres: Database) -> None:
    await make_table(postgres, PLAIN)

    with pytest.raises(Exception, match="rule that the database keeps"):
        await postgres.execute(
            "insert into shop.things (site_id, id, revision, create_time, update_time, shape, doc)"
            " values ('a', gen_random_uuid(), 1, now(), now(), 1,"
            " jsonb_build_object('name', repeat('x', 3000000)))"
        )


async def test_what_another_host_makes_is_left_to_it(postgres: Database) -> None:
    await make_table(postgres, PLAIN)
    await fill(postgres, 1)
    async with Database(postgres.upkeep.config) as other:
        await other.fetch("select pg_advisory_lock($1)", lock_key("indexes shop.things"))

        with pytest.raises(TimeoutError):
            await asyncio.wait_for(make_indexes(postgres, INDEXED), 1)

        assert await missing_indexes(postgres, INDEXED) == {index.name for index in INDEXED.indexes}
    await make_indexes(postgres, INDEXED)
    assert await missing_indexes(postgres, INDEXED) == set()
