"""`hanse up --regions 3`: requests stay in their region, go elsewhere when it cannot answer, and come back."""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from hanse.fleet.control.staging.api import Order
from tests.end_to_end.fleet import ECHO, Fleet, fleet, until
from tests.end_to_end.steady_users import Users, users
from tests.end_to_end.terminal import fetch, hanse
from tests.end_to_end.test_staging_up import control

APART = 'default = "apart"'
RULES = """
[deploy]
slo = 0.05
latency = false
warm_seconds = 600
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    with fleet(tmp_path_factory.mktemp("shop"), APART) as made:
        made.up("--regions", "3")
        yield made


def gateways(shop: Fleet) -> dict[str, str]:
    return {one["name"]: one["url"] for one in shop.hanse("regions")}


def asked(url: str, path: str) -> int:
    status, text = fetch(url + path)
    assert status == 200, (status, text)
    return json.loads(text)


def pids(shop: Fleet, group: str = "echo") -> dict[str, int]:
    """Processes of a group, by region."""
    hosts = shop.processes("host")
    return {
        name.partition(".")[0]: one["pid"] for name, one in hosts.items() if one["group"] == group
    }


def test_each_gateway_is_answered_in_its_region(shop: Fleet) -> None:
    echo = pids(shop)

    for name, url in gateways(shop).items():
        assert asked(url, "/echo/v1/pid") == echo[name]
        assert asked(url, "/relay/v1/pid") == echo[name], "a call between services stays, too"


def test_what_is_told_of_regions_is_told_by_name(shop: Fleet) -> None:
    shown = hanse("status", folder=shop.folder).stdout

    assert {"r1.gateway", "r2.nats", "r3.echo-1", "r3", "postgres"} <= set(shown.split())
    assert "r2.echo-1 is ready" in hanse("logs", "r2.echo", folder=shop.folder).stdout
    assert hanse("regions", "drain", "r9", folder=shop.folder).stderr.startswith(
        "There is no region r9; there are r1, r2, r3."
    )


def test_a_drained_region_is_answered_elsewhere_and_may_end(shop: Fleet) -> None:
    doors, echo = gateways(shop), pids(shop)
    with (
        users(doors["r2"], "/relay/v1/numbers/4") as at_two,
        users(doors["r1"], "/relay/v1/pid") as at_one,
    ):
        shop.hanse("regions", "drain", "r2")

        assert asked(doors["r2"], "/echo/v1/pid") in {echo["r1"], echo["r3"]}
        assert asked(doors["r2"], "/relay/v1/pid") in {echo["r1"], echo["r3"]}
        shop.hanse("regions", "resume", "r2")
        until(lambda: asked(doors["r2"], "/echo/v1/pid") == echo["r2"], "its own answer again")
    assert (at_one.failed, at_two.failed) == (0, 0), (at_one.answers, at_two.answers)
    assert sum(at_two.answers.values()) > 20


def test_hosts_that_all_die_are_answered_for_elsewhere(shop: Fleet) -> None:
    door, echo = gateways(shop)["r3"], pids(shop)
    with users(door, "/relay/v1/numbers/4") as asking:
        os.kill(echo["r3"], signal.SIGKILL)
        until(lambda: pids(shop)["r3"] not in {0, echo["r3"]}, "another host")
        until(lambda: asked(door, "/echo/v1/pid") == pids(shop)["r3"], "its own answer again")
    assert asking.failed == 0, asking.answers


def test_regions_outlive_the_head_and_the_next_one_finds_them(shop: Fleet) -> None:
    before = pids(shop)
    controls = {
        one["name"]: one["pid"] for one in shop.status()["processes"] if one["kind"] == "region"
    }
    for module in ("hanse.fleet.control.keeper", "hanse.fleet.control.main"):
        for pid in shop.pids_of(module):
            os.kill(pid, signal.SIGKILL)
    for url in [f"http://localhost:{port}" for port in _ports(shop)]:
        assert asked(url, "/relay/v1/numbers/3") == 3

    shop.up("--regions", "3")

    assert pids(shop) == before
    found = {
        one["name"]: one["pid"] for one in shop.status()["processes"] if one["kind"] == "region"
    }
    assert found == controls


def test_a_region_that_is_killed_hurts_nobody_else_and_comes_back_as_the_others_are(
    shop: Fleet,
) -> None:
    doors = gateways(shop)
    with users(doors["r1"], "/relay/v1/numbers/4") as at_one:
        shop.hanse("regions", "kill", "r3")
        assert {one["name"]: one["state"] for one in shop.hanse("regions")} == {
            "r1": "ready", "r2": "ready", "r3": "down",
        }  # fmt: skip
        assert not [one for one in shop.running() if _is_of("r3", one)]
        shop.write("echo/service.py", ECHO.replace("return number\n", "return number + 1\n"))
        shop.hanse("up")
        shop.hanse("regions", "start", "r3")
    assert at_one.failed == 0, at_one.answers
    for url in gateways(shop).values():
        assert asked(url, "/echo/v1/numbers/3") == 4


async def test_a_deployment_comes_to_one_region_and_then_to_the_others(
    shop: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shop.folder)  # control's socket is named from there
    before, was = shop.folder.joinpath("echo/service.py").read_text(), told(shop)["r1"]
    shop.write("echo/service.py", ECHO.replace("return number\n", "return number + 5\n"))
    in_step(shop)
    async with control() as staging:
        proposed = await staging.propose(("echo",))
        order = Order(
            deployment="d1",
            changes=proposed.changes,
            environment=proposed.environment,
            local=proposed.local,
        )
        await staging.stage(order)
        pair = {(one.part, one.region) for one in await staging.instances() if one.deployment}
        assert pair == {("canary", "r1"), ("twin", "r1")}

        await staging.take_over(order)
        assert told(shop) == {"r1": 8, "r2": was, "r3": was}, "it serves where it was proven"
        await staging.settle(order)
        assert told(shop) == {"r1": 8, "r2": 8, "r3": 8}
        await staging.go_back(order)
        assert told(shop) == {"r1": was, "r2": was, "r3": was}
        assert not [one for one in await staging.instances() if one.part]
    shop.write("echo/service.py", before)


@pytest.mark.long
def test_what_is_bad_in_one_region_only_goes_back_in_all_and_the_next_never_has_it(
    shop: Fleet,
) -> None:
    was = told(shop)["r1"]
    fails = 'if "regions/r2/" in __import__("sys").argv[1]:\n            raise RuntimeError\n'
    with released(shop, f"{fails}        return 8\n") as (at_one, at_two, at_three):
        done = hanse("deploy", "echo", "--json", folder=shop.folder)

    found = json.loads(done.stdout)
    verdicts = [one["verdict"]["state"] for one in found["moments"] if one["verdict"]]
    assert (found["state"], verdicts) == ("gone back", ["good", "good", "bad"]), found
    assert [one["stage"] for one in found["moments"]][-3:] == ["wave", "over", "over"]
    assert at_one.answers.keys() == {"ok 8", f"ok {was}"}
    assert at_two.answers.keys() == {"500", f"ok {was}"}
    assert at_two.failed <= 40, "the goal is 10; see benchmarks"
    assert at_three.answers.keys() == {f"ok {was}"}
    assert told(shop) == {"r1": was, "r2": was, "r3": was}


@pytest.mark.long
@pytest.mark.parametrize("what", ["deployments.main", "control.main", "r2"])
def test_what_is_killed_amid_a_wave_goes_on_with_it(shop: Fleet, what: str) -> None:
    was = told(shop)["r1"]
    with released(shop, "return 8\n") as asked:
        name = shop.hanse("deploy", "echo", "--detach")["name"]
        in_wave(shop, name)
        region = [one["pid"] for name, one in shop.processes("region").items() if name == what]
        for pid in region or shop.pids_of(f"hanse.fleet.{what}"):
            os.kill(pid, signal.SIGKILL)
        done = hanse("deployments", "follow", name, "--json", folder=shop.folder)

    found = json.loads(done.stdout)
    assert found["state"] == "settled", found
    assert told(shop) == {"r1": 8, "r2": 8, "r3": 8}
    assert hanse("rollback", name, folder=shop.folder).returncode == 0
    assert told(shop) == {"r1": was, "r2": was, "r3": was}
    assert [one.failed for one in asked] == [0, 0, 0], [one.answers for one in asked]


@pytest.mark.long
def test_what_is_ended_amid_a_wave_goes_back_in_all(shop: Fleet) -> None:
    was = told(shop)["r1"]
    with released(shop, "return 8\n") as asked:
        name = shop.hanse("deploy", "echo", "--detach")["name"]
        in_wave(shop, name)
        assert hanse("deployments", "abort", name, folder=shop.folder).returncode == 0
        done = hanse("deployments", "follow", name, "--json", folder=shop.folder)

    assert json.loads(done.stdout)["state"] == "aborted", done.stdout
    assert told(shop) == {"r1": was, "r2": was, "r3": was}
    assert [one.failed for one in asked] == [0, 0, 0], [one.answers for one in asked]


@contextmanager
def released(shop: Fleet, answer: str) -> Iterator[tuple[Users, Users, Users]]:
    """Another release of Echo lies in the folder, and each gateway is asked meanwhile."""
    doors, path = gateways(shop), "/echo/v1/numbers/3"
    file, code = ((shop.folder / one).read_text() for one in ("hanse.toml", "echo/service.py"))
    shop.write("hanse.toml", file + RULES)
    shop.write("echo/service.py", ECHO.replace("return number\n", answer))
    in_step(shop)
    with (
        users(doors["r1"], path, 100) as at_one,
        users(doors["r2"], path, 50) as at_two,
        users(doors["r3"], path, 50) as at_three,
    ):
        yield at_one, at_two, at_three
    shop.write("echo/service.py", code)
    shop.write("hanse.toml", file)


def in_step(shop: Fleet) -> None:
    """Returns when no region has anything to catch up with: one that has is passed over."""
    until(lambda: not shop.status()["notes"], "all regions to have what the others run")


def in_wave(shop: Fleet, name: str) -> None:
    """Returns when a deployment is compared in the second region."""
    says = "The canary in r2 is compared with its twin."

    def there() -> bool:
        moments = shop.hanse("deployments", "show", name)["moments"]
        return any(one["says"] == says for one in moments)

    until(there, says, 90)


def told(shop: Fleet) -> dict[str, int]:
    """What each gateway says to a three, once it knows what it was told."""
    return {name: asked(url, "/echo/v1/numbers/3") for name, url in gateways(shop).items()}


def test_there_may_be_more_regions_and_fewer(shop: Fleet) -> None:
    shop.up("--regions", "4")
    doors = gateways(shop)
    assert set(doors) == {"r1", "r2", "r3", "r4"}
    assert asked(doors["r4"], "/relay/v1/pid") == pids(shop)["r4"]

    shop.up("--regions", "3")
    assert set(gateways(shop)) == {"r1", "r2", "r3"}
    assert not [one for one in shop.running() if _is_of("r4", one)]

    shop.up()
    assert set(gateways(shop)) == {"r1", "r2", "r3"}, "as many as there are"
    refused = hanse("up", "--regions", "2", folder=shop.folder)
    assert refused.returncode == 1
    assert "Run the project with 3 regions" in refused.stderr
    assert set(gateways(shop)) == {"r1", "r2", "r3"}


def test_all_of_it_ends_also_when_every_control_died(shop: Fleet) -> None:
    for module in ("keeper", "main", "region.main"):
        for pid in shop.pids_of(f"hanse.fleet.control.{module}"):
            os.kill(pid, signal.SIGKILL)

    done = hanse("down", folder=shop.folder)

    assert (done.returncode, shop.running()) == (0, []), done.stderr


def _ports(shop: Fleet) -> list[int]:
    found = []
    for file in sorted((shop.folder / ".hanse/up/regions").glob("*/envoy/wish.json")):
        found.append(json.loads(file.read_text())["settings"]["port"])
    return found


def _is_of(region: str, process: psutil.Process) -> bool:
    line = " ".join(process.cmdline())
    return f"regions/{region}/" in line or line.endswith(f"region.main {region} shop")


def test_there_are_regions_or_none(tmp_path: Path) -> None:
    with fleet(tmp_path) as made:
        made.up()
        refused = hanse("up", "--regions", "2", folder=tmp_path)

        assert refused.returncode == 1
        assert (
            "This fleet runs without regions. To have some, end it first: hanse down"
            in refused.stderr
        )
        assert "runs without regions" in hanse("regions", folder=tmp_path).stderr
