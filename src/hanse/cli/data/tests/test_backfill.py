"""`hanse backfill` as a user runs it: by name or all, ended by Ctrl-C, and run again."""

import asyncio
import json
import signal
from pathlib import Path

import pytest

from hanse.kit.clock import monotonic
from hanse.runtime.config.secret import Secret
from hanse.runtime.data.collection.backfill import ROWS
from hanse.runtime.data.collection.collection import Collection
from hanse.runtime.data.collection.tests.steady_writer import SITE, SteadyWriter
from hanse.runtime.data.database import Database
from hanse.runtime.data.database_config import DatabaseConfig
from hanse.runtime.data.entity.entity import Entity, entity, entity_of
from hanse.runtime.data.table.table import make_table
from hanse.runtime.identity.principal import VISITOR
from hanse.testing.acting import acting
from hanse.testing.servers.postgres_server import PostgresServer
from tests.end_to_end.fleet import fleet
from tests.end_to_end.terminal import PATIENCE_SECONDS, Program, Terminal, edit, hanse

PROJECT = '[project]\nname = "crm"\nservices = ["crm:People", "crm:Notes"]\n'
SERVICES = '''
from typing import Any

from hanse import PUBLIC, Collection, Entity, Resource, Service, entity, rpc, upcast


@entity("crm.people")
class Person(Entity):
    """Somebody."""

    name: str
    greeting: str


@upcast(Person, 1)
def with_greeting(document: dict[str, Any]) -> dict[str, Any]:
    return document | {"greeting": f"Hello, {document['name']}"}


@entity("crm.notes")
class Note(Entity):
    """A note."""

    text: str


class People(Resource[Person], allow=PUBLIC):
    """People."""


class Notes(Service):
    """Keeps notes."""

    def __init__(self, notes: Collection[Note]) -> None:
        self._notes = notes

    @rpc("POST /notes/v1/notes", allow=PUBLIC)
    async def write(self, text: str) -> None:
        """Writes one."""
        await self._notes.create(Note(text))
'''


@entity("crm.people")
class Old(Entity):
    """As the release before had it."""

    name: str


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "hanse.toml").write_text(PROJECT)
    (tmp_path / "crm.py").write_text(SERVICES)
    return tmp_path


@pytest.fixture(scope="module")
def server():
    with PostgresServer() as one:
        yield one


@pytest.fixture
async def url(server):
    made = await server.create()
    yield made
    server.drop(made)


@pytest.fixture
async def database(url):
    """With many documents of the older shape."""
    async with Database(DatabaseConfig(url=Secret(url))) as opened:
        await make_table(opened, entity_of(Old))
        with acting(VISITOR, site="a", locale="en"):
            people = Collection(Old, opened)
            for _ in range(3):
                await people.create_many([Old(f"P{at}") for at in range(ROWS)])
        yield opened


MILLION = 1_000_000
MANY = """
insert into crm.people (site_id, id, revision, create_time, update_time, shape, doc)
select 's' || n % 2, gen_random_uuid(), 1, now(), now(), 1, jsonb_build_object('name', 'Eve ' || n)
from generate_series($1::int, $2::int) n
"""


async def left(database) -> int:
    row = await database.fetch_row("select count(*) as left from crm.people where shape = 1")
    assert row is not None
    return row["left"]


async def test_all_collections_are_brought_up_and_counted(project, url, database):
    done = hanse("backfill", "--json", folder=project, HANSE_DATABASE__URL=url)

    assert done.returncode == 0, done.stderr
    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        {"table": "crm.people", "rewritten": 3 * ROWS, "overtaken": 0, "failed": 0},
        {"table": "crm.notes", "rewritten": 0, "overtaken": 0, "failed": 0},
    ]
    assert await left(database) == 0
    again = hanse("backfill", "people", folder=project, HANSE_DATABASE__URL=url)
    assert again.stdout == "crm.people: 0 rewritten\n"


async def test_who_looks_sees_how_far_it_is(project, url, database):
    file = project / "hanse.toml"
    file.write_text(f'{file.read_text()}\n[database]\nurl = "{url}"\n')

    with Terminal("backfill", folder=project) as terminal:
        assert terminal.end() == 0

    assert f"crm.people: {ROWS} rewritten …" in terminal.shown
    assert f"crm.people: {3 * ROWS} rewritten\r\n" in terminal.shown


async def test_what_cannot_be_brought_up_is_counted_and_ends_with_1(project, url, database):
    await database.execute(
        "update crm.people set doc = doc - 'name' where id = (select min(id::text)::uuid from crm.people)"
    )

    done = hanse("backfill", "crm.people", folder=project, HANSE_DATABASE__URL=url)

    assert (done.returncode, done.stdout) == (
        1,
        f"crm.people: {3 * ROWS - 1} rewritten, 1 left, see above\n",
    )
    assert "stays of shape 1" in done.stderr
    assert await left(database) == 1


async def test_it_may_be_ended_at_any_time_and_goes_on(project, url, database):
    until = monotonic() + PATIENCE_SECONDS
    with Program(
        "backfill", "--load", "0.0001", folder=project, HANSE_DATABASE__URL=url
    ) as program:
        while await left(database) == 3 * ROWS:
            assert monotonic() < until
            assert program.process.poll() is None, program.rest()
        program.process.send_signal(signal.SIGINT)
        assert program.process.wait(PATIENCE_SECONDS) == 130, program.rest()

    there = await left(database)
    assert 0 < there < 3 * ROWS
    done = hanse("backfill", "--json", folder=project, HANSE_DATABASE__URL=url)
    assert json.loads(done.stdout.splitlines()[0])["rewritten"] == there


@pytest.mark.long
async def test_a_million_are_brought_up_under_writes_however_often_it_is_killed(
    project, url, database, capsys
):
    for start in range(0, MILLION, 100_000):
        await database.execute(MANY, start + 1, start + 100_000)
    over, began = asyncio.Event(), monotonic()
    async with Database(database.config) as own, asyncio.TaskGroup() as group:
        writer = SteadyWriter(Collection(Old, own), own, rate=100)
        group.create_task(writer.write_until(over))
        await asyncio.sleep(10)
        alone = writer.waits()
        for kills in range(1, 4):
            with Program("backfill", folder=project, HANSE_DATABASE__URL=url) as program:
                while await left(database) > MILLION * (1 - kills / 10):
                    assert program.process.poll() is None, program.rest()
                    await asyncio.sleep(0.5)
                program.process.kill()
        with Program("backfill", "--json", folder=project, HANSE_DATABASE__URL=url) as program:
            while program.process.poll() is None:
                await asyncio.sleep(0.2)
            assert program.process.returncode == 0, program.rest()
        over.set()
        assert await writer.deadlocks() == 0
    seconds, meanwhile = monotonic() - began, writer.waits()

    hanse("backfill", folder=project, HANSE_DATABASE__URL=url)  # what was written at last
    assert await left(database) == 0
    with acting(VISITOR, site=SITE, locale="en"):
        people = Collection(Old, database)
        for name, last in writer.last.items():
            found = await people.get(name)
            assert (found.name, found.revision) == last, "acknowledged, and lost"
    with capsys.disabled():
        print(f"\n{seconds:.0f} s; alone {alone}; meanwhile {meanwhile}")
    assert meanwhile.writes > 1_000
    assert meanwhile.p99 < max(0.1, 3 * alone.p99)


def test_who_names_what_is_not_there_is_told(project):
    done = hanse("backfill", "crm.peple", folder=project)

    assert done.returncode == 1
    assert "There is no collection crm.peple in this project" in done.stderr
    assert "crm.people" in done.stderr


def test_a_database_that_is_named_and_away_is_told(project):
    url = "postgresql://hanse@127.0.0.1:1/crm"
    done = hanse("backfill", folder=project, HANSE_DATABASE__URL=url)

    assert done.returncode == 1
    assert "The database cannot be reached" in done.stderr
    assert "url in [database] of hanse.toml" in done.stderr


def test_the_database_that_runs_beside_a_fleet_is_found(tmp_path):
    with fleet(tmp_path) as made:
        (made.folder / "crm.py").write_text(SERVICES)
        edit(made.folder / "hanse.toml", "services = [", 'services = ["crm:People", "crm:Notes", ')
        made.up()

        done = hanse("backfill", folder=made.folder)

    assert (done.returncode, done.stdout.splitlines()) == (
        0,
        ["crm.people: 0 rewritten", "crm.notes: 0 rewritten"],
    )


def test_where_no_database_runs_it_says_how_to_have_one(project):
    done = hanse("backfill", folder=project)

    assert done.returncode == 1
    assert (
        "There is no database to reach: this project names none, and none runs here." in done.stderr
    )
    assert "hanse up" in done.stderr
    assert "--dev" in done.stderr
