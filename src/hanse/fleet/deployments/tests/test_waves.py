"""A deployment comes to one region after the other, and goes back in all where one has trouble."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hanse import Principal, Service
from hanse.fleet.control.staging.api import (
    CannotDeploy,
    GroupChange,
    Instance,
    Order,
    Proposal,
    Staging,
)
from hanse.fleet.deployments.api import Deployments, Shown, Wanted
from hanse.fleet.deployments.beginning import Placed
from hanse.fleet.deployments.deployer import Deployer
from hanse.fleet.deployments.record import State
from hanse.fleet.plan import PlannedGroup
from hanse.fleet.releases.shelf import Shelf
from hanse.fleet.releases.wish import Wish, keep_wish
from hanse.fleet.state import StateFolder
from hanse.kit.clock import monotonic, wait_set
from hanse.runtime.data.tests.servers import PATIENCE
from hanse.testing import World


class Control(Service, Staging):
    """Has three regions; a group that is new there is compared with nobody."""

    trouble = ""
    done: list[str] = []

    async def propose(self, names: tuple[str, ...]) -> Proposal:
        state = StateFolder(Path())
        state.prepare()
        shelf = Shelf(state.releases)
        shelf.prepare()
        after = keep_wish(
            Wish(releases={}, code="", lock="", files={}, settings="", runtime="", python=""), shelf
        )
        change = GroupChange(
            group=PlannedGroup("shop", ()), before="", after=after, services=("shop.v1.Shop",)
        )
        return Proposal(changes=(change,), groups=(), environment="", local=True)

    async def stage(self, order: Order) -> None:
        self.done.append("stage")

    async def share(self, deployment: str, canary: float, twin: float) -> None: ...

    async def take_over(self, order: Order) -> None:
        self.done.append("take over")

    async def wave(self, order: Order, judged: str = "") -> str:
        region = {"": "r2", "r2": "r3", "r3": ""}[judged]
        self.done.append(f"wave to {region or 'nobody'}")
        if region and region == self.trouble:
            raise CannotDeploy(f"shop does not start in {region}.")
        return region

    async def settle(self, order: Order) -> None:
        self.done.append("settle")

    async def cool(self, order: Order) -> tuple[str, ...]:
        return ()

    async def go_back(self, order: Order) -> None:
        self.done.append("go back")

    async def instances(self) -> tuple[Instance, ...]:
        return ()


def project() -> None:
    Path("hanse.toml").write_text('[project]\nname = "shop"\nservices = ["shop:Shop"]\n')


@pytest.fixture
async def deployments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Deployments]:
    monkeypatch.chdir(tmp_path)
    project()
    monkeypatch.setattr(Control, "done", [])
    monkeypatch.setattr(Control, "trouble", "")
    async with World(Deployer, Control, provided={Placed: Placed("")}) as world:
        yield world.get(Deployments, as_=Principal("service", "cli"))


async def came_to(deployments: Deployments, state: State, *, emergency: bool = False) -> Shown:
    """How a deployment stands when it has come to that."""
    wanted = Wanted(by="ada", reason="a trial", emergency=emergency)
    name, until = (await deployments.deploy(wanted)).name, monotonic() + PATIENCE
    while (found := await deployments.get(name)).state != state:
        assert monotonic() < until, found
        await wait_set(asyncio.Event(), 0.02)
    return found


async def test_it_comes_to_one_region_after_the_other_before_it_is_everybodys(
    deployments: Deployments,
) -> None:
    found = await came_to(deployments, "settled")

    waves = ["wave to r2", "wave to r3", "wave to nobody"]
    assert Control.done == ["stage", "take over", *waves, "settle"]
    told = [one.says for one in found.moments if one.stage == "wave"]
    assert told == [f"Canary and twin have started in {one}." for one in ("r2", "r3")]


async def test_it_goes_back_everywhere_where_it_cannot_begin_in_one_of_them(
    deployments: Deployments, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Control, "trouble", "r3")

    found = await came_to(deployments, "failed")

    assert Control.done[-2:] == ["wave to r3", "go back"]
    assert "shop does not start in r3." in found.says


async def test_an_emergency_comes_to_all_at_once(deployments: Deployments) -> None:
    await came_to(deployments, "settled", emergency=True)

    assert Control.done == ["take over", "settle"]
