"""One site's rows are brought back as they were, and those of others stay as they are."""

from datetime import UTC, datetime

import pytest

from hanse.fleet.restore.site_return import SiteTable, bring_site
from hanse.fleet.state import StateError
from hanse.runtime.data.database import Database
from hanse.testing import PostgresServer

TABLES = (
    "create schema crm",
    'create table crm.contact (site_id text collate "C", id int, doc jsonb, primary key (site_id, id))',
    """create table crm."Odd name" (
         site_id text, number int generated always as identity, "Text" text, blob json,
         long int generated always as (length("Text")) stored, primary key (site_id, number))""",
    "create table crm.note (site_id text, text text)",
    """create table crm.item (site_id text, id int, contact int, primary key (site_id, id),
         foreign key (site_id, contact) references crm.contact (site_id, id) on delete cascade)""",
    "create table crm.setting (name text primary key)",
    "create schema hanse",
    "create table hanse.file (site_id text, id int, primary key (site_id, id))",
    "create table hanse.subject_key (site_id text, subject text, primary key (site_id, subject))",
)
THEN = (
    "insert into crm.contact values ('a', 1, '{\"n\": 1}'), ('a', 2, '{\"n\": 2}'), ('a', 3, '{}'), ('b', 1, '{}')",
    "insert into crm.\"Odd name\" (site_id, \"Text\", blob) values ('a', 'x', '{\"a\": 1}'), ('b', 'y', null)",
    "insert into crm.note values ('a', 'one'), ('b', 'two')",
    "insert into crm.item values ('a', 1, 1), ('a', 2, 3)",
    "insert into crm.setting values ('s')",
    "insert into hanse.file values ('a', 1)",
    "insert into hanse.subject_key values ('a', 'ada'), ('a', 'bob')",
)
SINCE = (
    "update crm.contact set doc = '{\"n\": 9}' where site_id = 'a' and id = 2",
    "delete from crm.contact where site_id = 'a' and id = 3",
    "insert into crm.contact values ('a', 4, '{}'), ('b', 2, '{}')",
    "delete from crm.\"Odd name\" where site_id = 'a'",
    "insert into crm.note values ('a', 'since'), ('b', 'since')",
    "update crm.contact set doc = '{\"b\": 1}' where site_id = 'b' and id = 1",
    "delete from hanse.subject_key where subject = 'ada'",
    "insert into hanse.file values ('a', 2)",
)
WANTED = [
    SiteTable('crm."Odd name"', 1, 0, 0),
    SiteTable("crm.contact", 1, 1, 1),
    SiteTable("crm.item", 1, 0, 0),
    SiteTable("crm.note", 0, 0, 1),
]
ALL = (
    'select site_id, number, "Text", blob::text, long from crm."Odd name"',
    "select * from crm.contact", "select * from crm.item", "select * from crm.note",
)  # fmt: skip


@pytest.fixture(scope="module")
def server():
    with PostgresServer() as server:
        yield server


NOW = datetime(2026, 11, 9, tzinfo=UTC)


class World:
    """A database as it was, and as it is."""

    def __init__(self, server, then: Database, now: Database, folder) -> None:
        self.then, self.now = then, now
        self._urls = then.config.url.reveal(), now.config.url.reveal()
        self._folder = folder

    async def bring(self, site: str = "a", *, dry_run: bool = False) -> list[SiteTable]:
        return await bring_site(*self._urls, site, self._folder, now=NOW, dry_run=dry_run)

    async def rows(self, database: Database, site: str) -> list[list]:
        return [
            sorted(str(tuple(row)) for row in await database.fetch(text) if row["site_id"] == site)
            for text in ALL
        ]


@pytest.fixture
async def world(server, tmp_path):
    configs = [server.config(await server.create()) for _ in range(2)]
    async with Database(configs[0]) as then, Database(configs[1]) as now:
        for text in (*TABLES, *THEN):
            await then.execute(text)
            await now.execute(text)
        for text in SINCE:
            await now.execute(text)
        yield World(server, then, now, tmp_path)


async def test_all_of_the_site_is_as_it_was_and_of_another_as_it_is(world):
    others = await world.rows(world.now, "b")
    assert await world.bring() == WANTED
    assert await world.rows(world.now, "a") == await world.rows(world.then, "a")
    assert await world.rows(world.now, "b") == others
    assert await world.bring() == [], "nothing differs any more"


async def test_who_counts_writes_nothing(world):
    before = await world.rows(world.now, "a")
    assert await world.bring(dry_run=True) == WANTED
    assert await world.rows(world.now, "a") == before


async def test_keys_stay_destroyed_and_files_that_came_since_stay(world):
    await world.bring()
    keys = await world.now.fetch("select subject from hanse.subject_key")
    assert [row["subject"] for row in keys] == ["bob"]
    assert len(await world.now.fetch("select from hanse.file")) == 2


async def test_a_sweep_that_has_come_to_another_site_stays_there(world):
    for database, site in ((world.then, "a"), (world.now, "b")):
        await database.execute(
            "create table hanse.retention (relation text primary key, site_id text)"
        )
        await database.execute("insert into hanse.retention values ('crm.contact', $1)", site)
    assert await world.bring() == WANTED
    assert [row["site_id"] for row in await world.now.fetch("select * from hanse.retention")] == [
        "b"
    ]


async def test_what_subscriptions_have_parked_stays_for_they_have_passed_it(world):
    for database, event in ((world.then, "handled since"), (world.now, "parked since")):
        await database.execute(
            "create table hanse.parked (site_id text, event text, primary key (site_id, event))"
        )
        await database.execute("insert into hanse.parked values ('a', 'dead'), ('a', $1)", event)
    assert await world.bring() == WANTED
    parked = await world.now.fetch("select event from hanse.parked order by event")
    assert [row["event"] for row in parked] == ["dead", "parked since"]


ERASURE = """create table hanse.erasure (site_id text, subject text, destroy_time timestamptz,
  begin_time timestamptz, end_time timestamptz, primary key (site_id, subject))"""
ERASED = "insert into hanse.erasure values ($1, $2, $3, $3, $4)"


async def unfinished(world) -> list[str]:
    rows = await world.now.fetch(
        "select subject, begin_time from hanse.erasure where end_time is null order by subject"
    )
    assert all(row["begin_time"] == NOW for row in rows), "whoever began before does not end it"
    return [row["subject"] for row in rows]


async def test_whom_the_moment_does_not_know_to_be_erased_is_to_be_erased_again(world):
    early, late = (datetime(2026, 11, day, tzinfo=UTC) for day in (1, 2))
    then = ("known", early, early), ("twice", early, late), ("broken off", early, None)
    now = ("known", early, early), ("twice", late, late), ("broken off", early, late)
    for database, known in ((world.then, then), (world.now, (*now, ("since", late, late)))):
        await database.execute(ERASURE)
        for row in known:
            await database.execute(ERASED, "a", *row)
    await world.now.execute(ERASED, "b", "of another site", late, late)
    await world.bring(dry_run=True)
    assert await unfinished(world) == []
    await world.bring()
    assert await unfinished(world) == ["broken off", "since", "twice"]
    assert await world.bring() == []
    assert await unfinished(world) == ["broken off", "since", "twice"], "until they are erased"


async def test_a_moment_that_knows_of_no_erasures_knows_none_to_be_erased(world):
    await world.now.execute(ERASURE)
    late = datetime(2026, 11, 2, tzinfo=UTC)
    await world.now.execute(ERASED, "a", "since", late, late)
    await world.bring()
    assert await unfinished(world) == ["since"]


async def test_a_site_that_was_not_there_then_has_nothing_afterwards(world):
    await world.now.execute("insert into crm.contact values ('new', 1, '{}')")
    assert await world.bring("new") == [SiteTable("crm.contact", 0, 0, 1)]
    assert await world.rows(world.now, "new") == [[], [], [], []]


async def test_a_site_that_never_was_is_refused(world):
    with pytest.raises(StateError, match="Of a site 'A' there was nothing at that moment"):
        await world.bring("A")


async def test_a_table_that_came_since_is_emptied_of_the_site(world):
    await world.now.execute("create table crm.later (site_id text, id int)")
    await world.now.execute("insert into crm.later values ('a', 1), ('b', 1)")
    assert SiteTable("crm.later", 0, 0, 1) in await world.bring()
    assert [row["site_id"] for row in await world.now.fetch("select * from crm.later")] == ["b"]


@pytest.mark.parametrize(
    "change", ["alter table crm.note add column more text", "drop table crm.note"]
)
async def test_rows_of_another_form_are_refused_and_nothing_is_changed(world, change):
    await world.now.execute(change)
    before = (await world.now.fetch("select * from crm.contact")), ALL
    with pytest.raises(StateError, match=r"crm\.note had another form then"):
        await world.bring()
    assert [tuple(row) for row in await world.now.fetch("select * from crm.contact")] == [
        tuple(row) for row in before[0]
    ]
    for database in (world.then, world.now):
        await database.execute("insert into crm.contact values ('c', 1, '{}')")
    assert await world.bring("c") == [], "who has no rows there is not concerned"


async def test_what_fails_in_the_middle_changes_nothing(world):
    await world.now.execute("alter table crm.note add check (text <> 'one') not valid")
    await world.now.execute("delete from crm.note where text = 'one'")
    before = await world.rows(world.now, "a")
    with pytest.raises(StateError, match="Nothing is changed"):
        await world.bring()
    assert await world.rows(world.now, "a") == before


async def test_why_it_fails_names_no_values(world):
    await world.now.execute("create unique index once on crm.note (text) where text like '%@%'")
    await world.now.execute("insert into crm.note values ('b', 'ada@example.org')")
    await world.then.execute("insert into crm.note values ('a', 'ada@example.org')")
    with pytest.raises(StateError, match=r"23505.* at crm, note, once") as told:
        await world.bring()
    assert "ada@example.org" not in str(told.value)
