"""`hanse dev` of a project that keeps something: the database comes by itself, and what is written lasts."""

import json
from pathlib import Path

import psutil
import pytest

from hanse.kit.private_folder import make_private
from tests.end_to_end.terminal import Program, edit, fetch, hanse

READY = r"answers at (http://\S+)"
RELOADED = r"reloaded in"

PROJECT = """\
[project]
name = "shelf"
services = ["shelf:Books"]

[host]
port = 0

# Of the database of `hanse up` alone.
[keys]
folder = "keys"

[backup]
folder = "backups"
"""

SERVICE = '''\
from typing import Annotated

from hanse import PUBLIC, Entity, Length, Resource, Unique, entity


@entity("shelf.books")
class Book(Entity):
    """Something to read."""

    title: Annotated[str, Length(1, 100), Unique()]


class Books(Resource[Book], allow=PUBLIC):
    """What stands there."""
'''


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    make_private(tmp_path)
    (tmp_path / "hanse.toml").write_text(PROJECT)
    (tmp_path / "shelf.py").write_text(SERVICE)
    return tmp_path


def titles(url: str) -> list[str]:
    status, text = fetch(f"{url}/shelf/v1/books")
    assert status == 200, text
    return [book["title"] for book in json.loads(text)["items"]]


def servers_of(folder: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if str(folder / ".hanse") in " ".join(process.cmdline()):
                found.append(process)
        except psutil.Error:
            continue
    return found


def test_what_is_written_outlives_a_reload_and_the_end(shelf: Path) -> None:
    with Program("dev", folder=shelf) as dev:
        url = dev.wait_for(READY)[1]
        assert fetch(f"{url}/shelf/v1/books", {"title": "Moby Dick"})[0] == 200
        edit(shelf / "shelf.py", "What stands there.", "What stood there.")
        dev.wait_for(RELOADED)
        assert titles(url) == ["Moby Dick"]
        assert dev.end() == 0
    assert servers_of(shelf) == []

    with Program("dev", folder=shelf) as dev:
        assert titles(dev.wait_for(READY)[1]) == ["Moby Dick"]


def test_who_kills_it_leaves_no_database_behind(shelf: Path) -> None:
    with Program("dev", folder=shelf) as dev:
        dev.wait_for(READY)
        started = servers_of(shelf)
        assert started
        dev.process.kill()
        dev.rest()
    _, alive = psutil.wait_procs(started, timeout=20)
    assert alive == []


def test_copies_have_databases_of_their_own(shelf: Path) -> None:
    with Program("dev", folder=shelf) as dev, Program("dev", "--name", "b", folder=shelf) as other:
        url, its = dev.wait_for(READY)[1], other.wait_for(READY)[1]
        assert fetch(f"{url}/shelf/v1/books", {"title": "Ulysses"})[0] == 200
        assert (titles(url), titles(its)) == (["Ulysses"], [])


def test_nobody_who_keeps_nothing_gets_one(shelf: Path) -> None:
    (shelf / "shelf.py").write_text(
        "from hanse import PUBLIC, Service, rpc\n\n\nclass Books(Service):\n    'None.'\n\n"
        '    @rpc("GET /shelf/v1/books", allow=PUBLIC)\n'
        "    async def number(self) -> int:\n        return 0\n"
    )
    with Program("dev", folder=shelf) as dev:
        assert fetch(f"{dev.wait_for(READY)[1]}/shelf/v1/books")[1] == "0"
        assert servers_of(shelf) == []


NEWER = """

@upcast(Book, 1)
def with_pages(document: dict[str, Any]) -> dict[str, Any]:
    return document | {"pages": 1}
"""


def test_what_dev_keeps_is_rewritten_and_keyed_anew_whether_it_runs_or_not(shelf: Path) -> None:
    nothing = hanse("backfill", "--dev", folder=shelf)
    assert "hanse dev has made no database here yet" in nothing.stderr
    with Program("dev", folder=shelf) as dev:
        url = dev.wait_for(READY)[1]
        assert fetch(f"{url}/shelf/v1/books", {"title": "Moby Dick"})[0] == 200
        assert dev.end() == 0
    file = shelf / "shelf.py"
    text = file.read_text().replace("Unique()]\n", "Unique()]\n    pages: int\n")
    text = text.replace("Unique, entity", "Unique, entity, upcast")
    file.write_text(text.replace("import Annotated", "import Annotated, Any") + NEWER)

    asleep = hanse("backfill", "--dev", "--json", folder=shelf)
    assert json.loads(asleep.stdout)["rewritten"] == 1, asleep
    rotated = hanse("keys", "rotate", "--dev", "--json", folder=shelf)
    assert json.loads(rotated.stdout)["destroyed"] == [1], rotated
    assert not (shelf / "keys").exists(), "the keyring of another database is used"
    assert not (shelf / "backups").exists(), "what hanse dev keeps is in the fleet's backups"
    assert servers_of(shelf) == []
    with Program("dev", folder=shelf) as dev:
        url = dev.wait_for(READY)[1]
        awake = hanse("backfill", "--dev", "--json", folder=shelf)
        assert json.loads(awake.stdout) == {
            "table": "shelf.books",
            "rewritten": 0,
            "overtaken": 0,
            "failed": 0,
        }
        assert titles(url) == ["Moby Dick"]
        assert dev.end() == 0
