"""What each verb prints, writes and refuses; `hanse dev` has tests of its own."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from hanse.cli import verbs
from tests.end_to_end.terminal import (
    HANSE,
    Program,
    clean_environment,
    edit,
    fetch,
    hanse,
    new_project,
)


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    return new_project(tmp_path_factory.mktemp("verbs"), "web-shop")


def test_help_names_every_verb_and_loads_no_server(tmp_path: Path) -> None:
    shown = subprocess.run(
        [sys.executable, "-X", "importtime", *HANSE[1:], "--help"],
        cwd=tmp_path, env=clean_environment(), capture_output=True, text=True, check=True,
    )  # fmt: skip
    listed = shown.stdout.partition("Commands:")[2].splitlines()
    named = [line.split()[0] for line in listed if line]
    fleet = ["up", "down", "status", "top", "logs", "restart", "build", "releases", "trust"]
    deploy = ["regions", "deploy", "deployments", "rollback"]
    others = [
        "token",
        "key",
        "import",
        "migrate",
        "flags",
        "flag",
        "backup",
        "restore",
        "person",
        "keys",
        "workflows",
        "events",
        "trace",
        "backfill",
        "contracts",
        "describe",
        "breaking",
    ]
    assert named == ["new", "dev", "test", "run", *fleet, *deploy, *others]
    for heavy in ("asyncio", "msgspec", "rich", "cryptography", "watchfiles", "hanse.runtime"):
        assert f"| {heavy}" not in shown.stderr.replace("|   ", "| "), heavy


def groups_below(group: click.Group, path: str) -> Iterator[tuple[str, click.Group]]:
    yield path, group
    for name, verb in group.commands.items():
        if isinstance(verb, click.Group):
            yield from groups_below(verb, f"{path} {name}")


def test_no_list_of_verbs_breaks_a_sentence_off() -> None:
    groups = dict(groups_below(verbs.hanse, "hanse"))
    assert {"hanse events", "hanse workflows"} <= groups.keys()
    for path, group in groups.items():
        shown = group.get_help(click.Context(group, info_name=path, terminal_width=80))
        listed = shown.partition("Commands:")[2].splitlines()
        assert [line for line in listed if line.endswith("...")] == [], path


def test_what_begins_with_a_fleet_reads_no_sql_and_only_control_speaks_grpc() -> None:
    begin = (
        "hanse.cli.fleet.up, hanse.fleet.releases.built, hanse.fleet.aftermath, hanse.cli.data.keys"
    )
    for modules, heavy in ((begin, {"sqlglot", "grpc"}), ("hanse.fleet.control.main", {"sqlglot"})):
        code = f"import sys, {modules}; print(*{heavy} & {{*sys.modules}})"
        loaded = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        assert loaded.stdout.split() == []


def test_a_new_project_is_whole_and_its_test_is_green(project: Path) -> None:
    files = {str(path.relative_to(project)) for path in project.rglob("*") if path.is_file()}
    assert files >= {
        ".github/workflows/test.yml",
        ".gitignore",
        "README.md",
        "hanse.toml",
        "pyproject.toml",
        "tests/test_web_shop.py",
        "web_shop/__init__.py",
        "web_shop/service.py",
    }
    assert "class WebShop(Service)" in (project / "web_shop/service.py").read_text()
    assert not any("@name@" in path.read_text() for path in project.rglob("*.toml"))

    ran = hanse("test", "-q", "-p", "no:cacheprovider", folder=project / "web_shop")

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "1 passed" in ran.stdout


def test_a_failing_test_fails_the_verb(tmp_path: Path) -> None:
    project = new_project(tmp_path)
    edit(project / "greeter/service.py", "Hello", "Moin")
    assert hanse("test", "-q", folder=project).returncode == 1


def test_new_says_what_to_type_next_and_overwrites_nothing(tmp_path: Path) -> None:
    made = hanse("new", "greeter", "--path", "some/where", folder=tmp_path)
    assert "Next:\n\n  cd some/where\n  hanse dev\n" in made.stdout
    before = (tmp_path / "some/where/hanse.toml").read_text()

    again = hanse("new", "other", "--path", "some/where", folder=tmp_path)

    assert again.returncode == 1
    assert again.stderr == (
        "some/where is there already. Choose another name, or another place: --path\n"
    )
    assert (tmp_path / "some/where/hanse.toml").read_text() == before


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("Greeter", "cannot name a project"),
        ("../x", "cannot name a project"),
        ("a" * 41, "cannot name a project"),
        ("json", "uses itself"),
        ("class", "uses itself"),
        ("hanse", "uses itself"),
    ],
)
def test_a_name_that_cannot_be_one_is_refused(tmp_path: Path, name: str, why: str) -> None:
    refused = hanse("new", name, folder=tmp_path)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert why in refused.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "verb",
    [["dev"], ["run"], ["token"], ["key", "x"], ["trace"], ["test"], ["contracts", "lock"]],
)
def test_outside_a_project_a_verb_says_how_to_begin_one(tmp_path: Path, verb: list[str]) -> None:
    refused = hanse(*verb, folder=tmp_path)
    assert refused.returncode == 1
    assert refused.stderr == (
        f"There is no hanse.toml in {tmp_path} or above. Begin a project: hanse new NAME\n"
    )


def test_in_a_clone_a_refusal_names_what_one_types_there(project: Path) -> None:
    refused = hanse("trust", folder=project, HANSE_CALLED_AS="./hanse")
    assert refused.returncode == 1
    assert " ./hanse up makes it" in refused.stderr


def test_run_serves_with_json_logs_and_drains_when_told(project: Path) -> None:
    with Program("run", "--env", "production", folder=project) as run:
        ready = json.loads(run.wait_for("is ready").string)
        assert (ready["level"], ready["environment"]) == ("info", "production")
        url = ready["url"]
        assert url.startswith("http://localhost:")  # production listens on all interfaces
        assert fetch(f"{url}/web_shop/v1/greetings", {"name": "Ada"})[0] == 200
        assert fetch(f"{url}/metrics")[0] == 404
        minted = hanse("token", folder=project).stdout.strip()
        body = {"name": "Ada"}
        # Without issuers there is nobody whose token could count, least of all the development key.
        assert (
            fetch(f"{url}/web_shop/v1/greetings", body, authorization=f"Bearer {minted}")[0] == 401
        )
        assert run.end(signal.SIGTERM) == 0
        assert "Draining" in run.rest()


def test_run_takes_the_environment_from_a_variable(project: Path) -> None:
    refused = hanse("run", folder=project, HANSE_ENV="staging")
    assert refused.returncode == 1
    assert "there is no [environments.staging]; known are production" in refused.stderr


def test_run_refuses_a_port_that_is_taken(project: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        refused = hanse("run", "--port", port, folder=project)
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"Port {port} is taken.")


def test_run_tells_all_that_keeps_it_from_starting(tmp_path: Path) -> None:
    project = new_project(tmp_path)
    file = project / "hanse.toml"
    file.write_text(file.read_text() + "[settings.greter]\nx = 1\n")
    refused = hanse("run", folder=project)
    assert refused.returncode == 1
    assert "Table [greter] sets nothing that is declared." in refused.stderr

    edit(project / "greeter/service.py", "Annotated[str, Length(1, 100)]", "list[str]")
    declared = hanse("run", folder=project)
    assert declared.returncode == 1
    assert "greeter/service.py:12: Service Greeter has 1 mistake" in declared.stderr
    assert "Traceback" not in declared.stderr


def test_contracts_are_published_from_the_classes(project: Path, tmp_path: Path) -> None:
    missing = hanse("contracts", "proto", folder=project)
    assert missing.returncode == 1
    assert "hanse contracts lock" in missing.stderr

    assert hanse("contracts", "lock", folder=project).returncode == 0
    lock = json.loads((project / "proto.lock.json").read_text())
    document = json.loads(hanse("contracts", "openapi", folder=project).stdout)
    told = json.loads(hanse("contracts", "asyncapi", folder=project).stdout)
    proto = hanse("contracts", "proto", "--out", str(tmp_path / "out"), folder=project)
    client = hanse("contracts", "typescript", folder=project).stdout

    assert "web_shop.v1.WebShop" in lock["contracts"]
    assert "/web_shop/v1/greetings" in document["paths"]
    assert (told["asyncapi"], told["channels"]) == ("3.0.0", {})
    assert proto.stdout == ""
    text = (tmp_path / "out/web_shop/v1/webshop.proto").read_text()
    assert text == hanse("contracts", "proto", folder=project).stdout
    assert "service WebShop" in text
    assert "export class WebShop" in client


EVENT = """

@event("web_shop.v1", key="number")
class Sold(Event):
    number: str
    price: int
"""


def test_an_event_is_refused_that_another_release_could_not_read(tmp_path: Path) -> None:
    project = new_project(tmp_path)
    service = project / "greeter/service.py"
    service.write_text(service.read_text() + EVENT)
    edit(service, "from hanse import ", "from hanse import Event, event, ")
    edit(service, "web_shop.v1", "greeter.v1")
    behind = hanse("contracts", "check", folder=project)
    assert (behind.returncode, "events.lock.json: behind the classes" in behind.stderr) == (1, True)

    assert hanse("contracts", "lock", folder=project).returncode == 0
    locked = (project / "events.lock.json").read_text()
    assert hanse("contracts", "check", folder=project).returncode == 0

    edit(service, "    price: int\n", "    price: float\n    place: str\n")
    for kind in ("check", "lock"):
        refused = hanse("contracts", kind, folder=project)
        assert refused.returncode == 1
        assert "greeter.v1.Sold.price: is of another type" in refused.stderr
        assert "greeter.v1.Sold.place: is new and has no default" in refused.stderr
    assert (project / "events.lock.json").read_text() == locked

    edit(service, "    price: float\n    place: str\n", '    price: int\n    place: str = ""\n')
    assert hanse("contracts", "lock", folder=project).returncode == 0
    assert "place" in (project / "events.lock.json").read_text()


def test_a_token_says_whom_it_is_for(project: Path) -> None:
    minted = hanse(
        *("token", "--kind", "staff", "--id", "bo", "--permission", "crm.read"),
        *("--site", "shop", "--minutes", "5"),
        folder=project,
    )
    assert minted.stdout.count(".") == 2
    assert minted.stderr == (
        "staff bo, may crm.read, for 5 minutes; only `hanse dev` and `hanse up` here accept it.\n"
    )
    (project / ".hanse").chmod(0o755)
    refused = hanse("token", folder=project)
    (project / ".hanse").chmod(0o700)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "Remedy: chmod 0700" in refused.stderr
