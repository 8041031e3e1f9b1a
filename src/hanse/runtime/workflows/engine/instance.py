"""One instance in the memory of its host: what its journal has, and what is added to it."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from hanse.runtime.call.context import running
from hanse.runtime.errors import FailedPrecondition, HanseError, ResourceExhausted
from hanse.runtime.workflows.engine.patience import patiently
from hanse.runtime.workflows.engine.waits import Waits
from hanse.runtime.workflows.failure import (
    BRANCHES,
    CANCELED,
    CANCELED_BECAUSE,
    Halted,
    NonDeterminism,
    WorkflowCanceled,
    written,
)
from hanse.runtime.workflows.journal.entry import Entry, Rest, Taken, Write

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from hanse.runtime.data.record import Record
    from hanse.runtime.workflows.engine.engine import Engine
    from hanse.runtime.workflows.engine.served import Served
    from hanse.runtime.workflows.journal.entry import Kind
    from hanse.runtime.workflows.journal.store import Signal

log = logging.getLogger("hanse.workflows")

decode_taken = msgspec.json.Decoder(Taken | None).decode

PLACES_MAX = 10_000
"""Entries of one journal."""


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
        ended: How it ended, once that is written; it has left the memory then.
        undoing: It takes back, and cannot be canceled any more.
    """

    def __init__(
        self, engine: Engine, served: Served, row: Any, entries: list[Entry], signals: list[Signal]
    ) -> None:
        self.engine = engine
        self.served = served
        self.row = row
        self.id, self.epoch = row["id"], row["epoch"]
        self.journal = {entry.place: entry for entry in entries}
        self.signals = signals
        self.canceling: bool = row["canceling"]
        self.undos: dict[int, tuple[Callable[..., Any], Any]] = {}
        self._branches = set[Any]()
        self.undoing = False
        self.call = served.model.call(row["site_id"], row["locale"], engine.deadlines, str(self.id))
        self.trouble: HanseError | None = None
        self.over = False
        self._place = 0
        self._seen: int = row["signals"]
        self.waits = Waits(engine.now, self._has_branches, self._leave)
        self._write: Write | None = None
        self._kept: asyncio.Future[None] | None = None
        self._taken: set[int] | None = None
        self.task: asyncio.Task[None] | None = None
        self.left = asyncio.Event()
        self.ended: Rest | None = None

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
        if place >= PLACES_MAX:
            self.hold(ResourceExhausted(f"It has {PLACES_MAX} entries, which is the most."))
        if entry is not None and (entry.kind, entry.name) != (kind, name):
            self.differs(place, entry, f"{kind} {name}".rstrip())
        if entry is None and self.canceled:
            self.keep(self.entry(place, kind, name, CANCELED, failed=True))
            raise WorkflowCanceled(CANCELED_BECAUSE)
        return place, entry

    def differs(self, place: int, entry: Entry, found: str) -> None:
        """Holds it: it does not do again what it did.

        Raises:
            Halted: Always.
        """
        expected = f"{entry.kind} {entry.name}".rstrip()
        self.hold(
            NonDeterminism(
                f"Entry {place} of its journal is {expected}, and the code asks for {found}. Put "
                "the sequence of steps back, or write the new one as another version.",
                place=place,
                expected=expected,
                found=found,
            )
        )

    def hold(self, trouble: HanseError) -> None:
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
        self.journal[entry.place] = entry
        self._writing().entries.append(entry)

    async def durable(self) -> None:
        """Waits until all that it did is written.

        Raises:
            Halted: It is not held here any more.
        """
        if self.over:
            raise Halted
        if self._write is not None:
            if self._kept is None:
                self._kept = asyncio.get_running_loop().create_future()
            await asyncio.shield(self._kept)

    async def end(self, rest: Rest) -> None:
        """Writes how it ended, with what is not written yet."""
        self._writing().rest = rest
        if self._kept is None:
            self._kept = asyncio.get_running_loop().create_future()
        await asyncio.shield(self._kept)
        self.ended = rest

    def _writing(self) -> Write:
        if self._write is None or self._write.taken:
            self._write = Write(self.id, self.epoch, self._done)
            self.engine.writer.put(self._write)
        return self._write

    def _done(self, write: Write, row: Record | None) -> None:
        if row is None:
            self.lose()
            return
        self.canceling = self.canceling or row["canceling"]
        if write is self._write:
            self._write = None
            if self._kept is not None and not self._kept.done():
                self._kept.set_result(None)
            self._kept = None
        if write.rest is not None and write.rest.state == "open":
            self._rested(write.rest, moved=row["moved"])

    def lose(self) -> None:
        """Ends at once what may not go on here."""
        self.over = True
        self.waits.close()
        if self._kept is not None and not self._kept.done():
            self._kept.cancel()
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
        write = self._writing()
        write.entries += [one for one in entries if one != self.journal.get(one.place)]
        write.rest = Rest("open", wake, seen=self._seen)

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
        """The first signal of a name that it has not taken yet."""
        if self._taken is None:
            done = (one for one in self.journal.values() if one.kind == "signal" and not one.failed)
            read = (decode_taken(one.value) for one in done if one.failed is not None)
            self._taken = {one.number for one in read if one is not None}
        for number, called, value in self.signals:
            if called == name and number not in self._taken:
                self._taken.add(number)
                return Taken(number, msgspec.Raw(value))
        return None

    async def look(self) -> None:
        """Goes on with what has come from outside."""
        store = self.engine.store
        row = await patiently(partial(store.standing, self.id, self.epoch))
        if row is None:
            self.lose()
            return
        found = await patiently(partial(store.signals, [self.id]))
        self.signals, self._seen = found[self.id], row["signals"]
        self.canceling = self.canceling or row["canceling"]
        self.waits.go_on()

    # Its life.

    async def live(self) -> None:
        """Runs its code and writes how that ended."""
        running.set(self.call)
        try:
            rest = await self.served.outcome(self)
        except Halted:
            if self.trouble is None:
                return
            log.warning("%s %s is held: %s", self.served.model.name, self.id, self.trouble)
            rest = Rest("held", output=written(self.trouble))
        await self.engine.end(self, rest)
