"""The committed form of events, so that no release emits what another cannot read.

Readers and writers of several releases run at once, and a stream holds events of long ago. So a
field stays what it was: it is not taken away, and is of the same type and bounds. New ones have a
default. Whatever else has to change is another event, or one of the next version.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from hanse.runtime.contract.description import (
    AnyOf,
    EventDescription,
    FieldDescription,
    Many,
    Ref,
    Row,
    Shape,
    Table,
    TypeDescription,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

FILE = "events.lock.json"
REMEDY = f"Run `hanse contracts lock` and commit {FILE}."
_NEW = "keep it, and tell what is new in a field beside it, or in an event of another name"


class EventLockError(ValueError):
    """The lock cannot be read, or an event differs from it in a way that somebody cannot read.

    Attributes:
        problems: One sentence each: where, what, and the remedy.
    """

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def read_event_lock(text: bytes) -> dict[str, EventDescription]:
    """The lock from the text of its file, by full names.

    Raises:
        EventLockError: It is none.
    """
    try:
        return msgspec.json.decode(text, type=dict[str, EventDescription])
    except msgspec.MsgspecError as error:
        raise EventLockError(f"{FILE} cannot be read: {error}. Restore it from git.") from None


def write_event_lock(lock: dict[str, EventDescription]) -> str:
    """The text of the lock's file: sorted, one fact a line, so that it merges well."""
    text = msgspec.json.encode({name: lock[name] for name in sorted(lock)})
    return msgspec.json.format(text, indent=2).decode() + "\n"


def update_event_lock(
    lock: dict[str, EventDescription], events: Iterable[EventDescription]
) -> dict[str, EventDescription]:
    """The lock with everything the events have now; one that is gone stays, should it come back.

    Raises:
        EventLockError: An event changed in a way that another release could not read.
    """
    now = {one.full_name: _without_words(one) for one in events}
    problems = [
        problem
        for name, event in now.items()
        if name in lock
        for problem in _Comparison(lock[name], event).problems()
    ]
    if problems:
        raise EventLockError(*problems)
    return lock | now


class _Comparison:
    """What is wrong with an event, compared with what it was."""

    def __init__(self, before: EventDescription, now: EventDescription) -> None:
        self._before, self._now = before, now
        self._types = [{one.name: one for one in event.types} for event in (before, now)]
        self._seen: set[tuple[str, str]] = set()

    def problems(self) -> Iterator[str]:
        name, before, now = self._now.full_name, self._before, self._now
        yield from self._fields(name, before.fields, now.fields)
        if before.key != now.key:
            what = (
                f"is ordered by {now.key or 'its site'!r} and was by {before.key or 'its site'!r}"
            )
            yield f"{name}: {what} → {_NEW}"
        otherwise = {path for path, _ in set(before.personal) ^ set(now.personal)}
        for path in sorted(otherwise):
            if self._was(path):
                yield f"{name}.{path}: is not sealed as it was, for the same person → {_NEW}"

    def _was(self, path: str) -> bool:
        """Whether there was a value at a path."""
        fields = self._before.fields
        for name in path.split("."):
            field = next((one for one in fields if one.name == name), None)
            if field is None:
                return False
            fields = [
                inner
                for shape in (getattr(field.shape, "options", None) or (field.shape,))
                if isinstance(shape, Ref)
                for inner in self._types[0][shape.name].fields
            ]
        return True

    def _fields(
        self, where: str, before: Sequence[FieldDescription], now: Sequence[FieldDescription]
    ) -> Iterator[str]:
        there = {field.name: field for field in now}
        for field in before:
            found = there.pop(field.name, None)
            if found is None:
                yield f"{where}.{field.name}: is taken away, and others read it → keep it"
                continue
            yield from self._shape(f"{where}.{field.name}", field.shape, found.shape)
            if found.required and not field.required:
                yield f"{where}.{field.name}: has no default any more → give it one, as older have"
        for field in there.values():
            if field.required:
                yield f"{where}.{field.name}: is new and has no default → give it one"

    def _shape(self, where: str, before: Shape, now: Shape) -> Iterator[str]:
        match before, now:
            case Ref(), Ref():
                yield from self._struct(where, before.name, now.name)
            case Many(), Many() if replace(before, item=now.item) == now:
                yield from self._shape(f"{where}[]", before.item, now.item)
            case Table(), Table():
                yield from self._shape(f"{where}{{}}", before.value, now.value)
            case AnyOf(), AnyOf() if len(before.options) == len(now.options):
                yield from self._shapes(where, before.options, now.options)
            case Row(), Row() if len(before.items) == len(now.items):
                yield from self._shapes(where, before.items, now.items)
            case _ if before != now:
                yield f"{where}: is of another type, or has other bounds → {_NEW}"
            case _:
                pass

    def _shapes(self, where: str, before: Sequence[Shape], now: Sequence[Shape]) -> Iterator[str]:
        for one, other in zip(before, now, strict=True):
            yield from self._shape(where, one, other)

    def _struct(self, where: str, before: str, now: str) -> Iterator[str]:
        if (before, now) in self._seen:
            return
        self._seen.add((before, now))
        one, other = self._types[0][before], self._types[1][now]
        if (one.tag_field, one.tag) != (other.tag_field, other.tag):
            yield f"{where}: is told from others in another way → {_NEW}"
        yield from self._fields(where, one.fields, other.fields)


def _without_words(event: EventDescription) -> EventDescription:
    """An event without what only people read."""
    return replace(
        event,
        doc="",
        fields=_plain(event.fields),
        types=tuple(
            TypeDescription(one.name, _plain(one.fields), "", one.tag_field, one.tag)
            for one in event.types
        ),
    )


def _plain(fields: Iterable[FieldDescription]) -> tuple[FieldDescription, ...]:
    return tuple(replace(one, doc="") for one in fields)
