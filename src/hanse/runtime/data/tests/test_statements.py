"""Statements: what goes in and comes out, on every PostgreSQL we support, direct and pooled."""

import asyncio
import contextvars
import uuid
from datetime import UTC, datetime

import pytest

from hanse.runtime.data.database import Database
from hanse.runtime.data.failures import UniqueViolation
from hanse.runtime.data.tests.servers import PATIENCE, Place
from hanse.runtime.errors import (
    DeadlineExceeded,
    FailedPrecondition,
    Internal,
    InvalidArgument,
    Unavailable,
)

COUNTER = "create table counter (id int primary key, n int not null)"


async def test_values_go_in_and_come_out_as_they_are(database: Database):
    moment = datetime(2026, 1, 1, 9, tzinfo=UTC)
    key = uuid.uuid4()
    row = await database.fetch_row(
        "select $1::jsonb as doc, $2::timestamptz as moment, $3::uuid as key, $4::text[] as words,"
        " $5::jsonb[] as docs, null::jsonb as nothing",
        b'{"name": "Ada"}', moment, key, ["a", "b"], [b"1", b"[2]"],
    )  # fmt: skip
    assert row is not None
    assert dict(row) == {
        "doc": b'{"name": "Ada"}', "moment": moment, "key": key, "words": ["a", "b"],
        "docs": [b"1", b"[2]"], "nothing": None,
    }  # fmt: skip


async def test_execute_tells_how_many_rows_it_wrote(database: Database):
    assert await database.execute(COUNTER) == 0
    assert (
        await database.execute("insert into counter select i, 0 from generate_series(1, 7) i") == 7
    )
    assert await database.execute("update counter set n = 1 where id > $1", 4) == 3
    assert await database.fetch_row("select 1 from counter where id = 99") is None


async def test_twenty_callers_share_few_connections(database: Database):
    # Behind the pooler there are two connections of the server.
    await database.execute(COUNTER)
    await database.execute("insert into counter values (1, 0)")

    async def caller(number: int) -> None:
        for _ in range(20):
            row = await database.fetch_row(
                "select $1::int as mine, $2::text as word", number, "x" * number
            )
            assert row is not None and (row["mine"], row["word"]) == (number, "x" * number)
            await database.execute("update counter set n = n + 1 where id = $1", 1)

    await asyncio.gather(*map(caller, range(20)))
    row = await database.fetch_row("select n from counter")
    assert row is not None and row["n"] == 400


@pytest.mark.parametrize(
    ("statement", "arguments", "kind"),
    [
        ("insert into counter values (2, null)", (), Internal),
        ("insert into counter values (2, -1)", (), FailedPrecondition),
        ("insert into line values (9)", (), FailedPrecondition),
        ("select $1::text", ("a\0b",), InvalidArgument),
        ("select $1::jsonb", (b'"a\\u0000b"',), InvalidArgument),
        ("select * from nowhere", (), Internal),
        ("select $1::int", ("no number",), Internal),
        ("select $1::int", (), Internal),
        ("this is no SQL", (), Internal),
        ("set statement_timeout = 0; select 1", (), Internal),
    ],
)  # fmt: skip
async def test_a_failure_says_nothing_of_sql_or_values_and_leaves_the_connection_usable(
    database: Database, statement: str, arguments: tuple[object, ...], kind: type[Exception]
):
    await database.execute(
        "create table counter (id int primary key, n int not null check (n >= 0))"
    )
    await database.execute("create table line (of int references counter)")
    with pytest.raises(kind) as caught:
        await database.fetch(statement, *arguments)
    assert type(caught.value) is kind
    assert not {"counter", "line", "nowhere", "SQL", "select", "-1"} & set(
        str(caught.value).split()
    )
    row = await database.fetch_row("select 1 as one")
    assert row is not None and row["one"] == 1


async def test_a_broken_uniqueness_names_its_constraint_for_those_inside(database: Database):
    await database.execute("create schema crm")
    await database.execute("create table crm.contact (email text constraint contact_email unique)")
    await database.execute("insert into crm.contact values ($1)", "ada@x.de")
    with pytest.raises(UniqueViolation) as caught:
        await database.execute("insert into crm.contact values ($1)", "ada@x.de")
    error = caught.value
    assert (error.schema, error.table, error.constraint) == ("crm", "contact", "contact_email")
    assert "ada" not in str(error)
    assert error.fields() == type(error)().fields()  # nothing that would be sent


async def test_a_statement_prepared_before_a_table_changed_is_prepared_again(database: Database):
    await database.execute(COUNTER)
    assert await database.fetch("select * from counter") == []
    await database.execute("alter table counter add column more text")
    await database.execute("insert into counter values (1, 2, 'x')")
    row = await database.fetch_row("select * from counter")
    assert row is not None and tuple(row) == (1, 2, "x")


async def test_more_texts_than_a_connection_keeps_prepared(place: Place):
    async with Database(place.config(connections=1)) as database:
        for number in (*range(300), *range(300)):
            row = await database.fetch_row(f"select {number} as n, $1::int as m", number)
            assert row is not None and tuple(row) == (number, number)


async def test_the_server_ends_a_statement_that_takes_too_long(place: Place):
    if place.pooled:
        pytest.skip("the pooler's connections are set up by whoever runs it")
    async with Database(place.config(statement_timeout=0.1)) as database:
        with pytest.raises(DeadlineExceeded):
            await database.fetch("select pg_sleep(30)")


async def test_a_cancelled_statement_leaves_no_trace_on_its_connection(place: Place):
    async with Database(place.config(connections=1)) as database:
        for _ in range(5):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await database.fetch("select pg_sleep(30)")
            row = await database.fetch_row("select 1 as one")
            assert row is not None and row["one"] == 1


async def test_nobody_waits_longer_than_said_for_a_connection(place: Place):
    config = place.config(connections=1, waiting=1, wait_timeout=0.1)
    async with Database(config) as database, database.transaction():
        await database.execute("select 1")
        others = [elsewhere(database) for _ in range(2)]
        async with asyncio.timeout(PATIENCE):
            answers = await asyncio.gather(*others, return_exceptions=True)
    assert all(isinstance(answer, Unavailable) and answer.retry_after for answer in answers)
    assert {str(answer).split(";")[0] for answer in answers} == {
        "Too many wait for the database", "The database was busy for too long",
    }  # fmt: skip


def elsewhere(database: Database) -> asyncio.Task[object]:
    """A statement of somebody who has no part in the transaction around it."""
    loop, context = asyncio.get_running_loop(), contextvars.Context()
    return asyncio.Task(database.fetch("select 1"), loop=loop, context=context)
