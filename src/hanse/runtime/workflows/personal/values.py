"""Seals and opens one value of a workflow, where keys are at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from hanse.runtime.data.personal.keys_opened import keys_opened
from hanse.runtime.data.personal.members import (
    Gone,
    encode_members,
    erased,
    read_members,
    turned,
    value_at,
    values_in,
)
from hanse.runtime.data.personal.sealed_text import (
    LOOKS_SEALED,
    Place,
    read_sealed,
    says_nothing,
    text_in,
    write_sealed,
)
from hanse.runtime.errors import FailedPrecondition
from hanse.runtime.workflows.personal.declared import VALUE

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from uuid import UUID

    from hanse.runtime.data.entity.personal import PersonalLeaf
    from hanse.runtime.data.personal.members import Members
    from hanse.runtime.data.personal.subject_key import SubjectKey
    from hanse.runtime.data.query.fields import Path
    from hanse.runtime.workflows.personal.declared import Sealed

TABLE = "hanse.workflow"
"""What all values are bound to, beside the instance that they are of."""

SHOWN = b'"(sealed)"'
"""What stands for a sealed value where it is shown or recorded."""

INPUT, OUTPUT = "input", "output"


class Spot:
    """Where a value is kept: what is sealed there opens nowhere else.

    Args:
        site: The tenant.
        id: Of the instance.
        slot: Which of its values: `input`, `output`, `entry 3`, `signal where`.
    """

    __slots__ = ("_place", "_slot", "site")

    def __init__(self, site: str, id: UUID, slot: str) -> None:
        self.site = site
        self._place = Place(site, TABLE, id)
        self._slot = slot

    def bound(self, kind: Sealed, path: Path) -> bytes:
        """What holds a value where it is."""
        return self._place.bound((self._slot, *(path[1:] if kind.alone else path)))


def subject_named(
    kind: Sealed | None, body: bytes, person: Path, token: Callable[[str], str]
) -> str:
    """Whose the arguments of an instance are, before they are sealed; empty if they name nobody."""
    text = text_in(value_at(read_members(body), person))
    is_sealed = kind is not None and any(one.path == person for one in kind.leaves)
    return token(text) if text and is_sealed else text


class Named:
    """Whose what is in a value is, before it is sealed.

    Args:
        kind: What of it is sealed; None if nothing is.
        body: The value, JSON.
        main: Whose it is where nothing in it says another.
        token: What stands for a text that is sealed itself.

    Attributes:
        main: As given.
    """

    def __init__(
        self, kind: Sealed | None, body: bytes, main: str, token: Callable[[str], str]
    ) -> None:
        self.main = main
        self._kind, self._body, self._token = kind, body, token
        self._members: Members = {} if kind is None else _members(kind, body)
        self._whose: dict[Path, str] = {(): main}
        for person in {one.person for one in kind.leaves if one.person} if kind else ():
            self._whose[person] = self._subject(person) or main

    @property
    def ends(self) -> dict[str, bool]:
        """Who has something in it, and whether all of the instance goes with them."""
        found: dict[str, bool] = {}
        for leaf, _ in values_in(self._members, self._kind.tree if self._kind else {}):
            subject = self._whose[leaf.person]
            found[subject] = found.get(subject, False) or leaf.rule == "row"
        return found

    def sealed(self, keys: Mapping[str, SubjectKey], spot: Spot) -> bytes:
        """The value as it is kept."""
        kind = self._kind
        if kind is None:
            return self._body

        def turn(leaf: PersonalLeaf, value: bytes) -> bytes:
            if says_nothing(value):
                return value
            token = self._token(text_in(value)) if leaf.searchable else ""
            key = keys[self._whose[leaf.person]]
            return write_sealed(key, value, spot.bound(kind, leaf.path), token)

        return _written(kind, turned(self._members, kind.tree, turn))

    def _subject(self, person: Path) -> str:
        text = text_in(value_at(self._members, person))
        is_sealed = self._kind and any(one.path == person for one in self._kind.leaves)
        return self._token(text) if text and is_sealed else text


def output_spot(row: Mapping[str, Any]) -> tuple[UUID, str]:
    """Where what an instance gives is bound to: its parent's entry, if it is a child."""
    if row["parent"] is None:
        return row["id"], OUTPUT
    return row["parent"], f"entry {row['parent_place']}"


def subject_kept(body: bytes, person: Path) -> str:
    """Whose an instance is, by its arguments as they are kept; empty if they name nobody."""
    value = value_at(read_members(body), person)
    sealed = read_sealed(value)
    return sealed.token if sealed is not None else text_in(value)


def marks_in(kind: Sealed, body: bytes) -> set[bytes]:
    """By which keys a value is sealed."""
    found = (read_sealed(value) for _, value in values_in(_members(kind, body), kind.tree))
    return {one.mark for one in found if one is not None}


def note_opened(site: str, keys: Mapping[str, SubjectKey], marks: Collection[bytes]) -> None:
    """Has the running call remember by which of some keys it reads.

    Args:
        site: The tenant.
        keys: By subject.
        marks: Of those that something is sealed by.
    """
    remembered = keys_opened()
    if remembered is None:
        return
    for subject, key in keys.items():
        if key.mark in marks:
            remembered.note(site, subject, "", key.mark)


def opened(kind: Sealed, body: bytes, spot: Spot, keys: Mapping[bytes, SubjectKey]) -> bytes:
    """A value in clear; of who was erased it is at its default.

    Args:
        kind: What of it is sealed.
        body: As it is kept.
        spot: Where.
        keys: By their marks.

    Raises:
        Gone: Its person was erased, and all of the instance with them.
        BrokenSeal: It was moved or changed.
        FailedPrecondition: It was recorded without what was sealed, and has no default.
    """

    def turn(leaf: PersonalLeaf, value: bytes) -> bytes:
        if value == SHOWN:
            return _stand_in(leaf)
        sealed = read_sealed(value)
        if sealed is None:
            return value
        key = keys.get(sealed.mark)
        if key is None:
            return erased(leaf)
        return key.open(sealed.sealed, spot.bound(kind, leaf.path))

    return _written(kind, turned(_members(kind, body), kind.tree, turn))


def shown(body: bytes) -> bytes:
    """Some JSON that is kept, as it is shown and recorded: of what is sealed only that it is."""
    return LOOKS_SEALED.sub(SHOWN, body) if b'"~' in body else body


def _stand_in(leaf: PersonalLeaf) -> bytes:
    """What a code is run over that is looked at and not carried on."""
    try:
        return erased(leaf)
    except Gone:
        if leaf.leaf.kind == "text" and not leaf.leaf.many:
            return SHOWN
    raise FailedPrecondition(
        f"{leaf.leaf.name.removeprefix(f'{VALUE}.')} was sealed, has no default, and is no text: "
        "this journal cannot be replayed here. Write a value of your own into it."
    )


def _members(kind: Sealed, body: bytes) -> Members:
    return {VALUE: msgspec.Raw(body)} if kind.alone else read_members(body)


def _written(kind: Sealed, members: Members) -> bytes:
    return bytes(members[VALUE]) if kind.alone else encode_members(members)
