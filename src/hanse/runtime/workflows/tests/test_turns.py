"""Workflows of a host have their turns, however many instances of one are due."""

from __future__ import annotations

import pytest

from hanse.runtime.contract.service import Service
from hanse.runtime.data.database import Database
from hanse.runtime.workflows.declaration import workflow
from hanse.runtime.workflows.engine.engine import CLAIM_MAX
from hanse.runtime.workflows.run import Run
from hanse.runtime.workflows.workflows import Workflows
from hanse.testing import World


class Ferry(Service, package="ferry.v1"):
    def __init__(self, workflows: Workflows, database: Database) -> None:
        self.workflows = workflows
        self.database = database
        self.begun: list[str] = []

    @workflow(version=1)
    async def lorries(self, run: Run) -> None:
        self.begun.append("lorry")

    @workflow(version=1)
    async def bicycles(self, run: Run) -> None:
        self.begun.append("bicycle")


@pytest.fixture
def service() -> type[Ferry]:
    return Ferry


async def test_a_workflow_of_which_much_is_due_leaves_others_their_turn(world: World) -> None:
    ferry: Ferry = world.host._services[0]
    async with ferry.database.transaction():
        await ferry.workflows.start_many(ferry.lorries, [()] * (2 * CLAIM_MAX + 50))
        await ferry.workflows.start(ferry.bicycles)
    await world.catch_up()
    assert len(ferry.begun) == 2 * CLAIM_MAX + 51
    assert ferry.begun.index("bicycle") < 2 * CLAIM_MAX
