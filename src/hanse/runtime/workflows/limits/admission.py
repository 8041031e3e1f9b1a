"""Lets those go on who stand in line, as many as may."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hanse.runtime.data.database import Database
    from hanse.runtime.workflows.limits.limit import Limit
    from hanse.runtime.workflows.model import WorkflowModel

AT_ONCE = 1000
LANES_MAX = 1000
ANY_NUMBER = 2**31

# From one line to the next by the index, however many stand in each.
LANES = """
with recursive lanes(lane) as (
  (select lane from hanse.workflow
   where name = $1 and lane is not null and admit_time is null and end_time is null
   order by lane limit 1)
  union all
  select (select w.lane from hanse.workflow w
    where w.name = $1 and w.lane > lanes.lane and w.admit_time is null and w.end_time is null
    order by w.lane limit 1)
  from lanes where lanes.lane is not null
)
select lane from lanes where lane is not null limit $2
"""

# Who was canceled runs without having been let in, and is left to who holds it.
ADMIT = """
with running as (
  select count(*) as number from hanse.workflow
  where name = $1 and lane = $2 and admit_time is not null and end_time is null
), lately as (
  select count(*) as number from hanse.workflow
  where name = $1 and lane = $2 and admit_time > $5
), first as (
  select id from hanse.workflow
  where name = $1 and lane = $2 and admit_time is null and end_time is null and state = 'open'
    and holder is null
  order by create_time, id
  limit least(greatest($3 - (select number from running), 0),
              greatest($4 - (select number from lately), 0), $7)
)
update hanse.workflow w set admit_time = $6, wake_time = $6 from first where w.id = first.id
"""


class Admission:
    """That of one host.

    Args:
        database: Where they stand in line.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._models: dict[str, WorkflowModel] = {}

    def serve(self, model: WorkflowModel) -> None:
        """Holds instances of a workflow to the limit of its newest version."""
        known = self._models.get(model.name)
        if known is None or known.version < model.version:
            self._models[model.name] = model

    async def admit(self) -> None:
        """Looks at every line.

        Raises:
            HanseError: As `Database.fetch`.
        """
        for name, model in self._models.items():
            if model.limit is None:
                continue
            for row in await self._database.fetch(LANES, name, LANES_MAX):
                await self._admit(name, row["lane"], model.limit)

    async def _admit(self, name: str, lane: str, limit: Limit) -> None:
        now = self._database.clock.now()
        async with self._database.transaction():
            await self._database.lock(f"workflows {name} {lane}")
            await self._database.execute(
                ADMIT, name, lane, limit.running or ANY_NUMBER, limit.begins or ANY_NUMBER,
                now - (limit.period or timedelta(0)), now, AT_ONCE,
            )  # fmt: skip
