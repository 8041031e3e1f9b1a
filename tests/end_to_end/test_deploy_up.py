"""`hanse deploy` as an operator has it, under load; a bad release also goes back in the guide's page."""

import json
import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from tests.end_to_end.fleet import CLOSED, ECHO, Fleet, fleet, until
from tests.end_to_end.steady_users import Users, users
from tests.end_to_end.terminal import hanse

PATH = "/echo/v1/numbers/7"
RULES = """
[deploy]
slo = 0.05
latency = false
warm_seconds = 600
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """Every service in a host of its own; each test leaves the release that adds nothing."""
    with fleet(tmp_path_factory.mktemp("shop"), 'default = "apart"') as made:
        made.write("hanse.toml", (made.folder / "hanse.toml").read_text() + RULES)
        made.up()
        yield made


@pytest.fixture(autouse=True)
def as_before(shop: Fleet) -> Iterator[None]:
    """The code of the first release lies in the folder, before and behind each test."""
    shop.write("echo/service.py", ECHO)
    yield
    shop.write("echo/service.py", ECHO)
    if len(shop.processes("host")) > 3:  # so that one failure is not followed by others
        for one in shop.hanse("deployments", "list"):
            if not one["end_time"]:
                hanse("deployments", "abort", one["name"], folder=shop.folder)
                hanse("rollback", one["name"], folder=shop.folder)


@pytest.fixture
def asked(shop: Fleet) -> Iterator[Users]:
    with users(shop.url, PATH) as found:
        yield found


def release(shop: Fleet, answer: str) -> None:
    """Another release of Echo, by what it answers."""
    shop.write("echo/service.py", ECHO.replace("return number\n", f"{answer}\n"))


def deploy(shop: Fleet, *arguments: str, **environment: str) -> tuple[int, dict[str, Any]]:
    done = hanse("deploy", "echo", *arguments, "--json", folder=shop.folder, **environment)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def begun(shop: Fleet) -> str:
    """Name of a deployment that is under way."""
    _, found = deploy(shop, "--detach")
    return found["name"]


def told(shop: Fleet, name: str) -> dict[str, Any]:
    return shop.hanse("deployments", "show", name)


def stages(found: dict[str, Any]) -> list[str]:
    return list(dict.fromkeys(one["stage"] for one in found["moments"]))


def in_stage(shop: Fleet, name: str, stage: str) -> dict[str, Any]:
    def there() -> dict[str, Any] | None:
        found = told(shop, name)
        return found if found["stage"] == stage else None

    return until(there, f"{name} in {stage}")


def ended(shop: Fleet, name: str, seconds: float = 60) -> dict[str, Any]:
    def over() -> dict[str, Any] | None:
        found = told(shop, name)
        return found if found["end_time"] else None

    return until(over, f"end of {name}", seconds)


def echoes(shop: Fleet) -> int:
    return sum(one["group"] == "echo" for one in shop.processes("host").values())


def test_a_good_release_reaches_everybody_and_is_taken_back_at_once(
    shop: Fleet, asked: Users
) -> None:
    # when
    release(shop, "return number + 1")
    code, found = deploy(shop)
    # then
    assert (code, found["state"]) == (0, "settled"), found
    assert stages(found) == ["gate", "staging", "canary", "group", "warm"]
    assert [one["verdict"]["state"] for one in found["moments"] if one["verdict"]] == [
        "good",
        "good",
    ]
    assert {shop.get(PATH) for _ in range(30)} == {8}
    # when, and somebody has tried something else before
    assert hanse("restart", "echo", folder=shop.folder).returncode == 0
    done = hanse("rollback", found["name"], "--json", folder=shop.folder)
    # then
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["state"] == "gone back"
    assert {shop.get(PATH) for _ in range(30)} == {7}
    assert echoes(shop) == 1
    assert asked.failed == 0, asked.answers


@pytest.mark.long
def test_a_bad_release_goes_back_by_itself_and_harms_few(shop: Fleet, asked: Users) -> None:
    # when
    release(shop, 'raise RuntimeError("boom")')
    code, found = deploy(shop)
    # then
    assert (code, found["state"]) == (1, "gone back"), found
    [verdict] = [one["verdict"] for one in found["moments"] if one["verdict"]]
    assert verdict["state"] == "bad"
    assert verdict["sentence"] in found["says"]
    assert {shop.get(PATH) for _ in range(30)} == {7}
    assert echoes(shop) == 1
    assert set(asked.answers) <= {"ok 7", "500"}, asked.answers
    assert asked.failed <= 60, asked.answers  # the goal is 10; see benchmarks


@pytest.mark.long
def test_a_release_that_fails_when_it_is_everybodys_goes_back_from_there(
    shop: Fleet, asked: Users
) -> None:
    """As one that many hosts are too much for: the canary alone does well."""
    release(
        shop,
        'if __import__("pathlib").Path("many").exists():\n            raise RuntimeError\n        return number',
    )
    name = begun(shop)
    in_stage(shop, name, "group")
    shop.write("many", "")
    # when
    found = ended(shop, name)
    (shop.folder / "many").unlink()
    # then
    assert (found["state"], stages(found)[-2:]) == ("gone back", ["group", "over"]), found
    verdicts = [one["verdict"]["state"] for one in found["moments"] if one["verdict"]]
    assert verdicts == ["good", "bad"]
    assert {shop.get(PATH) for _ in range(30)} == {7}
    assert echoes(shop) == 1


def test_several_services_go_and_go_back_as_one(shop: Fleet, asked: Users) -> None:
    """Relay is well, and goes back with Echo."""
    relay = (shop.folder / "relay/service.py").read_text()
    shop.write(
        "relay/service.py",
        relay.replace("self._echo.number(number)", "self._echo.number(number + 1)"),
    )
    release(shop, 'raise RuntimeError("boom")')
    # when
    done = hanse("deploy", "--json", folder=shop.folder)
    shop.write("relay/service.py", relay)
    # then
    found = json.loads(done.stdout)
    assert (done.returncode, found["state"]) == (1, "gone back"), found
    assert sorted(found["groups"]) == ["echo", "relay"]
    assert {shop.get("/relay/v1/numbers/7") for _ in range(30)} == {7}
    assert len(shop.processes("host")) == 3


def test_what_breaks_others_is_refused(shop: Fleet) -> None:
    shop.write(
        "echo/service.py",
        ECHO.replace("async def pid(self)", "async def process(self)").replace("/pid", "/process"),
    )

    found = ended(shop, begun(shop), 15)

    assert (found["state"], stages(found)) == ("refused", ["over"])
    assert "echo.v1.Echo/Pid" in found["says"] or "pid" in found["says"].lower()
    assert "relay.v1.Relay" in found["says"]
    assert shop.get("/relay/v1/pid")


def test_what_does_not_start_is_said(shop: Fleet) -> None:
    release(shop, "return number\n\n    def __init__(self, nobody: int) -> None: ...")

    code, found = deploy(shop)

    assert (code, found["state"]) == (1, "failed"), found
    assert "nobody" in found["says"]
    assert echoes(shop) == 1


def test_where_nobody_asks_it_waits_and_is_ended_by_hand(shop: Fleet) -> None:
    release(shop, "return number + 2")
    name = begun(shop)
    in_stage(shop, name, "canary")
    # when another operator begins
    second = hanse("deploy", "echo", folder=shop.folder)
    assert second.returncode == 1
    assert "is being deployed by" in second.stderr + second.stdout
    # when it is paused, and resumed
    assert hanse("deployments", "pause", name, folder=shop.folder).returncode == 0
    assert told(shop, name)["state"] == "paused"
    assert hanse("deployments", "resume", name, folder=shop.folder).returncode == 0
    # when it is promoted without and with a reason
    refused = hanse("deployments", "promote", name, folder=shop.folder)
    assert refused.returncode == 1
    assert "--reason" in refused.stderr
    assert (
        hanse("deployments", "promote", name, "--reason", "a trial", folder=shop.folder).returncode
        == 0
    )
    in_stage(shop, name, "group")
    # when it is aborted
    assert hanse("deployments", "abort", name, folder=shop.folder).returncode == 0
    found = ended(shop, name)
    # then
    assert found["state"] == "aborted"
    by = [one["by"] for one in found["moments"] if one["by"]]
    assert len(by) == 4
    assert any("promote (a trial)" in one["says"] for one in found["moments"])
    assert {shop.get(PATH) for _ in range(30)} == {7}
    assert echoes(shop) == 1


def test_nobody_deploys_while_it_is_frozen_save_in_an_emergency(shop: Fleet) -> None:
    before = (shop.folder / "hanse.toml").read_text()
    always = '\n[[deploy.freeze]]\nsince = "mon"\nuntil = "sun"\nreason = "The year ends."\n'
    shop.write("hanse.toml", before + always)
    release(shop, "return number + 3")
    try:
        # when
        refused = hanse("deploy", "echo", "--detach", folder=shop.folder)
        unreasoned = hanse("deploy", "echo", "--emergency", "--detach", folder=shop.folder)
        code, found = deploy(shop, "--emergency", "--reason", "the leak")
    finally:
        shop.write("hanse.toml", before)
    # then
    assert refused.returncode == 1
    assert "The year ends." in refused.stderr
    assert unreasoned.returncode == 1
    assert "--reason" in unreasoned.stderr
    assert (code, found["state"], found["emergency"], found["reason"]) == (
        0,
        "settled",
        True,
        "the leak",
    )
    assert shop.get(PATH) == 10
    assert hanse("rollback", found["name"], folder=shop.folder).returncode == 0
    assert shop.get(PATH) == 7


def test_there_is_a_way_back_where_what_runs_cannot_start_and_another_is_under_way(
    shop: Fleet,
) -> None:
    # given a release of which no host starts any more
    shop.write("echo/service.py", CLOSED + ECHO)
    _, closed = deploy(shop, "--emergency", "--reason", "a trial")
    assert closed["state"] == "settled"
    shop.write("closed", "")
    # when it is replaced in an emergency
    release(shop, "return number + 6")
    code, found = deploy(shop, "--emergency", "--reason", "it does not start")
    # then
    assert (code, found["state"], shop.get(PATH)) == (0, "settled", 13)
    # when that is gone back from, while another is under way
    release(shop, "return number + 7")
    name = begun(shop)
    in_stage(shop, name, "canary")
    refused = hanse("rollback", found["name"], folder=shop.folder)
    # then
    assert refused.returncode == 1
    assert f"hanse deployments abort {name}" in refused.stderr
    # when nothing is under way any more
    assert hanse("deployments", "abort", name, folder=shop.folder).returncode == 0
    assert ended(shop, name)["state"] == "aborted"
    (shop.folder / "closed").unlink()
    assert hanse("rollback", found["name"], folder=shop.folder).returncode == 0
    assert hanse("rollback", closed["name"], folder=shop.folder).returncode == 0
    assert {shop.get(PATH) for _ in range(10)} == {7}
    assert echoes(shop) == 1


def test_one_goes_on_where_it_was_when_what_deploys_is_killed(shop: Fleet, asked: Users) -> None:
    release(shop, "return number + 4")
    name = begun(shop)
    in_stage(shop, name, "canary")
    # when
    for module in ("hanse.fleet.deployments.main", "hanse.fleet.control.main"):
        for pid in shop.pids_of(module):
            os.kill(pid, signal.SIGKILL)
    # then
    done = hanse("deployments", "follow", name, folder=shop.folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert told(shop, name)["state"] == "settled"
    assert {shop.get(PATH) for _ in range(30)} == {11}
    assert hanse("rollback", name, folder=shop.folder).returncode == 0
    assert asked.failed == 0, asked.answers


@pytest.mark.long
def test_a_fleet_that_was_ended_meanwhile_leaves_nothing_behind(shop: Fleet) -> None:
    release(shop, "return number + 5")
    name = begun(shop)
    in_stage(shop, name, "canary")
    # when
    shop.hanse("down")
    shop.write("echo/service.py", ECHO)
    shop.up()
    # then
    assert ended(shop, name)["state"] == "failed"
    assert {shop.get(PATH) for _ in range(10)} == {7}
    assert echoes(shop) == 1


def test_nothing_is_deployed_where_nothing_differs(shop: Fleet) -> None:
    done = hanse("deploy", folder=shop.folder)

    assert done.returncode == 1
    assert "What lies in the folder runs already." in done.stderr


@pytest.mark.long
def test_what_breaks_a_release_that_is_about_to_come_is_refused(shop: Fleet) -> None:
    # given one that asks no more for pids, and one under way that does
    relay = (shop.folder / "relay/service.py").read_text()
    shop.write("relay/service.py", relay.replace("return await self._echo.pid()", "return 1"))
    why = ("--emergency", "--reason", "a trial", "--json")
    asks_nobody = json.loads(hanse("deploy", "relay", *why, folder=shop.folder).stdout)
    shop.write("relay/service.py", relay)
    coming = shop.hanse("deploy", "relay", "--detach")["name"]
    in_stage(shop, coming, "canary")
    # when
    shop.write(
        "echo/service.py",
        ECHO.replace("async def pid(self)", "async def process(self)").replace("/pid", "/process"),
    )
    found = ended(shop, begun(shop), 20)
    # then
    assert found["state"] == "refused", found
    assert "relay.v1.Relay" in found["says"]
    # finally
    shop.write("echo/service.py", ECHO)
    assert hanse("deployments", "abort", coming, folder=shop.folder).returncode == 0
    assert ended(shop, coming)["state"] == "aborted"
    assert hanse("rollback", asks_nobody["name"], folder=shop.folder).returncode == 0
