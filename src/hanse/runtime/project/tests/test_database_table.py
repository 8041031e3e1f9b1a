"""`[database]` of `hanse.toml`: what it may say, and where the password comes from."""

from pathlib import Path

import pytest

from hanse.runtime.config.secret import Secret
from hanse.runtime.project.project import Project, ProjectError, read_project

BEGIN = '[project]\nname = "shop"\nservices = ["shop:Shop"]\n'
SECRET = "postgresql://shop:s3cret@db.example:5432/shop"


def project(folder: Path, table: str, rest: str = "") -> Project:
    (folder / "hanse.toml").write_text(f"{BEGIN}\n{rest}\n[database]\n{table}\n")
    return read_project(folder)


def test_a_project_that_says_nothing_has_no_database(tmp_path: Path):
    assert project(tmp_path, "").database_url({}) is None


@pytest.mark.parametrize(
    "url", ["postgresql://shop@db.example/shop", "postgres:///shop?host=/run/postgresql"]
)
def test_a_url_without_a_password_may_stand_in_the_file(tmp_path: Path, url: str):
    found = project(tmp_path, f'url = "{url}"').database_url({})
    assert found is not None and found.reveal() == url


@pytest.mark.parametrize("url", [SECRET, "mysql://db.example/shop", "db.example"])
def test_a_password_never_does(tmp_path: Path, url: str):
    with pytest.raises(ProjectError) as caught:
        project(tmp_path, f'url = "{url}"')
    said = str(caught.value)
    assert "hanse.toml:7" in said and "HANSE_DATABASE__URL" in said and "database.url" in said
    assert "s3cret" not in said


def test_a_mounted_file_wins_over_a_variable_and_that_over_the_file(tmp_path: Path):
    made = project(tmp_path, 'url = "postgresql:///three"', '[host]\nsettings_folder = "mounted"')
    (tmp_path / "mounted").mkdir()
    given = {"HANSE_DATABASE__URL": "postgresql:///two"}
    assert made.database_url(given).reveal() == "postgresql:///two"
    file = tmp_path / "mounted" / "database.url"
    file.write_text(SECRET + "\n")
    file.chmod(0o600)
    assert made.database_url(given).reveal() == SECRET


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("connections = 3", "4 to 10000 connections"),
        ('pooler = "session"', "database.pooler"),
        ('migrate = "later"', "database.migrate"),
        ("statement_timeout = -1", "3600 seconds"),
        ("conections = 5", "connections"),
    ],
)
def test_what_cannot_be_is_told_with_its_line(tmp_path: Path, table: str, said: str):
    with pytest.raises(ProjectError, match=r"hanse.toml:7") as caught:
        project(tmp_path, table)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("said", "own", "most"), [("", False, 80), ("", True, 450), ("connections = 7", True, 7)]
)
def test_the_processes_of_a_fleet_share_what_is_said(
    tmp_path: Path, said: str, own: bool, most: int
):
    table = project(tmp_path, said).file.database
    config = table.config(Secret("postgresql:///x"), shared=tmp_path / "connections", own=own)
    assert (config.shared, config.shared_connections) == (tmp_path / "connections", most)
    assert config.connections == min(10, most)


def test_who_is_alone_shares_with_nobody(tmp_path: Path):
    config = project(tmp_path, "connections = 7").file.database.config(Secret("postgresql:///x"))
    assert (config.shared, config.connections) == (None, 7)
