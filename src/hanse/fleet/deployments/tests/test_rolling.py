"""A flag as a deployment: one record, steered as any other, settled and taken back."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hanse import PUBLIC, DatabaseConfig, Host, HostConfig, Principal, Service, rpc
from hanse.flags import Flags, flag
from hanse.fleet.control.staging.api import Instance, Order, Proposal, Staging
from hanse.fleet.deployments.api import Deployments, Frozen, NoReason, NotNow, Rolling, Shown
from hanse.fleet.deployments.beginning import Placed
from hanse.fleet.deployments.deployer import Deployer
from hanse.fleet.deployments.record import FlagTask, State
from hanse.kit.clock import monotonic, wait_set
from hanse.runtime.data.tests.servers import PATIENCE
from hanse.runtime.flags.amending import switched_off
from hanse.runtime.flags.changes import Reasoned, change, history
from hanse.testing import World

PROJECT = """
[project]
name = "belts"
services = ["belt:Line"]

[deploy.flags]
steps = [10, 50]
watch_seconds = 0.1
"""
FAST = "belt.fast"


class Belt(Flags):
    fast = flag(False, owner="shop", until=None, doc="Speed.")


class Line(Service):
    """Runs."""

    def __init__(self, flags: Belt) -> None:
        self._flags = flags

    @rpc("GET /line/v1/runs", allow=PUBLIC)
    async def run(self, key: str) -> bool:
        """Whether fast."""
        return (await self._flags.keyed(key)).fast


class Control(Service, Staging):
    """Knows one host; flags ask for nothing else."""

    async def propose(self, names: tuple[str, ...]) -> Proposal:
        raise NotImplementedError

    async def stage(self, order: Order) -> None:
        raise NotImplementedError

    async def share(self, deployment: str, canary: float, twin: float) -> None:
        raise NotImplementedError

    async def take_over(self, order: Order) -> None:
        raise NotImplementedError

    async def wave(self, order: Order, judged: str = "") -> str:
        raise NotImplementedError

    async def settle(self, order: Order) -> None:
        raise NotImplementedError

    async def cool(self, order: Order) -> tuple[str, ...]:
        raise NotImplementedError

    async def go_back(self, order: Order) -> None:
        raise NotImplementedError

    async def instances(self) -> tuple[Instance, ...]:
        return (
            Instance(
                name="line-1", group="line", release="r", part="", deployment="", answering=True,
                restarts=0, socket="line.sock",
            ),
        )  # fmt: skip


class Shop:
    """What deploys, and a host that reads the flag."""

    def __init__(self, world: World, host: Host) -> None:
        self.world = world
        self.host = host
        self.deployments = world.get(Deployments, as_=Principal("service", "cli"))

    async def roll(self, name: str = FAST, reason: str = "faster") -> Shown:
        task = FlagTask(name=name, value="true")
        return await self.deployments.roll(Rolling(flag=task, by="ada", reason=reason))

    async def until(self, name: str, *states: State, says: str = "") -> Shown:
        until = monotonic() + PATIENCE
        while True:
            found = await self.deployments.get(name)
            if found.state in states and says in found.says:
                return found
            assert monotonic() < until, found
            await wait_set(asyncio.Event(), 0.02)

    async def step(self, name: str, percent: float) -> None:
        until = monotonic() + PATIENCE
        while (await self.deployments.get(name)).canary != percent / 100:
            assert monotonic() < until
            await wait_set(asyncio.Event(), 0.02)

    async def given(self) -> set[bool]:
        """What two hundred visitors get."""
        return {await self.host.get(Line).run(f"v{number}") for number in range(200)}

    async def given_soon(self, wanted: set[bool]) -> None:
        until = monotonic() + PATIENCE
        while await self.given() != wanted:
            assert monotonic() < until
            await wait_set(asyncio.Event(), 0.05)


def project(more: str = "") -> None:
    Path("hanse.toml").write_text(PROJECT + more)


@pytest.fixture
async def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Shop]:
    monkeypatch.chdir(tmp_path)
    project()
    async with World(Deployer, Control, provided={Placed: Placed("")}) as world:
        database: DatabaseConfig = world.database.config
        config = HostConfig(port=None, socket=Path("line.sock"), database=database)
        async with Host([Line], config) as host:
            yield Shop(world, host)


async def test_it_is_steered_settled_and_taken_back(shop: Shop) -> None:
    name = (await shop.roll()).name
    for percent in (10, 50):
        await shop.step(name, percent)
        await shop.deployments.ask(name, "pause", "ada")
        assert (await shop.deployments.get(name)).state == "paused"
        await shop.given_soon({True, False})
        await shop.deployments.ask(name, "promote", "ada", "a trial")
    found = await shop.until(name, "settled")
    await shop.given_soon({True})
    [made] = await history(shop.world.database, FAST)
    assert (made.who, made.reason) == ("ada", f"deployment {name}: faster")
    assert (found.what, found.flag, found.groups) == ("belt.fast true", FAST, ())

    await shop.deployments.ask(name, "rollback", "eve")

    assert (await shop.until(name, "gone back")).says == "Everything is as it was before."
    await shop.given_soon({False})
    with pytest.raises(NotNow):
        await shop.deployments.ask(name, "rollback", "eve")


async def test_it_is_aborted(shop: Shop) -> None:
    name = (await shop.roll()).name
    await shop.given_soon({True, False})

    await shop.deployments.ask(name, "abort", "ada")

    assert (await shop.until(name, "aborted")).says == "Everything is as it was before."
    await shop.given_soon({False})
    assert await history(shop.world.database, FAST) == []


async def test_what_somebody_rules_meanwhile_holds(shop: Shop) -> None:
    name = (await shop.roll()).name
    await shop.step(name, 10)

    because = Reasoned("eve", "it smells")
    await change(shop.world.database, Belt.__declared__["fast"], switched_off, because)

    found = await shop.until(name, "aborted")
    assert any("ruled otherwise" in one.says for one in found.moments)
    assert (await history(shop.world.database, FAST))[0].reason == "it smells"


async def test_what_cannot_be_rolled_out_is_refused(shop: Shop) -> None:
    with pytest.raises(NoReason):
        await shop.roll(reason="")
    unknown = await shop.until((await shop.roll("belt.slow")).name, "refused")
    assert "No host that runs has belt.slow" in unknown.says
    name = (await shop.roll()).name
    await shop.step(name, 10)
    second = await shop.until((await shop.roll()).name, "refused")
    assert f"belt.fast is rolled out by {name} now" in second.says
    closed = '\n[[deploy.freeze]]\nsince = "mon"\nuntil = "sun"\nreason = "The year ends."\n'
    project(closed)
    with pytest.raises(Frozen, match="The year ends"):
        await shop.roll()
