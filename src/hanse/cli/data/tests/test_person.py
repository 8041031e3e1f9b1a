"""`hanse person` and `hanse keys` as a user runs them."""

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from hanse.runtime.config.secret import Secret
from hanse.runtime.data.database import Database
from hanse.runtime.data.database_config import DatabaseConfig
from hanse.runtime.data.files.tests.s3_server import KEY, SECRET
from hanse.runtime.data.files.tests.stores import *  # noqa: F403  fixtures are found by being there
from hanse.runtime.data.files.tests.stores import in_bucket
from hanse.runtime.identity.principal import VISITOR
from hanse.testing.acting import acting
from hanse.testing.servers.postgres_server import PostgresServer
from tests.end_to_end.terminal import HANSE, PATIENCE_SECONDS, clean_environment, hanse

PROJECT = """
[project]
name = "crm"
services = ["hanse.runtime.data.people.tests.crm:Crm"]

[keys]
folder = "keys"

[file_store]
folder = "files"
"""


@pytest.fixture(scope="module")
def server():
    with PostgresServer() as one:
        yield one


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "hanse.toml").write_text(PROJECT)
    return tmp_path


@pytest.fixture
async def url(server):
    made = await server.create()
    yield made
    server.drop(made)


@pytest.fixture
async def person(project, url):
    """Somebody with a note, an invoice and a photo, as a host keeps them."""
    from hanse import FileStoreConfig, Host, HostConfig
    from hanse.runtime.data.people.tests.crm import Crm

    database = DatabaseConfig(url=Secret(url), keys=project / "keys")
    files = FileStoreConfig(folder=project / "files")
    async with Host([Crm], HostConfig(database=database, file_store=files)) as host:
        with acting(VISITOR, site="default", locale="en"):
            crm = host.get(Crm)
            contact = await crm.add_contact("Ada", "ada@example.org", "Markt 1", "her face")
            await crm.add_note(contact, "likes tea")
    return contact


def ask(project, url, *words):
    done = hanse(*words, folder=project, HANSE_DATABASE__URL=url)
    assert done.returncode == 0, done.stderr
    return done


def export_where_is_laid(project, url, person):
    """Exports beside a link of a name that follows from the number of the process."""
    lay = 'ln -s theirs ".ada.json.$$" && exec "$@"'
    subprocess.run(
        ["sh", "-c", lay, "sh", *HANSE, "person", "export", person, "--out", "ada.json"],
        cwd=project,
        env=clean_environment(HANSE_DATABASE__URL=url),
        check=True,
        timeout=PATIENCE_SECONDS,
    )


async def test_an_export_is_printed_or_written_and_a_zip_has_the_files(project, url, person):
    done = ask(project, url, "person", "export", person)
    assert json.loads(done.stdout)["collections"]["crm.contacts"][0]["doc"]["name"] == "Ada"
    assert "--out person.zip" in done.stderr
    ask(project, url, "person", "export", person, "--out", "ada.zip")
    with zipfile.ZipFile(project / "ada.zip") as archive:
        document, photo = sorted(archive.namelist(), reverse=True)
        assert document == "person.json"
        assert photo.startswith("files/file_")
        assert photo.endswith("-photo.txt")
        assert archive.read(photo) == b"her face"
        assert json.loads(archive.read(document))["person"] == person
    assert (project / "ada.zip").stat().st_mode & 0o777 == 0o600
    told = ask(project, url, "person", "export", person, "--out", "ada.json", "--json").stdout
    assert json.loads(told) == {"file": str(project / "ada.json"), "files": 1, "files_missing": 0}
    assert json.loads((project / "ada.json").read_text())["site"] == "default"


async def test_files_in_a_bucket_are_exported_and_go_with_their_person(project, url, s3):
    from hanse import Host, HostConfig
    from hanse.runtime.data.people.tests.crm import Crm

    files = in_bucket(s3, project.name)
    database = DatabaseConfig(url=Secret(url), keys=project / "keys")
    async with Host([Crm], HostConfig(database=database, file_store=files)) as host:
        with acting(VISITOR, site="default", locale="en"):
            ada = await host.get(Crm).add_contact("Ada", "ada@example.org", photo="her face")
            await host.get(Crm).add_contact("Bob", "bob@example.org", photo="his face")
    lines = [f'{name} = "{getattr(files, name)}"' for name in ("bucket", "prefix", "endpoint")]
    said = PROJECT.replace('folder = "files"', "\n".join(lines))
    (project / "hanse.toml").write_text(said)
    keys = {"HANSE_FILE_STORE__ACCESS_KEY": KEY, "HANSE_FILE_STORE__SECRET_KEY": SECRET}

    def asked(*words):
        done = hanse("person", *words, "--json", folder=project, HANSE_DATABASE__URL=url, **keys)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    assert asked("export", ada, "--out", "ada.zip")["files"] == 1
    with zipfile.ZipFile(project / "ada.zip") as archive:
        (photo,) = (one for one in archive.namelist() if one.startswith("files/"))
        assert archive.read(photo) == b"her face"
    assert len([one for one in s3.versions(files.bucket) if one.startswith(project.name)]) == 2
    assert asked("erase", ada, "--yes")["files"] == 1
    (left,) = (one for one in s3.versions(files.bucket) if one.startswith(project.name))
    assert s3.contents(files.bucket)[left] == b"his face"


async def test_what_an_export_lacks_is_told(project, url, person):
    (content,) = (path for path in (project / "files").rglob("*") if path.is_file())
    content.unlink()
    zipped = "person", "export", person, "--out", "ada.zip"
    done = ask(project, url, *zipped, "--json")
    assert json.loads(done.stdout)["files_missing"] == 1
    assert "its content is nowhere (deleted, or lost): photo.txt" in done.stderr
    shutil.rmtree(project / "files")
    (project / "files").write_text("in the way")
    for words, said in ((zipped, "Files cannot be reached"), (("person", "export", ""), "A person is an id or")):  # fmt: skip
        refused = hanse(*words, folder=project, HANSE_DATABASE__URL=url)
        assert (refused.returncode, said in refused.stderr) == (1, True), refused.stderr
        assert "Traceback" not in refused.stderr


async def test_an_export_is_written_into_no_file_that_somebody_laid_there(project, url, person):
    theirs = project / "theirs"
    theirs.write_text("untouched")
    export_where_is_laid(project, url, person)
    assert theirs.read_text() == "untouched"
    assert not (project / "ada.json").is_symlink()
    assert (project / "ada.json").stat().st_mode & 0o777 == 0o600


async def test_nobody_is_erased_by_looking_or_without_being_asked(project, url, person):
    done = ask(project, url, "person", "erase", person, "--dry-run")
    assert [line.split()[:2] for line in done.stdout.splitlines()[1:3]] == [
        ["crm.contacts", "1"],
        ["crm.notes", "1"],
    ]
    assert "tax law" in done.stdout
    assert "Nothing was written." in done.stdout
    refused = hanse("person", "erase", person, folder=project, HANSE_DATABASE__URL=url)
    assert refused.returncode != 0
    assert "--yes" in refused.stderr
    assert "Ada" in ask(project, url, "person", "export", person).stdout


async def test_erase_and_rotate_and_list(project, url, person):
    told = json.loads(ask(project, url, "person", "erase", person, "--yes", "--json").stdout)
    assert {one["relation"]: one["deleted"] for one in told["touched"]} == {
        "crm.contacts": 1,
        "crm.notes": 1,
    }
    assert told["files"] == 1
    assert not [path for path in (project / "files").rglob("*") if path.is_file()]
    again = ask(project, url, "person", "erase", person, "--yes")
    assert "0 rows deleted" in again.stdout
    assert json.loads(ask(project, url, "person", "export", person).stdout)["kept"]
    assert json.loads(ask(project, url, "keys", "rotate", "--if-due", "--json").stdout) is None
    rotated = json.loads(ask(project, url, "keys", "rotate", "--json").stdout)
    assert rotated == {"generation": 2, "rewrapped": 1, "destroyed": [1]}
    listed = json.loads(ask(project, url, "keys", "list", "--json").stdout)
    assert listed == [{"number": 2, "keys": 1, "newest": True, "there": True}]
    assert "newest" in ask(project, url, "keys", "list").stdout
    async with Database(DatabaseConfig(url=Secret(url))) as database:
        (row,) = await database.fetch("select principal, end_time from hanse.erasure")
        assert row["principal"] == "hanse person erase"


async def test_a_fleet_rotates_a_day_after_the_last_time_if_somebody_was_erased(
    project, url, person
):
    ask(project, url, "person", "erase", person, "--yes")
    assert rotated(project, url) == ([], 1)
    async with Database(DatabaseConfig(url=Secret(url))) as database:
        await database.execute(
            "update hanse.keyring set rotate_time = rotate_time - interval '25 hours'"
        )
    assert rotated(project, url) == ([], 2)
    assert rotated(project, url) == ([], 2)
    (project / "keys").rename(project / "lost")
    async with Database(DatabaseConfig(url=Secret(url))) as database:
        await database.execute(
            "update hanse.keyring set rotate_time = rotate_time - interval '25 hours'"
        )
        await database.execute("update hanse.erasure set destroy_time = now()")
    said, _ = rotated(project, url)
    assert said[0].startswith("Who was erased can still be read in copies")
    assert "is not there" in said[1]


def rotated(project, url):
    """What the chore of a fleet says, and the newest generation that is there then."""
    done = subprocess.run(
        [sys.executable, "-m", "hanse.fleet.rotation", str(project), ""],
        cwd=project,
        env=clean_environment() | {"HANSE_DATABASE__URL": url},
        capture_output=True,
        text=True,
        check=True,
    )
    there = [path.stem for path in project.glob("*/generation-*.key")]
    return json.loads(done.stdout), max(int(one.partition("-")[2]) for one in there)


async def test_what_is_missing_is_said_with_the_way_out(project, url, person):
    no_one = hanse(
        "person",
        "export",
        person,
        folder=project,
        HANSE_DATABASE__URL="postgresql:///x?host=/nowhere",
    )
    assert "The database cannot be reached" in no_one.stderr
    (project / "keys" / "generation-1.key").unlink()
    lost = hanse("person", "export", person, folder=project, HANSE_DATABASE__URL=url)
    assert "lacks generation 1" in lost.stderr
    (project / "hanse.toml").write_text(PROJECT.partition("[keys]")[0])
    nowhere = hanse("person", "export", person, folder=project, HANSE_DATABASE__URL=url)
    assert "[keys] folder" in nowhere.stderr
