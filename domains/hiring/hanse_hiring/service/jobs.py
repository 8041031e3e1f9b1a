"""Jobs as staff keep them: whatever changes their status, the dates follow, and others are told."""

from __future__ import annotations

from typing import Any

import msgspec

from hanse import (
    Changes,
    Clock,
    Collection,
    Database,
    Events,
    Failure,
    HanseError,
    InvalidArgument,
    Outcome,
    Outcomes,
    Resource,
    permission,
)
from hanse_hiring.api import IllegalStatus, Job, JobStatus
from hanse_hiring.rules.status import changed, dated
from hanse_hiring.rules.telling import told


class Jobs(
    Resource[Job],
    read=permission("hiring.jobs.read"),
    write=permission("hiring.jobs.write"),
    errors=(IllegalStatus,),
):
    """Positions, drafts and closed ones too."""

    def __init__(
        self, items: Collection[Job], clock: Clock, database: Database, events: Events
    ) -> None:
        super().__init__(items)
        self._clock = clock
        self._database = database
        self._events = events

    async def create(self, item: Job) -> Job:
        """Stores a new job; it may be open at once."""
        async with self._database.transaction():
            return await self._told("draft", await super().create(dated(item, self._clock.now())))

    async def bulk_create(self, items: tuple[Job, ...]) -> Outcomes[Job]:
        """Stores many new ones, each by itself: what is wrong with one leaves the others alone."""
        now = self._clock.now()
        async with self._database.transaction():
            made = await super().bulk_create(tuple(dated(item, now) for item in items))
            facts = (told("draft", one.item) for one in made.results if one.item)
            await self._events.emit_many([fact for fact in facts if fact])
        return made

    async def replace(
        self,
        id: str,  # noqa: A002  as on the wire
        item: Job,
        *,
        revision: int = 0,
    ) -> Job:
        """Changes all fields of a job; with a `revision` only if nobody wrote meanwhile."""
        before = await self.items.get(id)
        dates = changed(before, item.status, self._clock.now())
        known = {name: date for name, date in dates.items() if not getattr(item, name)}
        item = msgspec.structs.replace(item, **known)
        revision = revision or item.revision or before.revision
        async with self._database.transaction():
            done = await super().replace(id, item, revision=revision)
            return await self._told(before.status, done)

    async def update(
        self,
        id: str,  # noqa: A002  as on the wire
        item: Changes[Job],
        *,
        update_mask: tuple[str, ...] = (),
        revision: int = 0,
    ) -> Job:
        """Changes some fields of a job; the rest stays as it is.

        What `update_mask` names and `item` lacks goes back to its default; without a mask all that
        is given counts. With a `revision` it fails if somebody else wrote meanwhile.
        """
        changes = msgspec.to_builtins(item)
        revision = revision or changes.get("revision", 0)
        if "status" not in (update_mask or changes):
            return await self.items.update(id, changes, mask=update_mask, revision=revision)
        before = await self.items.get(id)
        dates = changed(before, changes.get("status", "draft"), self._clock.now())
        changes = {**dates, **changes}
        update_mask = update_mask and (*update_mask, *dates)
        revision = revision or before.revision
        async with self._database.transaction():
            done = await self.items.update(id, changes, mask=update_mask, revision=revision)
            return await self._told(before.status, done)

    async def bulk_update(self, items: tuple[Changes[Job], ...]) -> Outcomes[Job]:
        """Changes some fields of many, each with its `id` and by itself."""
        return Outcomes(tuple([await self._updated(item) for item in items]))

    async def _told(self, before: JobStatus, job: Job) -> Job:
        """A job, of which others are told if its status began or ended something."""
        fact = told(before, job)
        if fact is not None:
            await self._events.emit(fact)
        return job

    async def _updated(self, item: Any) -> Outcome[Job]:
        try:
            return Outcome(item=await self.update(item.id or "", item))
        except HanseError as error:
            if error.log:
                raise
            violations = error.violations if isinstance(error, InvalidArgument) else ()
            return Outcome(error=Failure(error.code, str(error), violations))
