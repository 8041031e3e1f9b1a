"""Finds the ids of other entities in one that is to be written."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, cast, get_args

import msgspec

from hanse.runtime.contract.file import Accepts, File, accepts_in
from hanse.runtime.contract.immutable import is_struct, parts
from hanse.runtime.data.entity.leaf import split
from hanse.runtime.data.entity.marks import Reference

if TYPE_CHECKING:
    from hanse.runtime.data.entity.model import EntityModel


class Referred(NamedTuple):
    """An id that stands in an entity.

    Attributes:
        path: Where, like `lines[2].product`.
        target: The class it is an id of, or the name of the own one.
        id: As it was given.
        file: What is said of a file whose id it is.
        accepts: What its place takes.
    """

    path: str
    target: Any
    id: str
    file: File | None = None
    accepts: Accepts | None = None


class _Plan(NamedTuple):
    """What to look at in values of one struct."""

    ids: tuple[tuple[str, Any], ...]
    files: tuple[tuple[str, Accepts], ...]
    inner: tuple[str, ...]


def referred(value: Any, path: str = "") -> Iterator[Referred]:
    """All ids of others in a struct, in the structs inside it, in lists and in maps."""
    if isinstance(value, msgspec.Struct):
        plan = _plan(type(value))
        for name, target in plan.ids:
            yield from _ids(getattr(value, name), target, _joined(path, name))
        for name, accepts in plan.files:
            yield from _files(getattr(value, name), accepts, _joined(path, name))
        for name in plan.inner:
            yield from referred(getattr(value, name), _joined(path, name))
    else:
        for where, one in _members(value):
            yield from referred(one, path + where)


def declared_references(struct: Any) -> list[tuple[str, Reference]]:
    """Which fields, by owner and name, hold ids of what; those inside included."""
    return [
        (f"{one.__name__}.{field.name}", found)
        for one in filter(is_struct, parts(struct))
        for field in msgspec.structs.fields(one)
        if (found := reference_in(field.type)) is not None
    ]


def accepted_files(struct: Any) -> Accepts | None:
    """What any of the files takes that a struct may hold, at any depth; None if it holds none."""
    found = [
        accepts_in(field.type)
        for one in filter(is_struct, parts(struct))
        for field in msgspec.structs.fields(one)
        if (of := reference_in(field.type)) is not None and of.target is File
    ]
    if not found:
        return None
    anything = not all(one.kinds for one in found)
    kinds = () if anything else dict.fromkeys(kind for one in found for kind in one.kinds)
    return Accepts(*kinds, max_bytes=max(one.max_bytes for one in found))


def reference_in(annotation: Any) -> Reference | None:
    """What a field's values, or the items of its list or map, are ids of."""
    plain, marks, _ = split(annotation)
    found = next((mark for mark in marks if isinstance(mark, Reference)), None)
    if plain is File:
        return Reference(File)
    if found is not None or is_struct(plain):
        return found
    inside = (reference_in(one) for one in get_args(plain) if one is not Ellipsis)
    return next((one for one in inside if one is not None), None)


def model_of(reference: Any, own: EntityModel) -> EntityModel:
    """What was read of the class that an id belongs to."""
    if reference is File:
        from hanse.runtime.data.entity.stored_file import FILES  # above this, as it is a model

        return FILES
    return own if isinstance(reference, str) else reference.__entity__


@functools.cache
def _plan(struct: type[msgspec.Struct]) -> _Plan:
    ids: list[tuple[str, Any]] = []
    files: list[tuple[str, Accepts]] = []
    inner: list[str] = []
    for field in msgspec.structs.fields(struct):
        found = reference_in(field.type)
        if found is not None and found.target is File:
            files.append((field.name, accepts_in(field.type)))
        elif found is not None:
            ids.append((field.name, found.target))
        elif _has_references(field.type):
            inner.append(field.name)
    return _Plan(tuple(ids), tuple(files), tuple(inner))


def _has_references(annotation: Any) -> bool:
    structs = filter(is_struct, parts(annotation))
    return any(
        reference_in(field.type) is not None
        for struct in structs
        for field in msgspec.structs.fields(struct)
    )


def _ids(value: Any, target: Any, path: str) -> Iterator[Referred]:
    if isinstance(value, str):
        yield Referred(path, target, value)
    for where, one in _members(value):
        yield from _ids(one, target, path + where)


def _files(value: Any, accepts: Accepts, path: str) -> Iterator[Referred]:
    if isinstance(value, File):
        yield Referred(path, File, value.id, value, accepts)
    for where, one in _members(value):
        yield from _files(one, accepts, path + where)


def _members(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, (tuple, frozenset, list, set)):
        for index, one in enumerate(cast("tuple[Any, ...]", value)):
            yield f"[{index}]", one
    elif isinstance(value, Mapping):
        for key, one in cast("Mapping[str, Any]", value).items():
            yield f"[{key!r}]", one


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
