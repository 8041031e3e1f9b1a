"""Parts of a running fleet are killed by SIGKILL, and what must go on goes on: counted from outside."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.fleet import CLOSED, ECHO, Fleet, fleet, until
from tests.end_to_end.terminal import fetch, hanse

ROOT = Path(__file__).parents[2]
RATE, KILLS = 1000, 20
QUICK_RATE, QUICK_KILLS = 150, 4
"""What two busy cores can do beside the rest of the suite: hosts, gateway and load together."""

BETWEEN_KILLS_SECONDS = (0.7, 1.6)
SEED = int(os.environ.get("HANSE_TEST_SEED", "20261121"))


@pytest.fixture
def two(tmp_path: Path):
    """Everything in one group, two hosts of it."""
    with fleet(tmp_path, 'default = "together"\nreplicas = 2') as made:
        made.up()
        yield made


class Load:
    """A steady load in a process of its own, from the first line to `report`."""

    def __init__(self, url: str, rate: int) -> None:
        command = [sys.executable, "-m", "tests.faults.steady_load", url, str(rate)]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)

    def report(self) -> dict[str, Any]:
        self._process.terminate()
        said, _ = self._process.communicate(timeout=60)
        return json.loads(said)


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def all_ready(made: Fleet, hosts: int) -> bool:
    found = made.processes("host").values()
    return len(found) == hosts and all(one["state"] == "ready" for one in found)


@pytest.mark.parametrize(
    ("rate", "kills"),
    [(QUICK_RATE, QUICK_KILLS), pytest.param(RATE, KILLS, marks=pytest.mark.long)],
)
def test_hosts_are_killed_under_load(two: Fleet, rate: int, kills: int) -> None:
    """At most one in 10,000 idempotent requests fails, and none is answered wrong."""
    chance = random.Random(SEED)
    load = Load(f"{two.url}/echo/v1/numbers", rate)
    for _ in range(kills):
        time.sleep(chance.uniform(*BETWEEN_KILLS_SECONDS))
        victim = chance.choice(sorted(two.processes("host").values(), key=lambda one: one["name"]))
        kill(victim["pid"])
        until(lambda: all_ready(two, 2), "both hosts run again")
    report = load.report()

    right, failed = report["outcomes"].get("right", 0), report["outcomes"].get("failed", 0)
    assert right > kills * rate / 2, (SEED, report)
    assert set(report["outcomes"]) <= {"right", "failed"}, (SEED, report)
    assert failed <= (right + failed) / 10_000, (SEED, report)


def test_hosts_are_replaced_and_placed_apart_under_load(two: Fleet) -> None:
    """Not one request fails, be it new code, or each service in a process of its own."""
    load = Load(f"{two.url}/relay/v1/numbers", QUICK_RATE)
    two.hanse("restart")
    text = (two.folder / "hanse.toml").read_text()
    two.write("hanse.toml", text.replace('"together"', '"apart"'))
    two.up()
    report = load.report()

    assert len(two.processes("host")) == 6
    assert set(report["outcomes"]) == {"right"}, report


def test_the_gateway_is_killed_and_returns(two: Fleet) -> None:
    url = two.url
    (gateway,) = two.processes("gateway").values()
    kill(gateway["pid"])

    until(lambda: _answers(f"{url}/echo/v1/numbers/1"), "the gateway answers again")
    (again,) = two.processes("gateway").values()
    assert again["pid"] != gateway["pid"]
    assert again["restarts"] == 1


def test_control_is_killed_and_nobody_notices(two: Fleet) -> None:
    before = {name: one["pid"] for name, one in two.processes().items()}
    load = Load(f"{two.url}/echo/v1/numbers", rate=300)
    kill(two.status()["pid"])
    until(lambda: hanse("status", folder=two.folder).returncode == 0, "control is back")
    report = load.report()

    assert set(report["outcomes"]) == {"right"}, report
    assert {name: one["pid"] for name, one in two.processes().items()} == before


def test_domains_named_while_it_ran_outlive_control(two: Fleet) -> None:
    """What the next control process tells the gateway is what the last one was asked for."""
    text = (two.folder / "hanse.toml").read_text()
    two.write("hanse.toml", f'{text}\n[gateway.domains]\n"shop.example" = "acme"\n')
    two.up()
    control = two.status()["pid"]
    kill(control)
    until(lambda: hanse("status", folder=two.folder).returncode == 0, "control is back")

    assert two.status()["pid"] != control
    kept = json.loads((two.folder / ".hanse/up/envoy/wish.json").read_text())
    assert kept["table"]["domains"] == {"shop.example": "acme"}


def test_a_host_that_dies_while_control_is_dead_comes_back(two: Fleet) -> None:
    (name, one), *_ = two.processes("host").items()
    kill(two.status()["pid"])
    kill(one["pid"])

    until(lambda: hanse("status", folder=two.folder).returncode == 0, "control is back")
    until(lambda: all_ready(two, 2), "both hosts run again")
    assert two.processes("host")[name]["pid"] != one["pid"]


def test_control_and_keeper_are_killed_and_up_takes_over(two: Fleet) -> None:
    before = {name: one["pid"] for name, one in two.processes().items()}
    for name in ("keeper", "main"):
        for pid in two.pids_of(f"hanse.fleet.control.{name}"):
            kill(pid)

    two.up()

    assert {name: one["pid"] for name, one in two.processes().items()} == before
    assert two.get("/echo/v1/numbers/9") == 9


def test_the_keeper_is_killed_and_another_takes_its_place(two: Fleet) -> None:
    control = two.status()["pid"]
    (keeper,) = _keepers(two)
    kill(keeper)
    until(lambda: _keepers(two) and _keepers(two) != [keeper], "there is another keeper")
    kill(control)

    until(lambda: hanse("status", folder=two.folder).returncode == 0, "control is back")
    assert two.status()["pid"] != control


@pytest.mark.parametrize("kind", ["database", "broker"])
def test_what_hosts_stand_on_is_killed_and_returns(two: Fleet, kind: str) -> None:
    (one,) = two.processes(kind).values()
    kill(one["pid"])

    assert two.get("/echo/v1/numbers/2") == 2
    until(lambda: _is_back(two, kind, one["pid"]), f"the {kind} is back")


def test_the_only_host_is_killed_and_callers_are_told_to_come_again(tmp_path: Path) -> None:
    with fleet(tmp_path) as made:
        made.write("echo/service.py", f"{CLOSED}{ECHO}")
        made.up()
        url = made.url
        made.write("closed", "")  # so that it stays away
        (host,) = made.processes("host").values()
        kill(host["pid"])

        status, text = until(lambda: _failed(f"{url}/echo/v1/numbers/1"), "a refusal")
        assert status == 503, text
        host = until(lambda: _backing_off(made), "it backs off")
        assert "not today" in host["note"]


def test_a_host_that_is_killed_comes_back_as_it_was_built_whatever_lies_in_the_folder(
    tmp_path: Path,
) -> None:
    with fleet(tmp_path) as made:
        made.up()
        made.write("echo/service.py", "this is half an ed")
        (before,) = made.processes("host").values()
        kill(before["pid"])

        after = until(lambda: _another(made, before), "another process answers")
        assert made.get("/echo/v1/numbers/3") == 3
        assert after["release"] == before["release"]
        told = hanse("up", folder=made.folder)
        assert "echo/service.py:1: SyntaxError" in told.stderr
        assert made.get("/echo/v1/numbers/4") == 4


def _another(made: Fleet, before: dict[str, Any]) -> dict[str, Any] | None:
    (host,) = made.processes("host").values()
    return host if host["state"] == "ready" and host["pid"] != before["pid"] else None


def _answers(url: str) -> bool:
    try:
        return fetch(url)[0] == 200
    except OSError:
        return False


def _failed(url: str) -> tuple[int, str] | None:
    status, text = fetch(url)
    return None if status == 200 else (status, text)


def _backing_off(made: Fleet) -> dict[str, Any] | None:
    (host,) = made.processes("host").values()
    return host if host["state"] == "backing off" and host["note"] else None


def _is_back(made: Fleet, kind: str, pid: int) -> bool:
    (one,) = made.processes(kind).values()
    return one["state"] == "ready" and one["pid"] != pid


def _keepers(made: Fleet) -> list[int]:
    return made.pids_of("hanse.fleet.control.keeper")
