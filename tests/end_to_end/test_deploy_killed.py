"""What deploys and control are killed at every step of a deployment: it goes on or back, and never halfway.

One such moment is killed at each time, in test_deploy_up.
"""

import asyncio
import os
import random
import signal
from collections.abc import Iterator

import pytest

from hanse import Host, HostConfig
from hanse.fleet.deployments.api import Deployments, Shown, UnknownDeployment
from hanse.runtime.errors import HanseError
from tests.end_to_end.fleet import ECHO, Fleet, fleet
from tests.end_to_end.steady_users import users
from tests.end_to_end.terminal import hanse

PATH = "/echo/v1/numbers/7"
RULES = """
[deploy]
slo = 0.05
latency = false
warm_seconds = 600
"""
GOOD, BAD = "return number + 1", 'raise RuntimeError("boom")'
STEPS = [
    ("It begins.", GOOD),
    ("It breaks nobody", GOOD),
    ("Canary and twin start.", GOOD),
    ("The canary is compared", GOOD),
    ("The new release takes over.", GOOD),
    ("The group is compared", GOOD),
    ("It comes to everybody", GOOD),
    ("It goes back.", BAD),
]
KILLED = ("hanse.fleet.deployments.main", "hanse.fleet.control.main")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    with fleet(tmp_path_factory.mktemp("killed"), 'default = "apart"') as made:
        made.write("hanse.toml", (made.folder / "hanse.toml").read_text() + RULES)
        made.up()
        yield made


async def told(shop: Fleet, name: str, says: str) -> None:
    """Returns as soon as a deployment says that."""
    at = {Deployments.__contract__.full_name: ("unix:.hanse/up/deployer.sock",)}
    async with Host([], HostConfig(port=None, docs=False, directory=at)) as host:
        deployments = host.get(Deployments)
        while True:
            try:
                found: Shown = await deployments.get(name)
            except (HanseError, UnknownDeployment):
                continue
            if says == "It begins." or any(one.says.startswith(says) for one in found.moments):
                return
            assert not found.end_time, found


@pytest.mark.long
@pytest.mark.parametrize(("says", "answer"), STEPS)
@pytest.mark.parametrize("seed", [1])
def test_it_goes_on_or_back_and_never_halfway(
    shop: Fleet, monkeypatch: pytest.MonkeyPatch, says: str, answer: str, seed: int
) -> None:
    monkeypatch.chdir(shop.folder)
    chance = random.Random(f"{seed} {says}")
    killed = chance.choice([KILLED, KILLED[:1], KILLED[1:]])
    with users(shop.url, PATH) as asked:
        shop.write("echo/service.py", ECHO.replace("return number\n", f"{answer}\n"))
        name = shop.hanse("deploy", "echo", "--detach")["name"]
        asyncio.run(told(shop, name, says))
        # when
        for module in killed:
            for pid in shop.pids_of(module):
                os.kill(pid, signal.SIGKILL)
        # then
        found = hanse("deployments", "follow", name, "--json", folder=shop.folder)
        state = shop.hanse("deployments", "show", name)["state"]
        assert state == ("settled" if answer == GOOD else "gone back"), found.stdout
        assert {shop.get(PATH) for _ in range(30)} == {8 if answer == GOOD else 7}
        shop.write("echo/service.py", ECHO)
        if state == "settled":
            assert hanse("rollback", name, folder=shop.folder).returncode == 0
    assert {shop.get(PATH) for _ in range(30)} == {7}
    assert len(shop.processes("host")) == 3, shop.processes("host")
    if answer == GOOD:
        assert asked.failed == 0, (killed, asked.answers)
