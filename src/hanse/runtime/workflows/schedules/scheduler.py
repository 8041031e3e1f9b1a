"""Begins workflows when they are due by the clock: once, of all hosts that look."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any
from uuid import UUID

from hanse.kit.ids import trace_id
from hanse.runtime.call.context import DEFAULT_LOCALE, DEFAULT_SITE, running
from hanse.runtime.call.deadline import Deadlines
from hanse.runtime.workflows.info import uuid_of
from hanse.runtime.workflows.journal.entry import Start
from hanse.runtime.workflows.schedules.schedule import is_site

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from hanse.runtime.data.database import Database
    from hanse.runtime.workflows.journal.store import Store
    from hanse.runtime.workflows.model import WorkflowModel

log = logging.getLogger("hanse.workflows")

BEGUN_MAX = 10_000
"""So many begin in one transaction: of more, those that were due first."""

START_MAX = 1000

# Another time of another release counts from now on.
NOTE = """
insert into hanse.workflow_schedule as s (name, cron, zone, next_time) values ($1, $2, $3, $4)
on conflict (name) do update
set cron = excluded.cron, zone = excluded.zone, next_time = excluded.next_time
where (s.cron, s.zone) is distinct from (excluded.cron, excluded.zone)
"""

DUE = """
select name from hanse.workflow_schedule where name = any($1) and next_time <= $2
"""

TAKE = """
select next_time from hanse.workflow_schedule
where name = $1 and next_time <= $2 for update skip locked
"""

NEXT = "select min(next_time) as next_time from hanse.workflow_schedule where name = any($1)"

MOVE = "update hanse.workflow_schedule set next_time = $2 where name = $1"


class Scheduler:
    """Those of one host.

    Args:
        database: Where it stands when each is due.
        store: Begins instances.

    Attributes:
        most: So many begin in one transaction.
    """

    def __init__(self, database: Database, store: Store) -> None:
        self._database = database
        self._store = store
        self._models: dict[str, WorkflowModel] = {}
        self._services: dict[str, object] = {}
        self.most = BEGUN_MAX
        self._noted = False

    def serve(self, model: WorkflowModel, service: object) -> None:
        """Has the newest version of a workflow begin when it says so, if it does."""
        known = self._models.get(model.name)
        if known is None or known.version < model.version:
            self._models[model.name] = model
            self._services[model.name] = service

    @property
    def _scheduled(self) -> dict[str, WorkflowModel]:
        return {name: one for name, one in self._models.items() if one.schedule is not None}

    async def _note(self) -> None:
        """Writes down when each is due next, where it does not stand yet."""
        now = self._database.clock.now()
        for name, model in self._scheduled.items():
            assert model.schedule is not None
            following = next(model.schedule.times(now))
            await self._database.execute(
                NOTE, name, model.schedule.cron, model.schedule.zone, following
            )

    async def begin_due(self) -> None:
        """Begins what is due; that and when it is due again are one transaction.

        A host that is judged does not: its times count when it is judged no more.

        Raises:
            HanseError: As `Database.fetch`.
        """
        judged = self._database.share() < 1
        if judged or not self._scheduled:
            self._noted = self._noted and not judged
            return
        if not self._noted:
            await self._note()
            self._noted = True
        now = self._database.clock.now()
        due = await self._database.fetch(DUE, list(self._scheduled), now)
        for name in [row["name"] for row in due]:
            sites = await self._sites(name)
            if sites is not None:
                await self._begin(name, sites, now)

    async def _sites(self, name: str) -> Sequence[str] | None:
        """Where it begins; None where nobody can tell, which is asked again."""
        schedule: Any = self._models[name].schedule
        if not callable(schedule.sites):
            return schedule.sites
        try:
            sites = await self._asked(name, schedule.sites)
        except Exception:
            log.exception("%s is due, and its sites cannot be told", name)
            return None
        if wrong := [one for one in sites if not is_site(one)]:
            log.error("%s is due, and %r are no sites: it begins in the others", name, wrong[:10])
        return [one for one in sites if is_site(one)]

    async def _asked(self, name: str, function: Any) -> tuple[str, ...]:
        """What the service says, in a call of its own in the default site."""
        call = self._models[name].call(DEFAULT_SITE, DEFAULT_LOCALE, Deadlines(), UUID(trace_id()))
        token = running.set(call)
        try:
            ask: Any = getattr(self._services[name], function.__name__)
            return tuple(dict.fromkeys(await ask()))
        finally:
            running.reset(token)

    async def _begin(self, name: str, sites: Sequence[str], now: datetime) -> None:
        model = self._models[name]
        assert model.schedule is not None
        async with self._database.transaction():
            row = await self._database.fetch_row(TAKE, name, now)
            if row is None:  # another host was faster
                return
            times, following = model.schedule.due(row["next_time"], now)
            most = max(1, self.most // max(1, len(sites)))
            if len(times) > most:
                following = times[most]
            starts = [_start(model, time, site) for time in times[:most] for site in sites]
            for at in range(0, len(starts), START_MAX):
                await self._store.start(starts[at : at + START_MAX])
            await self._database.execute(MOVE, name, following)

    async def next_due(self) -> datetime | None:
        """When the next one is due.

        Raises:
            HanseError: As `Database.fetch`.
        """
        if not self._scheduled:
            return None
        row = await self._database.fetch_row(NEXT, list(self._scheduled))
        return None if row is None else row["next_time"]


def _start(model: WorkflowModel, time: datetime, site: str) -> Start:
    key = f"at {time:%Y-%m-%dT%H:%M}Z"
    body = model.write_input((time,) if model.takes_time else (), {})
    return Start(
        uuid_of(site, model.name, key), site, model.name, model.version, key, DEFAULT_LOCALE, body,
        lane=model.lane(site, body),
    )  # fmt: skip
