"""`hanse up` with services that keep something: in the database it brings, or in one that is named."""

import fcntl
import os
from pathlib import Path

from hanse.testing import PostgresServer
from tests.end_to_end.fleet import Fleet, fleet
from tests.end_to_end.terminal import hanse

NOTES = '''
from hanse import PUBLIC, Database, Service, rpc


class Notes(Service):
    """Keeps notes."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.prepare(self._make_table)

    async def _make_table(self) -> None:
        await self._database.execute("create table if not exists note (text text)")

    @rpc("GET /notes/v1/notes/{text}", allow=PUBLIC)
    async def write(self, text: str) -> int:
        await self._database.execute("insert into note values ($1)", text)
        return len(await self._database.fetch("select * from note"))
'''


def with_notes(made: Fleet) -> None:
    (made.folder / "notes.py").write_text(NOTES)
    file = made.folder / "hanse.toml"
    file.write_text(file.read_text().replace("services = [", 'services = ["notes:Notes", ', 1))


def held(places: Path) -> list[str]:
    """The places of a budget that somebody has."""
    found: list[str] = []
    for place in places.glob("[0-9]*"):
        with place.open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                found.append(place.name)
    return found


def test_what_is_kept_in_the_embedded_database_outlives_the_fleet(tmp_path: Path) -> None:
    with fleet(tmp_path) as made:
        with_notes(made)
        made.up()
        assert made.get("/notes/v1/notes/a") == 1
        assert held(made.folder / ".hanse/up/connections"), "hosts take theirs out of one budget"
        assert hanse("down", folder=made.folder).returncode == 0
        made.up()
        assert made.get("/notes/v1/notes/b") == 2


def test_a_database_that_is_named_is_used_and_no_other_started(tmp_path: Path) -> None:
    with PostgresServer() as server, fleet(tmp_path) as made:
        folder = Path(server.url().partition("host=")[2])
        if os.geteuid() == 0:
            folder.chmod(0o711)  # the fleet is somebody else's then
            (folder / ".s.PGSQL.5432").chmod(0o777)
        with_notes(made)
        with (made.folder / "hanse.toml").open("a") as file:
            file.write('\n[keys]\nfolder = ".hanse/up/own-keys"\n')
        made.url = made.hanse("up", HANSE_DATABASE__URL=server.url())["url"]
        assert made.get("/notes/v1/notes/a") == 1
        assert "postgres" not in made.processes()


def test_hanse_run_says_what_to_write_where_there_is_none(tmp_path: Path) -> None:
    with fleet(tmp_path) as made:
        with_notes(made)
        done = hanse("run", folder=made.folder)
        assert done.returncode != 0
        assert "write [database] in hanse.toml and give its url" in done.stdout + done.stderr
