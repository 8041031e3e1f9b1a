"""`hanse flags` and `hanse flag` as operators run them, beside a host that runs."""

import asyncio
import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from hanse import DatabaseConfig, Host, HostConfig, Principal, Secret
from hanse.cli.verbs import hanse as verbs
from hanse.kit.clock import monotonic, wait_set
from hanse.runtime.flags.tests.till import Till
from hanse.testing.acting import acting
from hanse.testing.servers.postgres_server import PostgresServer
from tests.end_to_end.terminal import PATIENCE_SECONDS, hanse

PROJECT = '[project]\nname = "till"\nservices = ["hanse.runtime.flags.tests.till:Till"]\n'
BECAUSE = ("--who", "eve", "--reason", "as agreed")


@pytest.fixture(scope="module")
def server():
    with PostgresServer() as one:
        yield one


@pytest.fixture
async def url(server):
    made = await server.create()
    yield made
    server.drop(made)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "hanse.toml").write_text(PROJECT)
    return tmp_path


async def read(host: Host, name: str, who: str = "ada", site: str = "default") -> str:
    with acting(Principal("member", who), site=site, locale="en"):
        return await host.get(Till).read(name)


async def test_a_host_that_runs_follows_what_an_operator_says(project, url, tmp_path) -> None:
    async def flag(*arguments: str) -> str:
        done = await asyncio.to_thread(
            hanse, "flag", *arguments, folder=project, HANSE_DATABASE__URL=url
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    async with Host(
        [Till],
        HostConfig(port=None, database=DatabaseConfig(url=Secret(url), keys=tmp_path / "keys")),
    ) as host:
        assert await read(host, "price") == "list"

        said = await flag(
            "set", "checkout.price", "half", "--site", "acme", "--principal", "ada", *BECAUSE
        )
        assert said == 'checkout.price: site acme, ada: "half"\n'
        until = monotonic() + PATIENCE_SECONDS
        while await read(host, "price", site="acme") != "half":
            assert monotonic() < until
            await wait_set(asyncio.Event(), 0.02)
        assert await read(host, "price") == await read(host, "price", "bob", "acme") == "list"

        said = await flag("percent", "checkout.new_tax", "100", *BECAUSE, "--json")
        assert json.loads(said)["after"] == {
            "rules": [{"audience": {}, "shares": [{"percent": 100.0, "value": True}]}]
        }
        while await read(host, "new_tax") != "True":
            assert monotonic() < until
            await wait_set(asyncio.Event(), 0.02)

    said = await flag("percent", "checkout.new_tax", "20.5", *BECAUSE)
    assert said == (
        "checkout.new_tax: 20.5 % true\nbefore: 100 % true\n"
        "Some had drawn a value by what was ruled before: they lose it now.\n"
    )  # fmt: skip
    shown = json.loads(await flag("show", "checkout.new_tax", "--json"))
    assert shown["ruled"] == "20.5 % true"
    assert [(one["who"], one["reason"]) for one in shown["changes"]] == [("eve", "as agreed")] * 2
    assert shown["changes"][0]["before"] == shown["changes"][1]["after"]


@pytest.fixture
def typed(project, monkeypatch):
    """A verb in this process, which is quicker."""
    monkeypatch.chdir(project)
    monkeypatch.setattr("sys.path", sys.path.copy())
    return lambda *arguments: CliRunner().invoke(verbs, arguments)


def test_what_cannot_be_ruled_is_refused_with_the_way_out(
    project, typed, server, monkeypatch
) -> None:
    url = asyncio.run(server.create())
    monkeypatch.setenv("HANSE_DATABASE__URL", url)

    def refused(*arguments: str) -> str:
        done = typed("flag", *arguments)
        assert done.exit_code != 0
        return done.output

    assert "has a flag checkout.newtax; did you mean checkout.new_tax?" in refused(
        "set", "checkout.newtax", "true", *BECAUSE
    )
    assert "checkout.new_tax takes true or false; got 'yes'" in refused(
        "set", "checkout.new_tax", "yes", *BECAUSE
    )
    assert "hanse flag percent checkout.price 10 VALUE" in refused(
        "percent", "checkout.price", "10", *BECAUSE
    )
    assert "Missing option '--reason'" in refused("off", "checkout.price")
    assert "No service of this project has a flag checkout.gone" in refused(
        "off", "checkout.gone", *BECAUSE
    )
    (project / "rules.json").write_text('[{"value": 99}]')
    assert "rules[0].value: Expected `int` <= 9" in refused(
        "rules", "checkout.tries", "rules.json", *BECAUSE
    )
    (project / "rules.json").write_text('[{"worth": 9}]')
    assert "They are a list" in refused("rules", "checkout.tries", "rules.json", *BECAUSE)

    for arguments in (
        ("rules", "checkout.tries", "rules.json"),
        ("unset", "checkout.tries"),
        ("off", "checkout.tries"),
    ):
        (project / "rules.json").write_text('[{"value": 9}]')
        done = typed("flag", *arguments, *BECAUSE)
        assert done.exit_code == 0, done.output
    shown = json.loads(typed("flag", "show", "checkout.tries", "--json").output)
    assert [one["after"] for one in shown["changes"]] == [
        {"off": True},
        {},
        {"rules": [{"value": 9}]},
    ]
    listed = typed("flags").output
    assert next(line for line in listed.splitlines() if "checkout.tries" in line).split()[:3] == [
        "checkout.tries",
        "3",
        "off",
    ]


def test_flags_are_listed_and_those_that_are_stale_fail_a_build(typed) -> None:
    done = typed("flags", "--code")
    assert done.exit_code == 0, done.output
    assert "checkout.tries" in done.output

    stale = typed("flags", "--code", "--stale", "--json")
    assert stale.exit_code == 1
    assert {one["flag"]: one["stale"] for one in json.loads(stale.stdout)} == dict.fromkeys(
        ("checkout.layout", "checkout.new_tax", "checkout.price"), ["its last day was 2026-06-30"]
    )
