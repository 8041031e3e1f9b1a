"""The careers site by `hanse up`: its database, the rows it begins with, and an import into it."""

import json
import shutil
from pathlib import Path

import pytest

from tests.end_to_end.fleet import Fleet, until
from tests.end_to_end.terminal import fetch, hanse

ROOT = Path(__file__).parents[2]
ADA = "ada@example.org"
PORTS = '[gateway]\nport = 0\ntls_port = "off"\n'
NEW = "\ufeffExternal ID;Title;Team;Locations;Status\r\nx-1;A new position;Payments;Kyiv|Remote;open\r\nbe-103;;;;closed\r\n"


@pytest.fixture
def careers(tmp_path: Path):
    folder = tmp_path / "up" / "careers"
    shutil.copytree(
        ROOT / "domains/hiring",
        folder,
        ignore=shutil.ignore_patterns("tests", ".hanse", "__pycache__"),
    )
    file = folder / "hanse.toml"
    file.write_text(f"{file.read_text()}\n{PORTS}\n[environments.production]\n")
    made = Fleet(folder)
    try:
        yield made
    finally:
        made.kill_all()


def shown(careers: Fleet) -> str:
    return next(
        part
        for part in fetch(f"{careers.url}/careers/")[1].split("<")
        if "Showing" in part or "nothing open" in part
    )


def written(careers: Fleet) -> set[str]:
    """Whom the letters in the inbox are to."""
    status, text = fetch(f"{careers.url}/hanse/inbox/letters.json")
    assert status == 200, text
    return {one["to"] for one in json.loads(text)["letters"]}


def test_it_begins_with_samples_once_keeps_what_is_imported_and_production_begins_with_nothing(
    careers: Fleet,
) -> None:
    # Given a first start in production, then nothing is there
    careers.up("--env", "production")
    assert "nothing open" in shown(careers)

    # When it is development, then the samples are there
    assert careers.up("--env", "")["fronts"] == ["/", "/careers/", "/hanse/inbox/"]
    assert "Showing 16 of 16" in shown(careers)

    # When somebody applies, then both letters are in the inbox, until they are erased
    apply = f"{careers.url}/hiring/v1/openings/be-101/applications"
    assert fetch(apply, {"name": "Ada", "email": ADA})[0] == 200
    until(lambda: written(careers) == {ADA, "recruiting@kogge.example"}, "both letters")
    assert hanse("person", "erase", ADA, "--yes", folder=careers.folder).returncode == 0
    assert written(careers) == set()

    # When somebody imports, then the rows count; a second time nothing is written
    (careers.folder / "rows.csv").write_text(NEW, newline="")
    first = hanse("import", "jobs", "rows.csv", folder=careers.folder)
    second = hanse("import", "hiring/v1/jobs", "rows.csv", folder=careers.folder)
    assert first.stdout.endswith("hiring.jobs: 1 created, 1 updated, 0 unchanged, 0 refused\n"), (
        first
    )
    assert second.stdout.endswith("hiring.jobs: 0 created, 0 updated, 2 unchanged, 0 refused\n"), (
        second
    )
    assert fetch(f"{careers.url}/careers/jobs/be-103")[0] == 410

    # When it starts again, then what was changed stays
    careers.up()
    assert "Showing 16 of 16" in shown(careers)
    assert fetch(f"{careers.url}/careers/jobs/be-103")[0] == 410
