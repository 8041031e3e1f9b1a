"""`hanse migrate`: what waits is applied once, to the database of the project, and shown."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hanse.runtime.config.secret import Secret
from hanse.runtime.data.database import Database
from hanse.runtime.data.database_config import DatabaseConfig
from hanse.testing import PostgresServer

PROJECT = """
[project]
name = "hall"
services = ["hall:Hall", "hall:Desk"]
"""
HALL = """
from hanse import PUBLIC, Service, Store, rpc, sql


class Seats(Store, schema="hall"):
    taken = sql("select count(*) from seat where site_id = $1", int)


class Free(Store, schema="hall"):
    free = sql("select count(*) from seat where site_id = $1 and owner is null", int)


class Hall(Service):
    def __init__(self, seats: Seats) -> None:
        self._seats = seats

    @rpc("GET /hall/v1/taken", allow=PUBLIC)
    async def taken(self) -> int:
        return await self._seats.taken.one()


class Desk(Service):
    def __init__(self, free: Free, seats: Seats) -> None:
        self._free = free

    @rpc("GET /desk/v1/free", allow=PUBLIC)
    async def free(self) -> int:
        return await self._free.free.one()
"""
SEATS = (
    'create table seat (site_id text collate "C", number integer, row text, owner text, '
    "primary key (site_id, number));"
)
TABLES = "select table_name as name from information_schema.tables where table_schema = 'hall'"


def hanse(*arguments: str, folder: Path, **environment: str):
    """Runs the command line to its end."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HANSE_")}
    return subprocess.run(
        [sys.executable, "-m", "hanse.cli", *arguments],
        cwd=folder, env=kept | {"COLUMNS": "100"} | environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with PostgresServer() as server:
        yield server


class Hall:
    """A project with two stores of one schema, and a database of its own."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.url = url
        (folder / "migrations").mkdir()
        (folder / "hanse.toml").write_text(PROJECT)
        (folder / "hall.py").write_text(HALL)
        self.write("0001_pre_seats", SEATS)

    def write(self, name: str, text: str) -> None:
        (self.folder / f"migrations/{name}.sql").write_text(text)

    def migrate(self, *options: str, **environment: str):
        given = {"HANSE_DATABASE__URL": self.url} | environment
        return hanse("migrate", *options, folder=self.folder, **given)

    def states(self, *options: str) -> list[str]:
        """What is said of each file, as JSON."""
        done = self.migrate(*options, "--json")
        assert done.returncode == 0, done.stderr
        return [f"{one['number']} {one['phase']} {one['state']}" for one in json.loads(done.stdout)]

    def read(self, text: str) -> list[str]:
        async def work() -> list[str]:
            async with Database(DatabaseConfig(url=Secret(self.url))) as database:
                return [row["name"] for row in await database.fetch(text)]

        return asyncio.run(work())


@pytest.fixture
def hall(tmp_path: Path, server: PostgresServer) -> Hall:
    return Hall(tmp_path, asyncio.run(server.create()))


def test_a_dry_run_says_what_would_be_done_and_writes_nothing(hall: Hall):
    told = hall.migrate("--dry-run")
    assert told.returncode == 0, told.stderr
    assert "0001_pre_seats" in told.stdout and "to apply" in told.stdout
    assert "1 would be applied; nothing was written." in told.stdout
    schemas = "select schema_name as name from information_schema.schemata"
    assert not {"hall", "hanse"} & set(hall.read(schemas))


def test_what_waits_is_applied_once_and_a_second_run_writes_nothing(hall: Hall):
    first = hall.migrate()
    assert first.returncode == 0, first.stderr
    assert "Applying hall: 0001_pre_seats …" in first.stdout and "1 applied." in first.stdout
    assert hall.read(TABLES) == ["seat"]
    ledger = "select update_time::text || xmin::text as name from hanse.migration"
    written = hall.read(ledger)
    second = hall.migrate()
    assert "Nothing was left to apply." in second.stdout and "Applying" not in second.stdout
    assert hall.read(ledger) == written


def test_post_waits_until_it_is_asked_for(hall: Hall):
    assert hall.states() == ["1 pre applied now"]
    hall.write("0002_post_rows", "alter table seat drop column row;")
    told = hall.migrate()
    assert "1 waiting" in told.stdout and "hanse migrate --post" in told.stdout
    assert hall.states() == ["1 pre applied", "2 post waiting"]
    assert hall.states("--post", "--dry-run") == ["1 pre applied", "2 post to apply"]
    assert hall.states("--post") == ["1 pre applied", "2 post applied now"]
    assert hall.states("--post") == ["1 pre applied", "2 post applied"]


@pytest.mark.parametrize("option", ["--json", "--dry-run"])
def test_what_may_not_be_is_refused_with_the_remedy(hall: Hall, option: str):
    assert hall.states() == ["1 pre applied now"]
    hall.write("0001_pre_seats", SEATS.replace("owner", "holder"))
    told = hall.migrate(option)
    assert told.returncode == 1 and told.stdout == ""
    assert "put the file back as it was" in told.stderr


def test_one_schema_is_of_one_folder(hall: Hall):
    (hall.folder / "other/migrations").mkdir(parents=True)
    (hall.folder / "other/__init__.py").write_text(
        HALL.replace("Seats", "Others").replace("class Hall", "class Other")
    )
    (hall.folder / "other/migrations/0001_pre_seats.sql").write_text(SEATS)
    file = hall.folder / "hanse.toml"
    file.write_text(file.read_text().replace("hall:Desk", "other:Other"))
    told = hall.migrate()
    assert told.returncode == 1
    assert "keep the files of a schema in one folder" in told.stderr


def test_without_a_database_it_says_how_to_come_by_one(hall: Hall):
    told = hanse("migrate", folder=hall.folder)
    assert told.returncode == 1
    assert "hanse up" in told.stderr and "HANSE_DATABASE__URL" in told.stderr


def test_a_database_that_is_away_is_told_without_its_password(hall: Hall):
    away = "postgresql://hall:s3cret@127.0.0.1:1/hall"
    told = hall.migrate(HANSE_DATABASE__URL=away)
    assert told.returncode == 1
    assert told.stderr.startswith("The database hall at 127.0.0.1:1 (user hall) does not answer:")
    assert "s3cret" not in told.stdout + told.stderr


def test_a_project_without_stores_has_nothing_to_migrate(hall: Hall):
    for file in (hall.folder / "migrations").iterdir():
        file.unlink()
    told = hanse("migrate", folder=hall.folder)
    assert told.returncode == 0, told.stderr
    assert "There is nothing to migrate" in told.stdout
