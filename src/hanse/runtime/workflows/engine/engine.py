"""Runs the instances of one host: takes what is due, keeps what it runs, gives back the rest."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from contextvars import Context
from typing import TYPE_CHECKING, Any

from hanse.kit.backoff import Backoff
from hanse.kit.chance import RANDOM
from hanse.kit.clock import wait_set
from hanse.kit.fault_points import reached
from hanse.kit.ids import trace_id
from hanse.runtime.call.deadline import Deadlines
from hanse.runtime.errors import HanseError
from hanse.runtime.leases.lease import Lease
from hanse.runtime.workflows.engine.beginning import Beginning
from hanse.runtime.workflows.engine.child import end_child
from hanse.runtime.workflows.engine.hot import Hot
from hanse.runtime.workflows.engine.instance import Instance
from hanse.runtime.workflows.engine.strays import Strays
from hanse.runtime.workflows.engine.tasks import Tasks
from hanse.runtime.workflows.failure import BROKE_OFF
from hanse.runtime.workflows.journal.bounds import unreadable
from hanse.runtime.workflows.journal.doubt import Doubt
from hanse.runtime.workflows.journal.entry import Rest
from hanse.runtime.workflows.journal.served_versions import ServedVersions
from hanse.runtime.workflows.journal.starter import Starter
from hanse.runtime.workflows.journal.store import Store
from hanse.runtime.workflows.journal.writer import Writer
from hanse.runtime.workflows.limits.admission import Admission
from hanse.runtime.workflows.personal.persons import Persons
from hanse.runtime.workflows.retry import OF_THE_MOMENT
from hanse.runtime.workflows.schedules.scheduler import Scheduler
from hanse.runtime.workflows.telemetry.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from hanse.runtime.data.database import Database
    from hanse.runtime.workflows.engine.served import Served

log = logging.getLogger("hanse.workflows")

CLAIM_MAX = 200
FREE_MAX = 1000

LOOK_SECONDS = 1.0
"""Between two looks for what other hosts have left; what this one knows of it does on time."""

LEAST_SECONDS = 0.005
STOP_SECONDS = 2.0


class Engine:
    """Belongs to one host.

    Args:
        database: Where instances are.

    Attributes:
        hot: The instances that are in memory.
        deadlines: Of steps.
        store: What is asked of the tables.
        persons: Whose instances are that have what is personal.
        scheduler: Begins what is due by the clock.
        admission: Lets those go on who stand in line.
        doubt: Whether more is held here than runs.
        writer: Writes what instances do.
        watch: Shows it to people.
        tasks: What is done beside.
        start: Begins an instance that no transaction is around; see `Beginning`.
        lease: By which others know that this host is alive.
        reached: Set when the tables are there.
        looks_only: Whether nothing is done or kept here.
    """

    looks_only = False

    def __init__(self, database: Database) -> None:
        self.database = database
        self.lease = Lease(database, f"workflows {trace_id()}")
        self.watch = Watch(database)
        self.store = Store(database, self.lease.name, self.watch.begun)
        self.persons = Persons(database, self.store)
        self.scheduler = Scheduler(database, self.store)
        self.admission = Admission(database)
        self.deadlines = Deadlines()
        self.tasks = Tasks()
        self.hot = Hot()
        self.doubt = Doubt(self.store, lambda: self.hot.ids)
        self.writer = Writer(self.store, self.doubt.note)
        self._starter = Starter(self.store, self.tasks.begin)
        self.start = Beginning(self, self._starter).start
        self.served: dict[tuple[str, int], Served] = {}
        versions = ServedVersions(database, self.lease.name)
        self._strays = Strays(self.store, versions, self.served, self.persons, self.doubt.note)
        self._taking = asyncio.Lock()
        self._wake = asyncio.Event()
        self._due: datetime | None = None
        self._stopping = False
        self.reached = asyncio.Event()

    def now(self) -> datetime:
        """Business time."""
        return self.database.clock.now()

    def serve(self, served: Served) -> None:
        """Has a version of a workflow run here."""
        self.served[served.model.name, served.model.version] = served
        self.scheduler.serve(served.model, served.service)
        self.admission.serve(served.model)

    @property
    def room(self) -> int:
        """How many more it takes."""
        return 0 if self._stopping or self.doubt.settling else self.hot.room

    def may_hold(self, name: str, version: int) -> bool:
        """Whether an instance that begins may be run here at once."""
        there = (name, version) in self.served and self.room > 0 and self.lease.held
        return there and self.database.share() > 0

    # Its life.

    async def run(self) -> None:
        """Runs what is due, until it is cancelled."""
        await self.reached.wait()
        self.tasks.begin(self.lease.keep())
        await self.lease.until_held()
        await self._strays.note()
        backoff = Backoff()
        while not self._stopping:
            self._wake.clear()
            try:
                await self._take_due()
                seconds = await self._seconds_until_due()
                backoff.reset()
            except HanseError as error:
                if not isinstance(error, OF_THE_MOMENT):
                    log.exception("What is due of workflows cannot be taken")
                self.doubt.note()
                seconds = backoff.next()
            await wait_set(self._wake, seconds)

    async def stop(self) -> None:
        """Gives back what it runs, so that others go on with it at once."""
        self._stopping = True
        for instance in self.hot:
            instance.lose()
        await self.tasks.stop()
        await self.writer.stop()
        await self._starter.stop()
        with suppress(HanseError, TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                await self.store.leave()

    # What is due.

    def wake(self) -> None:
        """Has it look at once."""
        self._wake.set()

    def rested(self, due: datetime | None) -> None:
        """Notes when an instance that left goes on."""
        if due is not None and (self._due is None or due < self._due):
            self._due = due
            self._wake.set()

    async def once(self) -> bool:
        """Runs what is due until it ends or waits; whether there was anything."""
        await self.lease.until_held()
        await self._strays.note()
        await self._strays.once()
        left = self.hot.left
        found = await self._take_due() or len(self.hot) > 0 or self.hot.left > left
        await self.hot.emptied()
        return found

    async def _take_due(self) -> bool:
        async with self._taking:
            await self.doubt.settle()
            await self.scheduler.begin_due()
            await self.admission.admit()
            with self.doubt.where_it_fails():
                found = await self._claim_due()
            await self.doubt.settle()  # others may have room for what has none here
        return found

    async def _claim_due(self) -> bool:
        found, share = False, self.database.share()
        if RANDOM.random() >= share:
            return found  # others have the rest of what is due
        while self.served and self.room > 0 and self.lease.held:
            most = max(1, int(min(CLAIM_MAX, self.room) * share))
            rows = await self.store.claim(tuple(self.served), most)
            await self._take(rows)
            found = found or bool(rows)
            if len(rows) < most or share < 1:
                break
        return found

    def nudge(self, ids: Sequence[UUID]) -> None:
        """Has instances look at what has come from outside, and what is due be taken."""
        for id in ids:
            if (instance := self.hot.get(id)) is not None:
                instance.nudge()
        self._wake.set()

    def here(self, id: UUID, site: str, name: str) -> Instance | None:
        """What is in memory of an instance, if it is of that site and that workflow."""
        instance = self.hot.get(id)
        if instance and (instance.row["site_id"], instance.row["name"]) != (site, name):
            return None
        return instance

    async def _seconds_until_due(self) -> float:
        if await self.store.free(FREE_MAX) or await self._strays.look_now_and_then():
            self._wake.set()
        first = await self.store.next_due(tuple(self.served))
        known = [due for due in (first, await self.scheduler.next_due()) if due is not None]
        self._due = min(known, default=None) if self.room > 0 else None
        await self.watch.look(len(self.hot), first)
        if self._due is None or self.database.share() < 1:
            return LOOK_SECONDS
        return min(LOOK_SECONDS, max(LEAST_SECONDS, (self._due - self.now()).total_seconds()))

    async def _take(self, rows: list[Any]) -> None:
        if rows:
            await reached("workflow.claimed")
        begun = [row["id"] for row in rows if row["epoch"] > 1]
        journals = await self.store.journals(begun, self.hot.bytes_left)
        signalled = [row["id"] for row in rows if row["signals"]]
        signals = await self.store.signals(signalled, self.hot.bytes_left)
        for row in rows:
            id = row["id"]
            shares = (journals.share(id), signals.share(id))
            if any(one.too_large for one in shares):
                self.take(row, [], [], unreadable(max(one.bytes for one in shares)))
            elif all(one.read for one in shares):
                self.take(row, journals.of(id), signals.of(id))
            else:
                self.doubt.note()
                self.hot.fill()

    def take(
        self,
        row: Any,
        entries: Sequence[Any],
        signals: Sequence[Any],
        trouble: HanseError | None = None,
    ) -> None:
        """Runs an instance that this host holds, or has it be held where there is trouble."""
        served = self.served[row["name"], row["version"]]
        instance = Instance(self, served, row, entries, signals)
        instance.trouble = trouble
        self.hot.add(instance)
        loop = asyncio.get_running_loop()
        instance.task = asyncio.Task(self._live(instance), loop=loop, context=Context())

    async def _live(self, instance: Instance) -> None:
        try:
            await instance.live()
        except Exception:
            log.exception("%s %s broke off", instance.served.model.name, instance.id)
            self.doubt.note()
            if not instance.left.is_set():
                await instance.end(Rest("held", output=BROKE_OFF))
            self.drop(instance)

    # What instances tell.

    async def end(self, instance: Instance, rest: Rest) -> None:
        """Writes how an instance ended, and forgets it."""
        if instance.row["parent"] is None or rest.state == "held":
            await instance.end(rest)
        else:
            await end_child(instance, rest)
        instance.code = "" if rest.state == "done" else rest.state
        self.watch.ended(instance.served.model.name, rest.state)
        self.drop(instance)

    def drop(self, instance: Instance) -> None:
        """Forgets an instance, and ends what runs of it."""
        instance.over = True
        for task in (instance.task, *(instance.call.children or ())):
            if task is not None and not task.done() and task is not asyncio.current_task():
                task.cancel()
        full = not self.room
        if self.hot.remove(instance):
            if full or instance.served.model.limit is not None:
                self._wake.set()
            told = (instance.call, instance.code, instance.row["link"])
            self.watch.ran(instance.served.model, *told)
            instance.left.set()
