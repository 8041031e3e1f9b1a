"""Forgets workflows that were over for long, and hosts that are no more."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from hanse.runtime.data.upkeep import again_and_again
from hanse.runtime.workflows.journal.statements import FORGET_HOSTS

if TYPE_CHECKING:
    from hanse.runtime.data.database import Database

log = logging.getLogger("hanse.workflows")

KEPT = timedelta(days=30)
"""For so long an instance that is over can be asked for, and its id is taken."""

SWEEP_SECONDS = 600.0
"""Between two looks of one host; each waits up to half as long again."""

AT_ONCE = 1000

FORGET = """
with gone as (
  delete from hanse.workflow where id in (
    select id from hanse.workflow where end_time < $1 order by end_time limit $2
    for update skip locked)
  returning id
), journals as (
  delete from hanse.journal where workflow in (select id from gone)
), signals as (
  delete from hanse.workflow_signal where workflow in (select id from gone)
), persons as (
  delete from hanse.workflow_person where workflow in (select id from gone)
)
select count(*) as number from gone
"""


class EndedSweep:
    """Forgets some at a time.

    Args:
        database: Where they are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def run(self) -> None:
        """Sweeps again and again; a failure is logged, and tried again."""
        complaint = "workflows that were over for long are not forgotten yet"
        await again_and_again(self.all_of_it, SWEEP_SECONDS, log, complaint)

    async def all_of_it(self) -> None:
        """Forgets all that is due.

        Raises:
            HanseError: The database is away.
        """
        while await self.once():
            pass
        await self._database.execute(FORGET_HOSTS)

    async def once(self) -> bool:
        """Forgets some; whether there were any."""
        due = self._database.clock.now() - KEPT
        row = await self._database.fetch_row(FORGET, due, AT_ONCE)
        return row is not None and row["number"] > 0
