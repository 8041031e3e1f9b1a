"""Runs the code of a workflow over a journal that was recorded, and nothing of what it asks for."""

from __future__ import annotations

import asyncio
from contextvars import Context
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from hanse.kit.clock import ManualClock
from hanse.runtime.call.context import running
from hanse.runtime.call.deadline import Deadlines
from hanse.runtime.data.personal.sealed_text import LOOKS_SEALED
from hanse.runtime.errors import FailedPrecondition, InvalidArgument
from hanse.runtime.workflows.engine.instance import Instance
from hanse.runtime.workflows.failure import Halted, WorkflowErased
from hanse.runtime.workflows.journal.entry import Entry, Kind
from hanse.runtime.workflows.personal.values import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hanse.runtime.workflows.engine.served import Served
    from hanse.runtime.workflows.personal.persons import Persons


class RecordedEntry(msgspec.Struct, frozen=True):
    """An entry as it is recorded; see `Entry`."""

    place: int
    kind: Kind
    name: str
    failed: bool | None
    attempt: int
    value: msgspec.Raw
    time: datetime


class Recording(msgspec.Struct, frozen=True):
    """What an instance was given and what it did, as `hanse workflows journal ID --json` has it.

    Attributes:
        id: Of the instance.
        workflow: `shop.v1.Checkout/Place`.
        version: Of that.
        input: Its arguments.
        entries: In order.
    """

    id: UUID
    workflow: str
    version: int
    input: msgspec.Raw
    entries: tuple[RecordedEntry, ...]


class Replayed(Instance):
    """Stops where its journal does."""

    def next(self, kind: Kind, name: str) -> tuple[int, Entry | None]:
        """As in an instance that goes on.

        Raises:
            Halted: The journal has no more, or something else.
        """
        place, entry = super().next(kind, name)
        if entry is None or entry.failed is None:
            self.over = True
            raise Halted
        return place, entry

    @property
    def asked(self) -> int:
        """How many entries its code has asked for."""
        return self._place - self.over

    async def replay(self) -> None:
        """Runs its code until that, or its journal, ends."""
        running.set(self.call)
        self.task = asyncio.current_task()
        try:
            await self.served.outcome(self)
        except Halted:
            return
        finally:
            for child in self.call.children or ():
                child.cancel()


class NoEngine:
    """Has the time that a recording ended at, and does nothing."""

    looks_only = True

    def __init__(self, now: Callable[[], datetime], persons: Persons | None) -> None:
        self.now = now
        self.persons = persons
        self.deadlines = Deadlines()


async def replay(served: Served, recording: Recording) -> int:
    """Runs the code over a recording; how many of its entries it asked for.

    Raises:
        NonDeterminism: It asks for something else.
        HanseError: It would be held for another reason.
    """
    entries = [_entry(one) for one in recording.entries]
    row = {
        "id": recording.id, "site_id": "default", "locale": "en", "epoch": 0, "signals": 0,
        "canceling": False, "key": "", "input": bytes(recording.input), "parent": None,
        "parent_place": None, "link": "",
    }  # fmt: skip
    return (await _replayed(served, row, entries)).asked


async def check_fits(
    served: Served, row: Mapping[str, Any], entries: Sequence[Entry], persons: Persons
) -> None:
    """Refuses an instance of another version that this code cannot go on with.

    Raises:
        InvalidArgument: Its arguments are none of it.
        FailedPrecondition: The code fails over what it did.
        HanseError: As `replay`.
    """
    if not served.model.person:
        _check_clear(served, row["input"], entries)
    try:
        instance = await _replayed(served, {**row, "canceling": False}, entries, persons)
    except WorkflowErased:
        return  # any code ends it
    if instance.undoing and not any(one.failed or one.kind == "undo" for one in entries):
        raise FailedPrecondition("The code fails with what steps gave.")


def _check_clear(served: Served, given: bytes, entries: Sequence[Entry]) -> None:
    if any(LOOKS_SEALED.search(one) for one in (given, *(entry.value for entry in entries))):
        raise FailedPrecondition("Something of it is sealed, and this code knows of no person.")
    try:
        served.model.method.read_arguments(given)
    except msgspec.MsgspecError as error:
        raise InvalidArgument(f"Its arguments are others: {error}.") from None


async def _replayed(
    served: Served, row: Any, entries: Sequence[Entry], persons: Persons | None = None
) -> Replayed:
    last = max((one.time for one in entries), default=datetime(2000, 1, 1, tzinfo=UTC))
    engine: Any = NoEngine(ManualClock(last).now, persons)
    instance = Replayed(engine, served, row, entries, [])
    loop = asyncio.get_running_loop()
    await asyncio.Task(instance.replay(), loop=loop, context=Context())
    if instance.trouble is not None:
        raise instance.trouble
    return instance


def recorded(entry: Entry) -> RecordedEntry:
    """An entry as it is recorded; of what is sealed only that it is."""
    return RecordedEntry(
        entry.place, entry.kind, entry.name, entry.failed, entry.attempt,
        msgspec.Raw(shown(entry.value)), entry.time,
    )  # fmt: skip


def _entry(one: RecordedEntry) -> Entry:
    return Entry(one.place, one.kind, one.name, one.failed, one.attempt, bytes(one.value), one.time)
