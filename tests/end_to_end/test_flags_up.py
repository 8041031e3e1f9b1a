"""`hanse flag roll` as an operator has it: under load, to everybody or back, and when its judge is killed."""

import json
import os
import signal
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.end_to_end.fleet import PROJECT, Fleet, until
from tests.end_to_end.steady_users import Users, users
from tests.end_to_end.terminal import hanse

PATH = "/line/v1/runs"
RULES = """
[deploy]
slo = 0.05
warm_seconds = 600

[deploy.flags]
steps = [10, 50]
watch_seconds = 1
"""
LINE = '''
"""Each request is a visitor of its own."""

from pathlib import Path
from secrets import token_hex

from hanse import PUBLIC, Service, rpc
from hanse.flags import Flags, flag


class Belt(Flags):
    fast = flag(False, owner="shop", until=None, doc="Speed.")


class Line(Service):
    """Runs."""

    def __init__(self, flags: Belt) -> None:
        self._flags = flags

    @rpc("GET /line/v1/runs", allow=PUBLIC)
    async def run(self) -> bool:
        """Whether fast; that may break."""
        fast = (await self._flags.keyed(token_hex(8))).fast
        if fast and Path("broken").exists():
            raise RuntimeError("boom")
        return fast
'''
WHY = ("--reason", "a trial")


@pytest.fixture(scope="module", params=[(), ("--regions", "2")], ids=["one place", "regions"])
def shop(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Fleet]:
    made = Fleet(tmp_path_factory.mktemp("belts"))
    head, _, tail = PROJECT.format(placement='default = "apart"').partition("services = ")
    made.write(
        "hanse.toml", f'{head}services = ["line.service:Line"]{tail[tail.index(chr(10)) :]}{RULES}'
    )
    made.write("line/__init__.py", "")
    made.write("line/service.py", LINE)
    try:
        made.up(*request.param)
        yield made
    finally:
        hanse("down", folder=made.folder)


@pytest.fixture
def asked(shop: Fleet) -> Iterator[Users]:
    with users(shop.url, PATH, 100.0) as found:
        yield found


def given(shop: Fleet) -> Counter[bool]:
    return Counter(shop.get(PATH) for _ in range(40))


@pytest.mark.long
def test_a_value_that_breaks_calls_is_taken_back_by_itself(shop: Fleet, asked: Users) -> None:
    shop.write("broken", "")

    done = hanse("flag", "roll", "belt.fast", *WHY, "--json", folder=shop.folder)

    (shop.folder / "broken").unlink()
    found = json.loads(done.stdout)
    assert (done.returncode, found["state"]) == (1, "gone back"), found
    assert "Bad: a call failed for " in found["says"]
    assert "who drew true" in found["says"]
    assert set(given(shop)) == {False}
    assert asked.answers["500"] <= 60, asked.answers  # 10 before it is seen, as for releases


@pytest.mark.long
def test_one_that_breaks_nothing_is_everybodys_and_taken_back_by_hand(
    shop: Fleet, asked: Users
) -> None:
    done = hanse("flag", "roll", "belt.fast", *WHY, "--json", folder=shop.folder)

    found = json.loads(done.stdout)
    assert (done.returncode, found["state"]) == (0, "settled"), found
    steps = [one["says"] for one in found["moments"] if "of those who draw" in one["says"]]
    assert steps[-1] == "50 % of those who draw get it."
    assert set(given(shop)) == {True}
    [listed] = [one for one in shop.hanse("deployments", "list") if one["name"] == found["name"]]
    assert listed["what"] == "belt.fast true"
    assert hanse("rollback", found["name"], folder=shop.folder).returncode == 0
    until(lambda: set(given(shop)) == {False}, "the old value")
    assert asked.failed == 0


@pytest.mark.long
def test_a_dead_judge_takes_it_from_everybody_and_the_next_one_goes_on(
    shop: Fleet, asked: Users
) -> None:
    _, name = shop, shop.hanse("flag", "roll", "belt.fast", *WHY, "--detach")["name"]
    until(lambda: set(given(shop)) == {True, False}, "some who have it")
    stopped = shop.pids_of("hanse.fleet.deployments.main")
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    try:
        until(lambda: set(given(shop)) == {False}, "what was ruled", 15)
    finally:
        for pid in stopped:
            os.kill(pid, signal.SIGKILL)

    done = hanse("deployments", "follow", name, "--json", folder=shop.folder)

    assert json.loads(done.stdout)["state"] == "settled", done.stdout
    assert hanse("rollback", name, folder=shop.folder).returncode == 0
