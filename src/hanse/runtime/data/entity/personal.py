"""What an entity knows of persons: whose data it is, by which rule each value goes, until when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import msgspec

from hanse.runtime.config.secret import Secret
from hanse.runtime.contract.file import File
from hanse.runtime.contract.immutable import is_struct, parts
from hanse.runtime.data.entity.leaf import ABSENT, Leaf, split
from hanse.runtime.data.entity.marks import (
    Indexed,
    Keep,
    Personal,
    Retention,
    Searchable,
    Unique,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from hanse.runtime.contract.mistakes import Mistakes
    from hanse.runtime.data.entity.model import EntityModel
    from hanse.runtime.data.query.fields import Path

Rule: TypeAlias = Literal["row", "field"] | Keep

_MOMENTS = ("create_time", "update_time")
_EMPTY = (ABSENT, None, "")


class PersonalLeaf(msgspec.Struct, frozen=True, kw_only=True):
    """A value that says something of a person.

    Attributes:
        leaf: Which.
        rule: What becomes of it when its person is erased.
        person: Where the person's id stands: `("id",)`, or a path in the document.
        sealed: Whether it is kept sealed.
        searchable: Whether a query finds what equals it, although it is sealed.
        files: Whether files may stand in it.
        secret: Whether it is a `Secret`, of which readers and exports see only that it is there.
    """

    leaf: Leaf
    rule: Rule
    person: Path
    sealed: bool
    searchable: bool
    files: bool
    secret: bool = False

    @property
    def path(self) -> Path:
        """Where it stands."""
        return self.leaf.path

    @property
    def purpose(self) -> str:
        """Which of a person's keys it is sealed by: one that is kept, or one that goes at once."""
        return "kept" if isinstance(self.rule, Keep) else ""


def personal_leaves(found: Iterable[Leaf], person: Path) -> tuple[PersonalLeaf, ...]:
    """Those of an entity's values that say something of a person, in order."""
    read = ((leaf, _mark(leaf, Personal) or _implied(leaf)) for leaf in found)
    return tuple(_personal(leaf, mark, person) for leaf, mark in read if mark is not None)


def is_secret(leaf: Leaf) -> bool:
    """Whether a value is a `Secret`."""
    return split(leaf.annotation)[0] is Secret


def retained_leaves(found: Iterable[Leaf]) -> tuple[tuple[Leaf, Retention], ...]:
    """Those that are kept for a while only, and for how long."""
    read = ((leaf, _mark(leaf, Retention)) for leaf in found)
    return tuple((leaf, mark) for leaf, mark in read if mark is not None)


def is_sealed(leaf: Leaf) -> bool:
    """Whether a value is kept sealed."""
    mark = _mark(leaf, Personal)
    return is_secret(leaf) or (mark is not None and mark.sealed)


def is_blind(leaf: Leaf) -> bool:
    """Whether a value is sealed and found by what equals it."""
    return is_sealed(leaf) and (leaf.has(Searchable) or leaf.has(Unique))


def path_of(text: str) -> Path:
    """`contact` or `owner.id` as a path; empty for nothing."""
    return tuple(text.split(".")) if text else ()


def check_personal(
    model: EntityModel, found: Sequence[Leaf], indexed: Collection[str], mistakes: Mistakes
) -> None:
    """Notes what is wrong with what an entity says of persons and of how long it keeps things.

    Args:
        model: What was read of it.
        found: Its values.
        indexed: Names of those that an index begins with.
        mistakes: Where it is noted.
    """
    owner = model.cls.__name__
    for leaf in found:
        where = f"{owner}.{leaf.name}"
        mark = _mark(leaf, Personal)
        if mark is not None:
            check_rule(leaf, mark, where, mistakes)
            if not mark.of and not model.person:
                remedy = '@entity(…, person="id"), or the field that holds the person\'s id'
                mistakes.add(where, "is personal, and nothing says whose it is", remedy)
        _check_search(leaf, where, mistakes)
        if Secret in parts(leaf.annotation):
            _check_secret(leaf, mark, where, mistakes)
    for name in sorted(_persons(model, found)):
        where = f"{owner} person={name!r}"
        _check_person(name, where, found, indexed, mistakes)
    for leaf, retention in retained_leaves(found):
        where = f"{owner}.{leaf.name}"
        _check_retention(retention, where, found, mistakes)
        if leaf.default is ABSENT:
            what = "is kept for a while only, and has no default to go back to"
            mistakes.add(where, what, "give it one, or @entity(…, retention=…) for the row")
    if model.retention is not None:
        _check_retention(model.retention, owner, found, mistakes)
    for where, what in strays(model.cls, found):
        mistakes.add(where, what, "put the mark at the whole: the list, map or struct around it")


def check_rule(leaf: Leaf, mark: Personal, where: str, mistakes: Mistakes) -> None:
    """Notes a mark that does not say what erasing does, or says what cannot be."""
    rule: Any = mark.erase
    if isinstance(rule, Keep):
        if rule.days < 1 or not rule.reason.strip():
            what = "is kept for no days or no reason"
            mistakes.add(where, what, 'Keep(days=3650, reason="tax law")')
    elif rule not in ("row", "field"):
        remedy = 'Personal(erase="row"), erase="field" or erase=Keep(days=…, reason="…")'
        mistakes.add(where, "says not what erasing its person does to it", remedy)
    elif rule == "field" and leaf.default is ABSENT:
        what = "has no default that erasing could put it back to"
        mistakes.add(where, what, 'give it one, or Personal(erase="row")')


def _check_search(leaf: Leaf, where: str, mistakes: Mistakes) -> None:
    if not is_sealed(leaf):
        if leaf.has(Searchable):
            what = "is Searchable and not sealed"
            mistakes.add(where, what, "Indexed() finds what is kept in clear")
        return
    if leaf.has(Indexed):
        what = "is Indexed and sealed, so that no order of it is known"
        remedy = "Searchable() finds what equals it, Personal(…, sealed=False) keeps it in clear"
        mistakes.add(where, what, remedy)
    if is_blind(leaf):
        if leaf.kind != "text" or leaf.many:
            what = "is sealed and searched, and no text"
            mistakes.add(where, what, "take Searchable and Unique out, or sealed=False")
        if leaf.default not in _EMPTY or any(one not in _EMPTY for one in leaf.defaults):
            what = "is sealed and searched, and has a default that no search would find"
            mistakes.add(where, what, 'None or "" is one that it finds')


def _check_secret(leaf: Leaf, mark: Personal | None, where: str, mistakes: Mistakes) -> None:
    if not is_secret(leaf) or len(leaf.path) > 1:
        mistakes.add(where, "has a Secret inside", "put it at the entity, as a field of its own")
    if leaf.default not in (ABSENT, None):
        mistakes.add(where, "is a Secret that stands in the code", "None is its only default")
    if mark is not None and (not mark.sealed or isinstance(mark.erase, Keep)):
        what = "is a Secret that is kept in clear, or longer than its person"
        mistakes.add(where, what, 'Personal(erase="field"), or no mark')


def _check_person(
    name: str, where: str, found: Sequence[Leaf], indexed: Collection[str], mistakes: Mistakes
) -> None:
    if name == "id":
        return
    leaf = next((one for one in found if one.name == name), None)
    if leaf is None or leaf.kind != "text" or leaf.many:
        texts = [one.name for one in found if one.kind == "text" and not one.many]
        remedy = "name " + ", ".join(["id", *texts])
        mistakes.add(where, "is no text that could hold a person's id", remedy)
    elif leaf.has(Personal) and not is_sealed(leaf):
        what = "is personal and in clear, so that a key would name the person"
        mistakes.add(where, what, "have it sealed, with Searchable()")
    elif is_sealed(leaf):
        if not is_blind(leaf):
            mistakes.add(where, "is sealed, so that nothing finds it", "add Searchable() to it")
    elif name not in indexed:
        mistakes.add(where, "is not indexed, so that nothing finds it", "add Indexed() to it")


def _check_retention(
    retention: Retention, where: str, found: Sequence[Leaf], mistakes: Mistakes
) -> None:
    if retention.days < 1:
        mistakes.add(where, f"is kept for {retention.days} days", "1 at least")
    if retention.since in _MOMENTS:
        return
    instants = [one for one in found if one.kind == "instant" and not one.many]
    if retention.since not in [one.name for one in instants if not is_sealed(one)]:
        kept = ", ".join([*_MOMENTS, *(one.name for one in instants if not is_sealed(one))])
        what = f"is kept since {retention.since!r}, which is no instant that is kept in clear"
        mistakes.add(where, what, f"name {kept}")


def _persons(model: EntityModel, found: Sequence[Leaf]) -> set[str]:
    marks = (_mark(leaf, Personal) for leaf in found)
    names = {mark.of for mark in marks if mark is not None}
    return {one for one in (*names, ".".join(model.person)) if one}


def strays(cls: Any, found: Sequence[Leaf]) -> Iterator[tuple[str, str]]:
    """Marks where nobody looks for them: in lists, in maps, and in what is marked as a whole."""
    for leaf in found:
        for struct in filter(is_struct, parts(leaf.annotation)):
            for field in msgspec.structs.fields(struct):
                if is_marked(field.type):
                    yield f"{struct.__name__}.{field.name}", f"is marked inside of `{leaf.name}`"
    for struct in filter(is_struct, parts(cls)):
        for field in msgspec.structs.fields(struct):
            plain, marks, _ = split(field.type)
            where = f"{struct.__name__}.{field.name}"
            if any(map(is_marked, get_args(plain))):
                yield where, "has the mark at what is in it"
            elif is_struct(plain) and _has_marks(marks) and not _is_whole(marks):
                yield where, "is a struct with a mark for single values"


def is_marked(annotation: Any) -> bool:
    """Whether a mark stands anywhere in a type, fields of structs not looked at."""
    plain, marks, _ = split(annotation)
    return _has_marks(marks) or any(map(is_marked, get_args(plain)))


def _has_marks(marks: tuple[Any, ...]) -> bool:
    return any(isinstance(one, (Personal, Searchable, Retention)) for one in marks)


def _is_whole(marks: tuple[Any, ...]) -> bool:
    return any(isinstance(one, Personal) for one in marks)


def _personal(leaf: Leaf, mark: Personal, person: Path) -> PersonalLeaf:
    return PersonalLeaf(
        leaf=leaf,
        rule=mark.erase or "row",
        person=path_of(mark.of) or person,
        sealed=mark.sealed,
        searchable=is_blind(leaf),
        files=File in parts(leaf.annotation),
        secret=is_secret(leaf),
    )


def _implied(leaf: Leaf) -> Personal | None:
    """What a Secret says without a mark."""
    if not is_secret(leaf):
        return None
    return Personal(erase="row" if leaf.default is ABSENT else "field")


def _mark(leaf: Leaf, kind: type[Any]) -> Any:
    return next((one for one in leaf.marks if isinstance(one, kind)), None)
