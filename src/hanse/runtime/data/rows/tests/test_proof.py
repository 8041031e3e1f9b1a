"""The proof is put to the proof: what it accepts never tells one site of another."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings

from hanse.runtime.data.database import Database
from hanse.runtime.data.rows.tests.nested import free_queries, held_changes, held_queries
from hanse.runtime.data.rows.tests.test_samples import checked

TABLES = (
    'create table venue.event (site_id text collate "C", id integer, primary key (site_id, id))',
    'create table venue.seat (site_id text collate "C", number integer, owner text, primary key (site_id, number))',
    'create table venue.hold (site_id text collate "C", number integer, owner text, primary key (site_id, number))',
)
ROWS = (
    ("acme", "event (site_id, id)", (1, 2, 3)),
    ("acme", "seat (site_id, number)", (2, 3, 5)),
    ("acme", "hold (site_id, number)", (1, 3)),
    ("other", "event (site_id, id)", (2, 3, 4, 7)),
    ("other", "seat (site_id, number)", (1, 2, 6)),
    ("other", "hold (site_id, number)", (1, 5, 9)),
)
HOLDS = "select number, owner from venue.hold where site_id = $1 order by number"

for_all = settings(max_examples=50, suppress_health_check=list(HealthCheck), deadline=None)
thoroughly = settings(max_examples=2000, suppress_health_check=list(HealthCheck), deadline=None)


class Undone(Exception):
    """Ends a transaction without a trace."""


@pytest_asyncio.fixture
async def alone(servers, postgres) -> AsyncIterator[tuple[Database, Database]]:
    """Two databases: one of a site, and one of the same site beside another."""
    server = servers.server("18")
    url = await server.create()
    async with Database(server.config(url)) as single:
        for database in (single, postgres):
            await database.execute("create schema venue")
            for table in TABLES:
                await database.execute(table)
            for site, table, numbers in ROWS:
                if site == "acme" or database is postgres:
                    for number in numbers:
                        await database.execute(
                            f"insert into venue.{table} values ('{site}', {number})"
                        )
        yield single, postgres
    server.drop(url)


@for_all
@given(held_queries())
def test_what_is_held_at_every_level_is_accepted(text):
    found, said = checked(text)
    assert found is not None, said


@for_all
@given(free_queries())
def test_what_is_free_at_one_level_is_refused(text):
    found, _ = checked(text)
    assert found is None


async def asked(database: Database, text: str) -> list[int | None]:
    rows = await database.fetch(text, *(["acme"] if "$1" in text else []))
    return sorted((row["v"] for row in rows), key=lambda value: (value is None, value or 0))


async def changed(database: Database, text: str) -> tuple[object, object]:
    """What a change leaves of both sites' rows; it is undone."""
    try:
        async with database.transaction():
            await database.execute(text, "acme")
            mine, others = [await database.fetch(HOLDS, site) for site in ("acme", "other")]
            raise Undone
    except Undone:
        return [tuple(row) for row in mine], [tuple(row) for row in others]


async def compare(alone: tuple[Database, Database], text: str) -> None:
    found, said = checked(text)
    assert found is not None, said
    single, both = alone
    assert await asked(single, found.text) == await asked(both, found.text)


async def compare_change(alone: tuple[Database, Database], text: str) -> None:
    found, said = checked(text)
    assert found is not None, said
    single, both = alone
    others = [tuple(row) for row in await both.fetch(HOLDS, "other")]
    mine, none = await changed(single, found.text)
    assert none == []
    assert await changed(both, found.text) == (mine, others)


@for_all
@given(text=held_queries())
async def test_the_rows_of_another_site_change_no_answer(text, alone):
    await compare(alone, text)


@for_all
@given(text=held_changes())
async def test_a_change_sees_and_touches_no_row_of_another_site(text, alone):
    await compare_change(alone, text)


@pytest.mark.long
@thoroughly
@given(text=held_queries())
async def test_the_rows_of_another_site_change_no_answer_of_thousands(text, alone):
    await compare(alone, text)
