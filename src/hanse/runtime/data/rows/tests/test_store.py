"""A store in a world: what it gives, for whom, and what is told of one that is wrong."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hanse import ConfigurationError, DeclarationError, Internal, NotFound
from hanse.runtime.data.rows.proof import prove
from hanse.runtime.data.rows.statement import sql
from hanse.runtime.data.rows.store import Store
from hanse.runtime.data.rows.tables import problems_of
from hanse.runtime.data.rows.tests.hall.lost import Finder
from hanse.runtime.data.rows.tests.hall.seats import Hall, Marks, Seat
from hanse.testing import World


async def test_rows_come_as_what_they_are_declared_to_be():
    async with World(Hall) as world:
        hall = world.get(Hall)
        assert await hall.open(1, 3) == 3
        seat = await hall.book(1, 2, "ada")
        assert seat == Seat(2, "ada", marks=Marks("A", datetime(2026, 1, 1, 9, tzinfo=UTC)))
        assert await hall.taken(1) == 1
        assert await hall.free(1) == (1, 3)
        assert [each.number for each in await hall.seats()] == [1, 2, 3]


async def test_a_store_gives_each_site_its_own_rows_and_shared_tables_to_all():
    async with World(Hall) as world:
        acme, other = world.get(Hall, site="acme"), world.get(Hall, site="other")
        await acme.open(1, 2)
        await other.open(1, 1)
        await acme.book(1, 1, "ada")
        assert (await acme.taken(1), await other.taken(1)) == (1, 0)
        assert (len(await acme.seats()), len(await other.seats())) == (2, 1)
        assert await acme.currency("eur") == await other.currency("eur") == "Euro"
        with pytest.raises(NotFound, match="There is no such Seat"):
            await other.book(1, 2, "eve")


async def test_too_many_rows_are_refused_and_not_cut_off():
    async with World(Hall) as world:
        hall = world.get(Hall)
        await hall.open(1, 4)
        with pytest.raises(Internal):
            await hall.free(1)
        with pytest.raises(Internal):
            await hall.wide(3)
        assert len(await hall.wide(2)) == 2


async def test_arguments_are_counted():
    async with World(Hall) as world:
        with pytest.raises(Internal):
            await world.get(Hall).wrong()


def test_all_statements_that_are_wrong_are_told_at_once_with_their_names():
    class Leaky(Store, schema="venue"):
        all = sql("select number from seat", int)
        some = sql("select number from seat where site_id = $1 and begins < now()", int)
        gone = sql("delete from seat where site_id = $1", int)
        kept = sql("delete from seat where site_id = $1 returning number")

    with pytest.raises(DeclarationError) as refused:
        prove(Leaky)
    told = "\n".join(refused.value.problems)
    assert "Leaky.all: reads seat of all sites → add `seat.site_id = $1`" in told
    assert "Leaky.some: calls now() → business time is a parameter" in told
    assert "Leaky.gone: gives no rows → add returning" in told
    assert "Leaky.kept: gives rows → declare what they are" in told


def test_what_is_wrong_as_python_is_told_when_the_class_is_made():
    with pytest.raises(DeclarationError) as refused:

        class Odd(Store, schema="Venue; drop", shared=("other.currency",)):
            plan = sql("select 1", int)
            many = sql("select 1", list, rows=0)

    assert len(refused.value.problems) == 5


@pytest.mark.parametrize("schema", ["order", "left", "hanse", "information_schema", "pg_toast"])
def test_a_schema_that_is_no_name_of_a_domain_is_refused_when_the_class_is_made(schema):
    with pytest.raises(DeclarationError, match=f"has the schema '{schema}', a word .* → name it"):

        class Odd(Store, schema=schema):
            pass


async def test_a_host_does_not_start_with_statements_that_do_not_fit_their_tables():
    with pytest.raises(ConfigurationError) as refused:
        async with World(Finder):
            pass
    told = dict(problem.split(": ", 1) for problem in refused.value.problems)
    assert 'relation "venue.chair" does not exist' in told["Lost.table"]
    assert 'column "colour" does not exist' in told["Lost.column"]
    assert "as int4, which is no str" in told["Lost.kind"]
    assert "2 columns" in told["Lost.pair"]
    assert "$1 is int4" in told["Lost.site"]
    assert [
        problem.partition(" → ")[0]
        for problem in refused.value.problems
        if problem.startswith("Lost.struct")
    ] == [
        "Lost.struct: gives event, which Seat has not",
        "Lost.struct: gives number as text, which is no int",
    ]


# A table that breaks a rule, and what is said of it.
LOOSE = {
    "no site": ("create table t (id integer primary key)", "has not site_id first in its primary key"),
    "no key": ("create table t (site_id text, id integer)", "has not site_id first in its primary key"),
    "site second": ("create table t (id integer, site_id text, primary key (id, site_id))", "has not site_id first in its primary key"),
    "a number as site": ("create table t (site_id integer, id integer, primary key (site_id, id))", "another type"),
    "unique over all": ("create table t (site_id text, id integer, name text unique, primary key (site_id, id))", "t_name_key, unique over all sites"),
    "an index unique over all": ("create table t (site_id text, id integer, primary key (site_id, id)); create unique index u on t (id)", "u, unique over all"),
    "excluding over all": ("create table t (site_id text, id integer, r int4range, primary key (site_id, id), exclude "
        "using gist (r with &&))", "t_r_excl, unique over all"),
    "a reference that crosses": ("create table o (site_id text, id text, primary key (site_id, id));"
                                 "create table t (site_id text, id text, primary key (site_id, id), foreign key (id, "
        "site_id) references o (site_id, id))", "refers by"),
    "a view": ("create table o (site_id text, id text, primary key (site_id, id)); create view t as select * from o", "is no table"),
    "shared with sites": ("create table common (site_id text primary key)", "is declared shared and has site_id"),
}  # fmt: skip


@pytest.mark.parametrize("name", LOOSE)
async def test_tables_where_sites_could_meet_are_refused_with_the_remedy(name, postgres):
    text, words = LOOSE[name]
    for statement in ("create schema venue", "set search_path = venue"):
        await postgres.execute(statement)
    for statement in text.split(";"):
        await postgres.execute(statement)
    said = await problems_of(postgres, "venue", frozenset(("common",)), frozenset(("t",)))
    assert len(said) == 1
    assert words in said[0]


async def test_tables_that_keep_sites_apart_are_accepted(postgres):
    await postgres.execute("create schema venue")
    await postgres.execute(
        "create table venue.o (site_id text, id text, name text, primary key (site_id, id), unique (site_id, name))"
    )
    await postgres.execute(
        "create table venue.t (site_id text, id text, o text, primary key (site_id, id), foreign key (site_id, o) references venue.o (site_id, id))"
    )
    await postgres.execute("create table venue.common (code text primary key)")
    assert await problems_of(postgres, "venue", frozenset(("common",)), frozenset()) == []
