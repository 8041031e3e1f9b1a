"""Begins workflows when they are due by the clock: once, of all hosts that look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.runtime.call.context import DEFAULT_LOCALE, DEFAULT_SITE
from hanse.runtime.workflows.info import uuid_of
from hanse.runtime.workflows.journal.entry import Start

if TYPE_CHECKING:
    from datetime import datetime

    from hanse.runtime.data.database import Database
    from hanse.runtime.workflows.journal.store import Store
    from hanse.runtime.workflows.model import WorkflowModel

# Another time of another release counts from now on.
NOTE = """
insert into hanse.workflow_schedule as s (name, cron, zone, next_time) values ($1, $2, $3, $4)
on conflict (name) do update
set cron = excluded.cron, zone = excluded.zone, next_time = excluded.next_time
where (s.cron, s.zone) is distinct from (excluded.cron, excluded.zone)
"""

DUE = """
select name, next_time from hanse.workflow_schedule
where name = any($1) and next_time <= $2 for update skip locked
"""

NEXT = "select min(next_time) as next_time from hanse.workflow_schedule where name = any($1)"

MOVE = "update hanse.workflow_schedule set next_time = $2 where name = $1"


class Scheduler:
    """Those of one host.

    Args:
        database: Where it stands when each is due.
        store: Begins instances.
    """

    def __init__(self, database: Database, store: Store) -> None:
        self._database = database
        self._store = store
        self._models: dict[str, WorkflowModel] = {}

    def serve(self, model: WorkflowModel) -> None:
        """Has the newest version of a workflow begin when it says so, if it does."""
        known = self._models.get(model.name)
        if known is None or known.version < model.version:
            self._models[model.name] = model

    @property
    def _scheduled(self) -> dict[str, WorkflowModel]:
        return {name: one for name, one in self._models.items() if one.schedule is not None}

    async def note(self) -> None:
        """Writes down when each is due next, where it does not stand yet.

        Raises:
            HanseError: As `Database.execute`.
        """
        now = self._database.clock.now()
        for name, model in self._scheduled.items():
            assert model.schedule is not None
            following = next(model.schedule.times(now))
            await self._database.execute(
                NOTE, name, model.schedule.cron, model.schedule.zone, following
            )

    async def begin_due(self) -> None:
        """Begins what is due; that and when it is due again are one transaction.

        Raises:
            HanseError: As `Database.fetch`.
        """
        if not self._scheduled:
            return
        now = self._database.clock.now()
        async with self._database.transaction():
            for row in await self._database.fetch(DUE, list(self._scheduled), now):
                model = self._models[row["name"]]
                assert model.schedule is not None
                times, following = model.schedule.due(row["next_time"], now)
                if times:
                    await self._store.start([_start(model, one) for one in times])
                await self._database.execute(MOVE, model.name, following)

    async def next_due(self) -> datetime | None:
        """When the next one is due.

        Raises:
            HanseError: As `Database.fetch`.
        """
        if not self._scheduled:
            return None
        row = await self._database.fetch_row(NEXT, list(self._scheduled))
        return None if row is None else row["next_time"]


def _start(model: WorkflowModel, time: datetime) -> Start:
    key = f"at {time:%Y-%m-%dT%H:%M}Z"
    body = model.write_input((time,) if model.takes_time else (), {})
    return Start(
        uuid_of(DEFAULT_SITE, model.name, key), DEFAULT_SITE, model.name, model.version, key,
        DEFAULT_LOCALE, body, lane=model.lane(DEFAULT_SITE, body),
    )  # fmt: skip
