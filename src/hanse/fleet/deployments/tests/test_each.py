"""Many groups are deployed one by one: a few at once, and no more where too many go back."""

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
from hanse.fleet.deployments.api import Deployments, NotNow, Shown, Wanted
from hanse.fleet.deployments.beginning import Placed
from hanse.fleet.deployments.deployer import Deployer
from hanse.fleet.deployments.record import State
from hanse.fleet.plan import PlannedGroup
from hanse.kit.clock import monotonic, wait_set
from hanse.runtime.data.tests.servers import PATIENCE
from hanse.testing import World

PROJECT = """
[project]
name = "many"
services = ["shop:Shop"]

[deploy]
at_once = 3
stop_after = 2
"""
GROUPS = 7


class Control(Service, Staging):
    """Has as many groups as a test wants; each hands over as long as it may, and some do not."""

    broken: frozenset[str] = frozenset()
    shared = True
    now = 0
    most = 0
    may = asyncio.Event()
    comes = asyncio.Event()
    gone_back: list[str] = []

    async def propose(self, names: tuple[str, ...]) -> Proposal:
        changes = tuple(
            GroupChange(
                group=PlannedGroup(f"g{number}", ()), before="", after=f"r{number}",
                services=(f"g{number}.v1.G",), shared=self.shared,
            )
            for number in range(GROUPS)
        )  # fmt: skip
        return Proposal(changes=changes, groups=(), environment="", local=True)

    async def stage(self, order: Order) -> None: ...

    async def share(self, deployment: str, canary: float, twin: float) -> None: ...

    async def take_over(self, order: Order) -> None:
        kind = type(self)
        kind.now += 1
        kind.most = max(kind.most, kind.now)
        try:
            await self.may.wait()
        finally:
            kind.now -= 1
        [change] = order.changes
        if change.group.name in self.broken:
            raise CannotDeploy(f"{change.group.name} does not start.")

    async def wave(self, order: Order, judged: str = "") -> str:
        return ""

    async def settle(self, order: Order) -> None:
        await self.comes.wait()

    async def cool(self, order: Order) -> tuple[str, ...]:
        return ()

    async def go_back(self, order: Order) -> None:
        self.gone_back.append(order.changes[0].group.name)

    async def instances(self) -> tuple[Instance, ...]:
        return ()


class Shop:
    """What deploys."""

    def __init__(self, world: World) -> None:
        self.deployments = world.get(Deployments, as_=Principal("service", "cli"))

    async def deploy(self, *, each: bool | None = True) -> Shown:
        return await self.deployments.deploy(
            Wanted(by="ada", reason="a patch", emergency=True, each=each)
        )

    async def until(self, name: str, state: State, says: str = "") -> Shown:
        until = monotonic() + PATIENCE
        while True:
            found = await self.deployments.get(name)
            if found.state == state and says in found.says:
                return found
            assert monotonic() < until, found
            await wait_set(asyncio.Event(), 0.02)

    async def at_once(self, number: int) -> None:
        """Returns when so many hand over."""
        until = monotonic() + PATIENCE
        while Control.now < number:
            assert monotonic() < until
            await wait_set(asyncio.Event(), 0.02)


def project() -> None:
    Path("hanse.toml").write_text(PROJECT)


@pytest.fixture
async def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Shop]:
    monkeypatch.chdir(tmp_path)
    project()
    fresh = {"broken": frozenset[str](), "most": 0, "now": 0, "may": asyncio.Event()}
    for name, value in {**fresh, "gone_back": [], "shared": True}.items():
        monkeypatch.setattr(Control, name, value)
    monkeypatch.setattr(Control, "comes", asyncio.Event())
    Control.comes.set()
    async with World(Deployer, Control, provided={Placed: Placed("")}) as world:
        yield Shop(world)


async def test_it_is_said_to_be_everybodys_when_it_has_come_to_everybody(shop: Shop) -> None:
    Control.comes.clear()
    name = (await shop.deploy()).name
    await shop.at_once(3)
    Control.may.set()
    await shop.until(f"{name}-1", "running", "It comes to everybody.")

    Control.comes.set()

    await shop.until(f"{name}-1", "settled", "It is everybody's")


async def test_a_few_at_once_until_all_are_through_and_all_go_back_together(shop: Shop) -> None:
    name = (await shop.deploy()).name
    await shop.until(name, "running", f"0 of {GROUPS} are through, 3 under way")
    await shop.at_once(3)
    Control.may.set()

    found = await shop.until(name, "done")

    assert found.says == f"{GROUPS} of {GROUPS} are through."
    assert Control.most == 3
    assert found.what == f"{GROUPS} groups, each by itself"
    [listed] = await shop.deployments.list()
    assert listed.name == name, "its parts are not listed beside it"
    one = await shop.deployments.get(f"{name}-1")
    assert (one.state, one.groups) == ("settled", ("g0",))

    found = await shop.deployments.ask(name, "rollback", "eve")

    assert found.moments[-1].says == f"eve: rollback. {GROUPS} go back."
    for number in range(1, GROUPS + 1):
        await shop.until(f"{name}-{number}", "gone back")
    assert len(Control.gone_back) == GROUPS


async def test_where_too_many_go_back_no_other_one_begins(shop: Shop, monkeypatch) -> None:
    monkeypatch.setattr(Control, "broken", frozenset({"g0", "g2"}))
    Control.may.set()

    found = await shop.until((await shop.deploy()).name, "failed")

    assert "So many went back that no other one begins (2)." in found.says
    assert "2 went back" in found.says
    told = [one.says for one in found.moments if "does not start" in one.says]
    assert len(told) == 2
    assert f"g0 ({found.name}-1) failed" in told[0]
    with pytest.raises(Exception, match="There is no deployment"):
        await shop.deployments.get(f"{found.name}-{GROUPS}")


async def test_it_is_paused_resumed_and_ended(shop: Shop) -> None:
    name = (await shop.deploy()).name
    await shop.until(name, "running", "3 under way")
    await shop.at_once(3)
    await shop.deployments.ask(name, "pause", "ada")
    Control.may.set()
    await shop.until(name, "paused", f"3 of {GROUPS} are through")
    with pytest.raises(NotNow, match=f"{name}-1"):
        await shop.deployments.ask(name, "promote", "ada", "a trial")

    await shop.deployments.ask(name, "abort", "ada")

    found = await shop.until(name, "aborted")
    assert found.says.startswith("An operator ended it; those that are through stay.")
    assert Control.most == 3, "none began while it was paused"


@pytest.mark.parametrize(
    ("shared", "each", "parts"),
    [(True, False, 0), (False, None, 0), (True, None, 0), (False, True, GROUPS)],
)
async def test_an_emergency_and_what_people_changed_go_as_one_unless_it_is_said(
    shop: Shop, monkeypatch, shared: bool, each: bool | None, parts: int
) -> None:
    monkeypatch.setattr(Control, "shared", shared)

    found = await shop.deploy(each=each)

    assert found.parts == parts
