"""The members of a document, unread: what is personal among them is found and exchanged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import msgspec

from hanse.runtime.data.entity.leaf import ABSENT, Leaf
from hanse.runtime.data.entity.marks import Keep
from hanse.runtime.data.entity.personal import PersonalLeaf
from hanse.runtime.data.personal.keys_used import Keys, Owner, key_of
from hanse.runtime.data.personal.sealed_text import (
    Place,
    SealedText,
    read_sealed,
    says_nothing,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from hanse.runtime.data.query.fields import Path

Tree: TypeAlias = "dict[str, PersonalLeaf | Tree]"
"""What is personal, by the names of its path."""

Members: TypeAlias = dict[str, msgspec.Raw]

Whose: TypeAlias = "Mapping[Path, str]"
"""Whose a document is, by where the person's id stands in it."""

encode_members = msgspec.json.Encoder().encode
read_members: Callable[[Any], Members] = msgspec.json.Decoder(Members).decode


def tree_of(leaves: Sequence[PersonalLeaf]) -> Tree:
    """Values by the names of their paths."""
    tree: Tree = {}
    for leaf in leaves:
        inner = tree
        for step in leaf.path[:-1]:
            below = inner.setdefault(step, {})
            assert isinstance(below, dict), "what is personal is one value"
            inner = below
        inner[leaf.path[-1]] = leaf
    return tree


def turned(members: Members, tree: Tree, turn: Callable[[PersonalLeaf, bytes], bytes]) -> Members:
    """A document in which some values are others."""
    for name, below in tree.items():
        raw = members.get(name)
        if raw is None:
            continue
        value = bytes(raw)
        if not isinstance(below, dict):
            members[name] = msgspec.Raw(turn(below, value))
        elif value.startswith(b"{"):
            members[name] = msgspec.Raw(encode_members(turned(read_members(value), below, turn)))
    return members


def values_in(members: Members, tree: Tree) -> Iterator[tuple[PersonalLeaf, bytes]]:
    """What is personal in a document, and says something."""
    for name, below in tree.items():
        raw = members.get(name)
        value = bytes(raw) if raw is not None else b"null"
        if not isinstance(below, dict):
            if not says_nothing(value):
                yield below, value
        elif value.startswith(b"{"):
            yield from values_in(read_members(value), below)


def sealed_in(members: Members, tree: Tree) -> Iterator[tuple[PersonalLeaf, SealedText]]:
    """What is personal in a document and sealed."""
    for leaf, value in values_in(members, tree):
        sealed = read_sealed(value)
        if sealed is not None:
            yield leaf, sealed


def value_at(members: Members, path: Path) -> bytes:
    """What stands at a path; null where nothing does."""
    *outer, last = path
    for step in outer:
        value = bytes(members.get(step, b"null"))
        if not value.startswith(b"{"):
            return b"null"
        members = read_members(value)
    return bytes(members.get(last, b"null"))


def foreign_in(
    members: Members, known: Tree, around: Path = ()
) -> Iterator[tuple[Path, SealedText, bool]]:
    """What another release sealed and this one knows nothing of: where, what, and if with files."""
    for name, raw in members.items():
        below, value = known.get(name, {}), bytes(raw)
        if not isinstance(below, dict):
            continue
        sealed = read_sealed(value)
        if sealed is not None:
            yield (*around, name), sealed, value.startswith(b"{")
        elif value.startswith(b"{"):
            yield from foreign_in(read_members(value), below, (*around, name))


def foreign_leaf(
    path: Path, person: Path, purpose: str, *, token: bool, files: bool
) -> PersonalLeaf:
    """What is known of a value that another release sealed."""
    leaf = Leaf(
        path=path, kind=None, marks=(), nullable=True, many=False, defaults=(ABSENT,), length=None
    )
    return PersonalLeaf(
        leaf=leaf,
        rule=Keep(1, purpose) if purpose else "field",
        person=person,
        sealed=True,
        searchable=token,
        files=files,
    )


class Row(NamedTuple):
    """A document, and what is known of it."""

    row: Any
    place: Place
    members: Members
    whose: Whose
    tree: Tree


class Gone(Exception):
    """A row is of a person who was erased."""


def owners_of(one: Row) -> Iterator[tuple[Owner, bytes]]:
    """Whose keys, and which, open what is sealed in a document."""
    for leaf, sealed in sealed_in(one.members, one.tree):
        yield (one.whose[leaf.person], leaf.purpose), sealed.mark


def clear(one: Row, keys: Keys) -> bytes | None:
    """A document in clear; None if its person was erased, and the row with them.

    Raises:
        BrokenSeal: A value was moved or changed.
    """

    def turn(leaf: PersonalLeaf, value: bytes) -> bytes:
        sealed = read_sealed(value)
        if sealed is None:
            return value
        key = keys.get((one.whose[leaf.person], leaf.purpose))
        if key is None or key_of(key).mark != sealed.mark:
            return erased(leaf)
        return key_of(key).open(sealed.sealed, one.place.bound(leaf.path))

    try:
        return encode_members(turned(one.members, one.tree, turn))
    except Gone:
        return None


def erased(leaf: PersonalLeaf) -> bytes:
    """What is left of a value whose key was destroyed; `Gone` if its row is gone with it."""
    if leaf.rule == "row" or leaf.leaf.default is ABSENT:
        raise Gone
    return encode_members(leaf.leaf.default)
