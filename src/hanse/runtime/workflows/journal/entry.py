"""One entry of a journal, and what is written of an instance in one go."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from hanse.runtime.workflows.failure import BROKE_OFF, ERASED, WorkflowErased, written

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from hanse.runtime.data.record import Record
    from hanse.runtime.errors import HanseError

Kind = Literal["step", "transaction", "sleep", "signal", "child", "undo"]
State = Literal["open", "held", "done", "failed", "canceled"]


class Entry(msgspec.Struct, frozen=True):
    """What became of one thing that a workflow asked for.

    Attributes:
        place: Which one it is, from 0.
        kind: What was asked for.
        name: Of the step, the signal, the child.
        failed: Whether it ended with an error; None as long as it has not ended.
        attempt: How often it was tried.
        value: What it gave, or the error; JSON.
        time: When it ended; of what has not, when it goes on.
    """

    place: int
    kind: Kind
    name: str
    failed: bool | None
    attempt: int
    value: bytes
    time: datetime


class Rest(msgspec.Struct, frozen=True):
    """How an instance leaves the memory of its host.

    Attributes:
        state: What it is then.
        wake: When it goes on; None if it is over, or only a signal wakes it.
        output: What it gave, or why it failed or is held; JSON.
        seen: How many signals it has seen: if there are more it does not leave. None: it does.
        time: When it ended; None where it has not.
    """

    state: State
    wake: datetime | None = None
    output: bytes | None = None
    seen: int | None = None
    time: datetime | None = None


class Write(msgspec.Struct, eq=False):
    """What is written of one instance, together.

    Attributes:
        id: Of the instance.
        epoch: Under which it is held here: it is not written if that is over.
        done: Told what became of it: the row of the instance, or None where it is held no more.
        entries: New ones, and such that have ended.
        rest: What becomes of the instance then.
        taken: It is on its way, and nothing can be added.
        taken_signals: Numbers of signals that its entries have; they wait no more.
    """

    id: UUID
    epoch: int
    done: Callable[[Write, Record | None], None]
    entries: list[Entry] = msgspec.field(default_factory=list[Entry])
    rest: Rest | None = None
    taken: bool = False
    taken_signals: list[int] = msgspec.field(default_factory=list[int])


class Start(msgspec.Struct, eq=False):
    """An instance that is to begin.

    Attributes:
        id: Its own.
        site: The tenant.
        name: Of the workflow.
        version: Of that.
        key: As its starter calls it; empty where that is the id.
        locale: Of who asked for it.
        input: Its arguments, JSON.
        held: Its host may run it at once.
        parent: Whose child it is.
        parent_place: And of which entry.
        lane: The line it stands in; None where its workflow has no limit.
        link: The step that begins it, as W3C `traceparent`; empty where nobody does.
        done: Told the epoch it is held under: 0 if nobody holds it, -1 if it was there before.
        model: Its workflow, where that is of a person: what is personal in `input` is to be sealed.
    """

    id: UUID
    site: str
    name: str
    version: int
    key: str
    locale: str
    input: bytes
    held: bool = False
    parent: UUID | None = None
    parent_place: int | None = None
    lane: str | None = None
    link: str = ""
    done: Any = None
    model: Any = None


class Taken(msgspec.Struct, frozen=True):
    """A signal that an instance has taken, as its journal has it.

    Attributes:
        number: Which one.
        value: What came along.
    """

    number: int
    value: msgspec.Raw


class Ended(msgspec.Struct, frozen=True):
    """How a child ended, as its parent is told.

    Attributes:
        failed: Whether with an error.
        value: What it gave, or the error.
    """

    failed: bool
    value: msgspec.Raw


ENDED_ERASED = msgspec.json.encode(Ended(failed=True, value=msgspec.Raw(ERASED)))
"""How a parent is told of a child that went with its person."""


def entry_of(row: Record) -> Entry:
    """An entry as it was read."""
    return Entry(
        row["place"], row["kind"], row["name"], row["failed"], row["attempt"], row["value"],
        row["time"],
    )  # fmt: skip


def row_of(start: Start, epoch: int) -> dict[str, Any]:
    """An instance that has just begun, as if it were claimed."""
    return {
        "id": start.id, "site_id": start.site, "name": start.name, "version": start.version,
        "key": start.key, "locale": start.locale, "input": start.input, "epoch": epoch,
        "signals": 0, "canceling": False, "parent": start.parent,
        "parent_place": start.parent_place, "link": start.link,
    }  # fmt: skip


def stopped_by(trouble: HanseError, now: datetime) -> Rest:
    """How an instance leaves that may not go on: it waits for people, or went with its person."""
    if isinstance(trouble, WorkflowErased):
        return Rest("canceled", output=ERASED, time=now)
    return Rest("held", output=written(trouble))


def held_instead(write: Write) -> Write:
    """What is written where the database refuses a write: the instance waits for people."""
    rest = Rest("held", output=BROKE_OFF)
    return Write(write.id, write.epoch, lambda _, __: write.done(write, None), rest=rest)


def unstarted(start: Start, error: HanseError) -> None:
    """Tells who wanted it begun why it is not."""
    start.done(start, error)
