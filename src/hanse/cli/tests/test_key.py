"""`hanse key`: a key is minted, pasted, believed by the project that runs, and taken back."""

import json
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.end_to_end.terminal import Program, edit, fetch, hanse, new_project

PEPPER = {"HANSE_API_KEYS__PEPPER": "a pepper that is long enough"}
RELOADED = r"reloaded in [0-9.]+ s"
ANSWERS = r"answers at (http://\S+)"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project that greets whoever may, and nobody else."""
    made = new_project(tmp_path)
    edit(made / "greeter/service.py", "allow=PUBLIC", 'allow=permission("greeter.greet")')
    edit(made / "greeter/service.py", "PUBLIC,", "permission,")
    return made


def minted(project: Path, *wish: str, **environment: str) -> tuple[str, str]:
    """A key and its table."""
    told = json.loads(
        hanse(
            *("key", "reports", "--permission", "greeter.greet", "--json", *wish),
            folder=project,
            **environment,
        ).stdout
    )
    return told["key"], told["toml"]


def paste(project: Path, table: str) -> None:
    file = project / "hanse.toml"
    file.write_text(f"{file.read_text()}\n{table}")


def greeting(url: str, key: str) -> int:
    body = {"name": "Ada"}
    return fetch(f"{url}/greeter/v1/greetings", body, authorization=f"Bearer {key}")[0]


def ready(run: Program) -> str | None:
    """The address, if there is one."""
    return json.loads(run.wait_for("is ready").string).get("url")


def test_the_key_stands_alone_and_what_to_do_beside_it(project: Path) -> None:
    told = hanse(
        *("key", "reports", "--permission", "crm.notes.read", "--site", "acme"),
        *("--permission", "crm.contacts.read", "--kind", "service", "--days", "365"),
        folder=project,
        **PEPPER,
    )
    assert told.returncode == 0, told.stderr
    key = told.stdout.removesuffix("\n")
    assert (key[:3], len(key)) == ("hk_", 65)
    assert key[16:] not in told.stderr
    assert "shown this once and kept nowhere" in told.stderr
    assert "Paste this into hanse.toml" in told.stderr
    assert "development" not in told.stderr
    table = told.stderr[told.stderr.index("[[api_keys]]") :]
    [stored] = tomllib.loads(table)["api_keys"]
    days = (stored.pop("expires_at") - datetime.now(UTC)).total_seconds() / 86_400
    assert 364 < days <= 365
    assert len(stored.pop("hash")) == 64
    assert stored == {
        "id": key[3:15],
        "site": "acme",
        "principal": {
            "kind": "service",
            "id": "reports",
            "permissions": ["crm.contacts.read", "crm.notes.read"],
        },
    }


def test_a_program_gets_the_same_as_json(project: Path) -> None:
    told = hanse("key", "reports", "--json", folder=project, **PEPPER)
    assert told.stderr == ""
    answer = json.loads(told.stdout)
    assert set(answer) == {"key", "table", "toml", "development"}
    assert answer["development"] is False
    assert tomllib.loads(answer["toml"])["api_keys"] == [answer["table"]]
    assert answer["table"]["principal"] == {"kind": "app", "id": "reports", "permissions": []}


@pytest.mark.parametrize(
    ("wish", "problem"),
    [
        (
            ["two words"],
            "principal.id: printable ASCII without spaces, 200 characters at most, and",
        ),
        (["x", "--permission", "Read"], "principal.permissions[0]: a permission is lower-case"),
        (["x", "--site", "a b"], "site: printable ASCII without spaces"),
    ],
)
def test_what_hanse_toml_would_not_take_is_not_minted(project: Path, wish, problem: str) -> None:
    refused = hanse("key", *wish, folder=project, **PEPPER)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith(problem)


def test_a_key_opens_what_runs_until_its_table_is_deleted(project: Path) -> None:
    key, table = minted(project, **PEPPER)
    plain = (project / "hanse.toml").read_text()
    paste(project, table)
    with Program("run", folder=project, **PEPPER) as run:
        url = ready(run)
        assert greeting(url, key) == 200
        assert greeting(url, minted(project, **PEPPER)[0]) == 401
    (project / "hanse.toml").write_text(plain)
    with Program("run", folder=project, **PEPPER) as run:
        assert greeting(ready(run), key) == 401


def test_a_key_is_bound_to_its_permissions(project: Path) -> None:
    told = json.loads(hanse("key", "reports", "--json", folder=project, **PEPPER).stdout)
    paste(project, told["toml"])
    with Program("run", folder=project, **PEPPER) as run:
        assert greeting(ready(run), told["key"]) == 403


def test_development_needs_no_pepper_and_its_keys_count_nowhere_else(project: Path) -> None:
    told = hanse("key", "reports", "--permission", "greeter.greet", folder=project)
    assert told.returncode == 0, told.stderr
    key = told.stdout.strip()
    assert (
        told.stderr.count("only `hanse dev` and `hanse up` here accept it") == 2
    )  # said, and in the table
    assert "set HANSE_API_KEYS__PEPPER, and mint another" in told.stderr
    with Program("dev", folder=project) as dev:
        url = dev.wait_for(ANSWERS)[1]
        assert greeting(url, key) == 401
        paste(project, told.stderr[told.stderr.index("# Made with") :])
        dev.wait_for(RELOADED)
        assert greeting(url, key) == 200
        edit(project / "hanse.toml", "[[api_keys]]", "[[api_keys]]\nrevoked = true")
        dev.wait_for(RELOADED)
        assert greeting(url, key) == 401
    edit(project / "hanse.toml", "revoked = true", "")

    # not even with that folder named: what lies there is a pepper of another name
    edit(project / "hanse.toml", "port = 0", 'port = 0\nsettings_folder = ".hanse"')
    refused = hanse("run", folder=project)
    assert refused.returncode == 1
    assert refused.stderr.startswith("API keys need the pepper their hashes were made with. Set")
    with Program("run", folder=project, **PEPPER) as run:
        assert greeting(ready(run), key) == 401

    kept = [path for path in project.rglob("*") if path.is_file()]
    assert {path.name for path in kept} >= {"development.pepper", "development-key.json"}
    assert any("traces" in str(path) and path.stat().st_size for path in kept)
    assert [path for path in kept if key[16:].encode() in path.read_bytes()] == []


def test_the_pepper_of_development_is_private(project: Path) -> None:
    key, table = minted(project)
    pepper = project / ".hanse/development.pepper"
    assert pepper.stat().st_mode & 0o777 == 0o600
    before = pepper.read_text()
    assert minted(project)[1] != table
    assert pepper.read_text() == before
    for path, open_to_others, private in ((pepper, 0o644, 0o600), (pepper.parent, 0o755, 0o700)):
        path.chmod(open_to_others)
        refused = hanse("key", "reports", folder=project)
        path.chmod(private)
        assert (refused.returncode, refused.stdout) == (1, "")
        assert f"emedy: chmod {private:04o} {path}" in refused.stderr


def test_without_an_open_door_run_listens_at_the_others_only(project: Path) -> None:
    edit(project / "hanse.toml", "port = 0", 'port = "off"\nsocket = "here.sock"')
    with Program("run", folder=project) as run:
        assert ready(run) is None
        assert (project / "here.sock").is_socket()
    with Program("run", "--port", "0", folder=project) as run:
        assert greeting(ready(run), "hk_x") == 401
    refused = hanse("dev", folder=project)
    assert refused.returncode == 1
    assert "hanse dev --port 8000" in refused.stderr
    with Program("dev", "--port", "0", folder=project) as dev:
        assert greeting(dev.wait_for(ANSWERS)[1], "hk_x") == 401
