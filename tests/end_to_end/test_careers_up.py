"""The careers site by `hanse up`: its database, the rows it begins with, and an import into it."""

import shutil
from pathlib import Path

import pytest

from tests.end_to_end.fleet import Fleet
from tests.end_to_end.terminal import fetch, hanse

ROOT = Path(__file__).parents[2]
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


def test_it_begins_with_samples_once_keeps_what_is_imported_and_production_begins_with_nothing(
    careers: Fleet,
) -> None:
    # Given a first start in production, then nothing is there
    careers.up("--env", "production")
    assert "nothing open" in shown(careers)

    # When it is development, then the samples are there
    assert careers.up("--env", "")["fronts"] == ["/", "/careers/"]
    assert "Showing 16 of 16" in shown(careers)

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
