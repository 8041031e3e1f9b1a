"""What is personal in a type that a workflow keeps values of, and whose that is."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from hanse.runtime.config.secret import Secret
from hanse.runtime.contract.immutable import is_struct, parts
from hanse.runtime.contract.mistakes import Mistakes
from hanse.runtime.data.entity.leaf import Leaf, leaves, split
from hanse.runtime.data.entity.marks import Keep, Personal
from hanse.runtime.data.entity.personal import (
    PersonalLeaf,
    check_rule,
    is_marked,
    path_of,
    personal_leaves,
    strays,
)
from hanse.runtime.data.personal.members import tree_of
from hanse.runtime.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hanse.runtime.data.personal.members import Tree
    from hanse.runtime.data.query.fields import Path

VALUE = "value"
"""What a value that stands by itself is called while its fields are looked for."""

KINDS_MAX = 4096


class Sealed(msgspec.Struct, frozen=True):
    """What of a kind of value is kept sealed.

    Attributes:
        leaves: Which of its values; the `person` of one is empty where it is of the instance's.
        tree: The same by name.
        alone: It is one value and not the arguments of a workflow.
    """

    leaves: tuple[PersonalLeaf, ...]
    tree: Tree
    alone: bool = True

    @property
    def names(self) -> str:
        """Of all of them, for people."""
        return ", ".join(one.leaf.name.removeprefix(f"{VALUE}.") for one in self.leaves)


def sealed_arguments(
    request: type[msgspec.Struct], person: str, where: str, mistakes: Mistakes
) -> Sealed | None:
    """What is sealed of the arguments of a workflow; None if nothing is.

    Args:
        request: They, as a struct.
        person: Where the id of its person stands among them; empty if it is of nobody.
        where: What it is called in a mistake.
        mistakes: Where is noted what is wrong.
    """
    found = tuple(leaves(request)) if person or _says_any(request) else ()
    if person:
        _check_person(path_of(person), found, f"{where} person={person!r}", mistakes)
    sealed = _read(request, found, where, mistakes)
    if sealed is None:
        return None
    if not person:
        mistakes.add(where, *whose_missing(sealed))
    named = _with_token(sealed.leaves, {path_of(person), *(one.person for one in sealed.leaves)})
    return Sealed(named, tree_of(named), alone=False)


@functools.lru_cache(KINDS_MAX)
def sealed_value(annotation: Any, where: str) -> Sealed | None:
    """What is sealed of values that a step gives, or that come with a signal; None if nothing is.

    Args:
        annotation: Their type.
        where: Whose they are, in a mistake.

    Raises:
        DeclarationError: The type says something of persons that cannot be.
    """
    value = msgspec.defstruct("Value", [(VALUE, annotation)])
    if not _says_any(value):
        return None
    with Mistakes(where).collecting() as mistakes:
        return _read(value, tuple(leaves(value)), where, mistakes)


def check_secrets(annotation: Any, where: str, mistakes: Mistakes) -> None:
    """Notes each Secret inside a type: a journal keeps none, however it is sealed."""
    for one in filter(is_struct, parts(annotation)):
        for field in msgspec.structs.fields(one):
            if Secret in parts(field.type) and not any(map(is_struct, parts(field.type))):
                remedy = "keep it in a collection, pass the id of that, and read it in a step"
                name = f"{one.__name__}.{field.name} is a Secret, and no journal keeps one"
                mistakes.add(where, name, remedy)


def whose_missing(sealed: Sealed) -> tuple[str, str]:
    """What is wrong where something is personal and nobody's, and the remedy."""
    remedy = '@workflow(…, person="…"), the argument or its field that holds the person\'s id'
    return f"{sealed.names} is personal, and nothing says whose it is", remedy


def nobodys(sealed: Sealed, where: str) -> InvalidArgument:
    """Why nothing personal is kept of an instance of nobody."""
    what, remedy = whose_missing(sealed)
    return InvalidArgument(f"{where}: {what} → {remedy}.")


def _says_any(struct: Any) -> bool:
    """Whether anything inside a type is marked, or a Secret."""
    return any(
        is_marked(field.type) or Secret in parts(field.type)
        for one in parts(struct)
        if is_struct(one)
        for field in msgspec.structs.fields(one)
    )


def _read(struct: Any, found: tuple[Leaf, ...], where: str, mistakes: Mistakes) -> Sealed | None:
    check_secrets(struct, where, mistakes)
    own = _own_persons(struct)
    personal = tuple(_owned(one, own) for one in personal_leaves(found, ()) if not one.secret)
    before = len(mistakes)
    for leaf in personal:
        _check_leaf(leaf, found, where, mistakes)
    for stray, what in strays(struct, found):
        mistakes.add(f"{where} {stray}", what, "put the mark at the whole: the list, map or struct")
    for name in _hidden_owners(struct):
        what = f"{name} says whose it is, and stands inside of something else"
        mistakes.add(where, what, "give it by itself, or the id of it")
    if not personal or len(mistakes) > before:
        return None
    named = _with_token(personal, {one.person for one in personal})
    return Sealed(named, tree_of(named))


def _owned(leaf: PersonalLeaf, own: dict[str, Path]) -> PersonalLeaf:
    """Whose it is: `of` names a field of the same value, as the class of that does for all."""
    first, *inner = leaf.path
    around, of = (first,) if inner else (), leaf.person or own.get(first, ())
    return replace(leaf, person=(*around, *of) if of else (), files=False, searchable=False)


def _own_persons(struct: Any) -> dict[str, Path]:
    """Of values that are entities or events, the person that their class names."""
    kinds = {one.encode_name: split(one.type)[0] for one in msgspec.structs.fields(struct)}
    return {name: path for name, kind in kinds.items() if (path := _person_of(kind))}


def _hidden_owners(struct: Any) -> Iterator[str]:
    """Classes that name a person of their own, where nobody looks for that."""
    at_top = {split(one.type)[0] for one in msgspec.structs.fields(struct)}
    for one in parts(struct):
        if one not in at_top and _person_of(one) and _says_any(one):
            yield one.__name__


def _person_of(kind: Any) -> Path:
    said: dict[str, Any] = dict(vars(kind)) if isinstance(kind, type) else {}
    model: Any = said.get("__entity__") or said.get("__event__")
    return () if model is None else model.person


def _with_token(found: tuple[PersonalLeaf, ...], persons: set[Path]) -> tuple[PersonalLeaf, ...]:
    """Of a person that is named by what is sealed the key is found by a token."""
    return tuple(replace(one, searchable=one.path in persons) for one in found)


def _check_leaf(
    leaf: PersonalLeaf, found: tuple[Leaf, ...], where: str, mistakes: Mistakes
) -> None:
    name = f"{where} {leaf.leaf.name.removeprefix(f'{VALUE}.')}"
    mark = next(one for one in leaf.leaf.marks if isinstance(one, Personal))
    if isinstance(mark.erase, Keep):
        what = "is kept longer than its person, and nothing of a workflow is"
        remedy = 'Personal(erase="row") or erase="field"; what a law keeps goes to a collection'
        mistakes.add(name, what, remedy)
    else:
        check_rule(leaf.leaf, mark, name, mistakes)
    if not mark.sealed:
        what = "is personal and in clear, and nothing erases a journal"
        mistakes.add(name, what, "take sealed=False out")
    if leaf.person:
        _check_person(leaf.person, found, name, mistakes)


def _check_person(person: Path, found: tuple[Leaf, ...], where: str, mistakes: Mistakes) -> None:
    leaf = next((one for one in found if one.path == person), None)
    if leaf is None or leaf.kind != "text" or leaf.many:
        texts = [one.name for one in found if one.kind == "text" and not one.many]
        remedy = "name " + ", ".join(texts) if texts else "add a text that holds it"
        mistakes.add(where, "is no text that could hold a person's id", remedy)
