"""One instance in the memory of its host: what its journal has, and what is added to it."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from hanse.runtime.call.context import running
from hanse.runtime.errors import FailedPrecondition, HanseError
from hanse.runtime.workflows.engine.kept import Kept
from hanse.runtime.workflows.engine.patience import patiently
from hanse.runtime.workflows.engine.pending import Pending
from hanse.runtime.workflows.engine.unread import Unread
from hanse.runtime.workflows.engine.waits import Waits
from hanse.runtime.workflows.failure import (
    BRANCHES,
    CANCELED,
    CANCELED_BECAUSE,
    Halted,
    WorkflowCanceled,
    difference,
)
from hanse.runtime.workflows.journal.bounds import unreadable
from hanse.runtime.workflows.journal.entry import Entry, Rest, stopped_by
from hanse.runtime.workflows.personal.instance_seals import InstanceSeals

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from hanse.runtime.data.record import Record
    from hanse.runtime.workflows.engine.engine import Engine
    from hanse.runtime.workflows.engine.served import Served
    from hanse.runtime.workflows.journal.entry import Kind, Taken, Write
    from hanse.runtime.workflows.journal.read import Signal

log = logging.getLogger("hanse.workflows")


class Instance:
    """Runs the code of one instance from its beginning, and rests when that only waits.

    Args:
        engine: Of its host.
        served: Its workflow, and who serves it.
        row: As it was claimed.
        entries: What it did before.
        signals: What was sent to it.

    Attributes:
        undos: What takes back what it did, by the places of that.
        size: Bytes that it keeps in memory: its arguments, its journal and its signals.
        trouble: Why it is to be held.
        code: How this run of it ended, to people who look; empty if it went well.
        ended: How it ended, once that is written; it has left the memory then.
        seals: What it has of keys; None where it is of nobody.
        undoing: It takes back, and cannot be canceled any more.
    """

    def __init__(
        self,
        engine: Engine,
        served: Served,
        row: Any,
        entries: Sequence[Entry],
        signals: Sequence[Signal],
    ) -> None:
        self.engine = engine
        self.served = served
        self.row = row
        self.id, self.epoch = row["id"], row["epoch"]
        self.journal = Kept(entries)
        self.canceling: bool = row["canceling"]
        self.undos: dict[int, tuple[Callable[..., Any], Any]] = {}
        self._branches = set[Any]()
        self.undoing = False
        told = (row["site_id"], row["locale"], engine.deadlines, self.id, row["link"])
        self.call = served.model.call(*told)
        self.trouble: HanseError | None = None
        self.code = ""
        self.over = False
        self._place = 0
        self.waits = Waits(engine.now, self._has_branches, self._leave)
        self._pending = Pending(self.id, self.epoch, engine, self._told)
        self._unread = Unread(signals, row["signals"], entries)
        self.size = len(row["input"]) + self.journal.bytes + sum(len(one[2]) for one in signals)
        self.task: asyncio.Task[None] | None = None
        self.left = asyncio.Event()
        self.ended: Rest | None = None
        model = served.model
        self.seals = InstanceSeals(model, row, engine.persons) if model.person else None

    # What its code asks for, in order.

    def next(self, kind: Kind, name: str) -> tuple[int, Entry | None]:
        """The place of what is asked for now, and what the journal has there.

        Raises:
            Halted: It may not go on here, or not do this.
            HanseError: It is to end instead: it was canceled.
        """
        if self.over:
            raise Halted
        if self.call.children:
            self._check_branch()
        place, entry = self._place, self.journal.get(self._place)
        self._place += 1
        if entry is not None and (entry.kind, entry.name) != (kind, name):
            self.differs(place, entry, f"{kind} {name}".rstrip())
        if entry is None and self.canceled and kind != "child":  # which may have begun unheard
            self.keep(self.entry(place, kind, name, CANCELED, failed=True))
            raise WorkflowCanceled(CANCELED_BECAUSE)
        grows = entry is None and not (self.undoing or self.canceling)
        if grows and (problem := self.journal.problem(place)):
            self.hold(problem)
        return place, entry

    def differs(self, place: int, entry: Entry, found: str) -> NoReturn:
        """Holds it: it does not do again what it did.

        Raises:
            Halted: Always.
        """
        self.hold(difference(place, f"{entry.kind} {entry.name}".rstrip(), found))

    def hold(self, trouble: HanseError) -> NoReturn:
        """Has it wait for people.

        Raises:
            Halted: Always.
        """
        self.trouble, self.over = trouble, True
        raise Halted

    def check_whole(self, *, failed: bool) -> None:
        """Holds it if it has ended before its journal does.

        Args:
            failed: It ended with an error, so that what it did is undone.

        Raises:
            Halted: So it is.
        """
        entry = self.journal.get(self._place)
        if entry is not None and not (failed and entry.kind == "undo"):
            self.differs(self._place, entry, "nothing more")

    def _check_branch(self) -> None:
        task = asyncio.current_task()
        if task is self.task:
            return
        if task in self._branches:
            self.hold(FailedPrecondition(BRANCHES))
        self._branches.add(task)

    @property
    def canceled(self) -> bool:
        """Whether it is to end at what it asks for next."""
        return self.canceling and not self.undoing

    def entry(
        self, place: int, kind: Kind, name: str, value: bytes, *, failed: bool, attempt: int = 1
    ) -> Entry:
        """An entry of what ends now."""
        return Entry(place, kind, name, failed, attempt, value, self.engine.now())

    # What is written of it.

    def keep(self, entry: Entry) -> None:
        """Has an entry written with the next batch."""
        self.note(entry)
        self._pending.add(entry)

    def note(self, entry: Entry) -> None:
        """Adds an entry that is written, or will be."""
        self.journal.add(entry)
        self.engine.hot.grow(self, len(entry.value))

    async def durable(self) -> None:
        """Waits until all that it did is written.

        Raises:
            Halted: It is not held here any more.
        """
        if self.over:
            raise Halted
        await self._pending.durable()

    async def finish(self) -> None:
        """Has nothing of it go on, and waits until all that it did is written."""
        self.over = True
        self.waits.close()
        await self._pending.durable()

    async def end(self, rest: Rest) -> None:
        """Writes how it ended, with what is not written yet."""
        self._pending.write.rest = rest
        await self.finish()
        self.ended = rest

    def _told(self, write: Write, row: Record | None) -> None:
        if row is None:
            self.lose()
            return
        self.canceling = self.canceling or row["canceling"]
        if write.rest is not None and write.rest.state == "open":
            self._rested(write.rest, moved=row["moved"])

    def lose(self) -> None:
        """Ends at once what may not go on here."""
        self.over = True
        self.waits.close()
        self._pending.close()
        self.engine.drop(self)

    # Where it only waits.

    async def until(self, due: datetime | None, entry: Entry) -> None:
        """Waits until then, or until something has come from outside; it may have neither.

        Args:
            due: When it goes on by itself; None if never.
            entry: What is written of this if it rests meanwhile.

        Raises:
            Halted: It may not go on here.
        """
        if self.over:
            raise Halted
        await self.waits.until(due, entry)
        if self.over:
            raise Halted

    def _has_branches(self) -> bool:
        return any(not child.done() for child in self.call.children or ())

    def _leave(self, wake: datetime | None, entries: list[Entry]) -> None:
        self._pending.add(*(one for one in entries if one != self.journal.get(one.place)))
        self._pending.write.rest = Rest("open", wake, seen=self._unread.seen)

    def _rested(self, rest: Rest, *, moved: bool) -> None:
        if moved:
            self.lose()
            self.engine.rested(rest.wake)
        else:
            self.engine.tasks.begin(self.look())

    def nudge(self) -> None:
        """Has it look at what has come from outside, if it waits."""
        if self.waits.only:
            self.engine.tasks.begin(self.look())

    def take_signal(self, name: str) -> Taken | None:
        """The first signal of a name that it has not taken yet.

        An entry that has it must be kept before anything else is awaited: both are one write.
        """
        found = self._unread.take(name)
        if found is not None:
            self._pending.write.taken_signals.append(found.number)
        return found

    async def look(self) -> None:
        """Goes on with what has come from outside."""
        store = self.engine.store
        row = await patiently(partial(store.standing, self.id, self.epoch))
        found = await patiently(partial(store.signals, [self.id]))
        if self.over:
            return  # it has ended meanwhile, and that is on its way
        if row is None:
            self.lose()
            return
        self._unread.renew(found.of(self.id), row["signals"])
        if found.share(self.id).too_large:
            self.trouble, self.over = unreadable(found.share(self.id).bytes), True
        self.canceling = self.canceling or row["canceling"]
        self._pending.stay()
        self.waits.go_on()

    # Its life.

    async def live(self) -> None:
        """Runs its code and writes how that ended."""
        running.set(self.call)
        rest = await self._outcome()
        if self.trouble is not None:
            rest = stopped_by(self.trouble, self.engine.now())
            if rest.state == "held":
                log.warning("%s %s is held: %s", self.served.model.name, self.id, self.trouble)
        if rest is not None:
            await self.engine.end(self, rest)

    async def _outcome(self) -> Rest | None:
        """How its code ended; None if it did not, or may not run."""
        with suppress(Halted):
            return await self.served.outcome(self) if self.trouble is None else None
        return None
