"""What many instances do at once is written together, and none of it is lost."""

from __future__ import annotations

import asyncio

from hanse.runtime.contract.declaration import rpc
from hanse.runtime.contract.service import Service
from hanse.runtime.data.database import Database
from hanse.runtime.identity.permission import PUBLIC
from hanse.runtime.workflows.declaration import workflow
from hanse.runtime.workflows.run import Run
from hanse.runtime.workflows.workflows import Workflows
from hanse.testing import World

AT_ONCE = 40
ENTRIES = "select count(*)::int as entries from hanse.journal where kind = 'step' and not failed"


class Counting(Service, package="counting.v1"):
    def __init__(self, workflows: Workflows, database: Database) -> None:
        self._workflows, self._database = workflows, database

    @rpc(allow=PUBLIC)
    async def count(self, first: int) -> int:
        started = await self._workflows.start(self.twice, first)
        return await self._workflows.result(self.twice, started)

    @rpc(allow=PUBLIC)
    async def entries(self) -> int:
        row = await self._database.fetch_row(ENTRIES)
        assert row is not None
        return int(row["entries"])

    @workflow(version=1)
    async def twice(self, run: Run, first: int) -> int:
        return await run.step(self._more, await run.step(self._more, first))

    async def _more(self, number: int) -> int:
        return number + 1


async def test_the_last_step_of_an_instance_is_kept_as_the_first_is() -> None:
    async with World(Counting) as world:
        counting = world.get(Counting)
        counted = await asyncio.gather(*(counting.count(number) for number in range(AT_ONCE)))
        assert counted == [number + 2 for number in range(AT_ONCE)]
        assert await counting.entries() == 2 * AT_ONCE
