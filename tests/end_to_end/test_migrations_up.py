"""`hanse up` brings tables along: what only an older release needs goes when its hosts are gone."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.fleet import Fleet, fleet
from tests.end_to_end.terminal import hanse

HALL = """
from hanse import PUBLIC, Database, Service, Store, rpc, sql


class Seats(Store, schema="hall"):
    taken = sql("select count(*) from seat where site_id = $1", int)


class Hall(Service):
    def __init__(self, seats: Seats, database: Database) -> None:
        self._seats = seats
        self._database = database

    @rpc("GET /hall/v1/taken", allow=PUBLIC)
    async def taken(self) -> int:
        return await self._seats.taken.one()

    @rpc("GET /hall/v1/clients", allow=PUBLIC)
    async def clients(self) -> tuple[int, ...]:
        return await self._pids("pg_stat_activity where backend_type = 'client backend'")

    @rpc("GET /hall/v1/seen", allow=PUBLIC)
    async def seen(self) -> tuple[int, ...]:
        return await self._pids("public.seen")

    async def _pids(self, source: str) -> tuple[int, ...]:
        rows = await self._database.fetch(f"select pid from {source}")
        return tuple(row["pid"] for row in rows)
"""

BOX = """
from hanse import PUBLIC, Service, rpc

from hall import Seats


class Box(Service):
    def __init__(self, seats: Seats) -> None:
        self._seats = seats

    @rpc("GET /box/v1/left", allow=PUBLIC)
    async def left(self) -> int:
        return 100 - await self._seats.taken.one()
"""

SEATS = """
create table seat (
    site_id text collate "C", number integer, row text, primary key (site_id, number)
);
"""
SEEN = """
create table public.seen as select pid from pg_stat_activity where backend_type = 'client backend';
alter table seat drop column row;
"""


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Fleet]:
    with fleet(tmp_path) as made:
        with_hall(made)
        yield made


def with_hall(made: Fleet) -> None:
    """Adds two services that keep something together, and brings all up."""
    made.write("hall.py", HALL)
    made.write("box.py", BOX)
    made.write("migrations/0001_pre_seats.sql", SEATS)
    file = made.folder / "hanse.toml"
    file.write_text(
        file.read_text().replace("services = [", 'services = ["hall:Hall", "box:Box", ', 1)
    )
    made.up()


def states(made: Fleet) -> list[str]:
    told = hanse("migrate", "--dry-run", "--json", folder=made.folder)
    assert told.returncode == 0, told.stderr
    return [one["state"] for one in json.loads(told.stdout)]


def test_post_runs_when_the_hosts_of_the_release_before_are_gone(made: Fleet) -> None:
    before = made.get("/hall/v1/clients")
    assert before
    made.write("migrations/0002_post_rows.sql", SEEN)
    assert made.up()["notes"] == []
    assert not set(before) & set(made.get("/hall/v1/seen"))
    assert states(made) == ["applied", "applied"]


@pytest.mark.long
def test_a_post_that_fails_is_noted_and_what_runs_goes_on(made: Fleet) -> None:
    made.write("migrations/0002_post_rows.sql", "alter table seat drop column lost;")
    found = made.up()
    assert found["problems"] == []
    assert any("0002_post_rows fails" in note for note in found["notes"]), found["notes"]
    assert made.status()["notes"] == found["notes"]
    assert made.get("/hall/v1/taken") == 0
    made.write("migrations/0002_post_rows.sql", SEEN)
    assert made.up()["notes"] == []
    assert states(made) == ["applied", "applied"]


@pytest.mark.long
def test_where_hosts_may_not_migrate_it_waits_for_the_verb(made: Fleet) -> None:
    file = made.folder / "hanse.toml"
    file.write_text(file.read_text() + '\n[database]\nmigrate = "never"\n')
    made.write("migrations/0002_post_rows.sql", SEEN)
    (note,) = made.up()["notes"]
    assert "0002_post_rows waits" in note and "hanse migrate --post" in note
    assert states(made) == ["applied", "waiting"]
    told = hanse("migrate", "--post", folder=made.folder)
    assert "Applying hall: 0002_post_rows" in told.stdout, told.stderr
    assert made.up()["notes"] == []


def test_post_waits_while_a_group_has_the_code_of_before(tmp_path: Path) -> None:
    with fleet(tmp_path, placement='default = "apart"') as made:
        with_hall(made)
        made.write("migrations/0002_post_rows.sql", SEEN)
        made.hanse("restart", "hall")
        assert made.status()["notes"] == []
        assert states(made) == ["applied", "waiting"]
        assert made.up()["notes"] == []
        assert states(made) == ["applied", "applied"]
