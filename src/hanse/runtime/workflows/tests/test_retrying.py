"""What failed is tried again by people: the step that did, or the child."""

from __future__ import annotations

import asyncio

import pytest

from hanse.runtime.contract.service import Service
from hanse.runtime.errors import FailedPrecondition
from hanse.runtime.workflows.declaration import workflow
from hanse.runtime.workflows.listing import Which
from hanse.runtime.workflows.operator import Operator
from hanse.runtime.workflows.run import Run
from hanse.runtime.workflows.workflows import Workflows
from hanse.testing import World


class Fleet(Service, package="fleet.v1"):
    def __init__(self, workflows: Workflows) -> None:
        self.workflows = workflows
        self.log: list[str] = []
        self.broken = {"mast"}

    async def make(self, what: str) -> str:
        self.log.append(what)
        if what in self.broken:
            raise FailedPrecondition(f"No {what}.")
        return what

    async def scrap(self, what: str) -> None:
        self.log.append(f"scrap {what}")

    @workflow(version=1)
    async def fleet(self, run: Run) -> str:
        await run.step(self.make, "flag")
        return await run.child(self.ship)

    @workflow(version=1)
    async def ship(self, run: Run) -> str:
        return await run.child(self.rig)

    @workflow(version=1)
    async def rig(self, run: Run) -> str:
        return await run.step(self.make, "mast")

    @workflow(version=1)
    async def careful(self, run: Run) -> str:
        return await run.child(self.undoing)

    @workflow(version=1)
    async def undoing(self, run: Run) -> str:
        await run.step(self.make, "sail", undo=self.scrap)
        return await run.step(self.make, "mast")

    @workflow(version=1)
    async def many(self, run: Run) -> str:
        found = await asyncio.gather(*(run.step(self.make, what) for what in ("mast", "sail")))
        return " ".join(found)


@pytest.fixture
def service() -> type[Fleet]:
    return Fleet


@pytest.fixture
def fleet(world: World) -> Fleet:
    return world.host._services[0]


async def test_whose_child_failed_has_it_try_again(world: World, fleet: Fleet) -> None:
    flows, operator = fleet.workflows, Operator(world.database)
    started = await flows.start(fleet.fleet)
    await world.catch_up()
    assert (await flows.get(fleet.fleet, started)).state == "failed"
    fleet.broken.clear()
    await operator.retry(started)
    await world.catch_up()
    assert (await flows.get(fleet.fleet, started)).result == "mast"
    assert fleet.log == ["flag", "mast", "mast"]
    with pytest.raises(FailedPrecondition, match="It is done"):
        await operator.retry(started)


async def test_what_ended_it_is_tried_again_wherever_it_stands(world: World, fleet: Fleet) -> None:
    flows = fleet.workflows
    started = await flows.start(fleet.many)
    await world.catch_up()
    assert (await flows.get(fleet.many, started)).state == "failed"
    fleet.broken.clear()
    await Operator(world.database).retry(started)
    assert await flows.result(fleet.many, started) == "mast sail"
    assert fleet.log == ["mast", "sail", "mast"]


async def test_what_a_child_has_undone_is_not_tried_again(world: World, fleet: Fleet) -> None:
    flows, operator = fleet.workflows, Operator(world.database)
    started = await flows.start(fleet.careful)
    await world.catch_up()
    children = await operator.page(Which(site="default", name="fleet.v1.Fleet/Undoing"))
    (child,) = children.items
    with pytest.raises(FailedPrecondition, match=f"{child.id}.*undone. Begin another one"):
        await operator.retry(started)
    found = await flows.get(fleet.careful, started)
    assert (found.state, fleet.log) == ("failed", ["sail", "mast", "scrap sail"])
