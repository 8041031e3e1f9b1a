"""The type of what a query selects of an entity: what was not asked for is not there."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec

from hanse.runtime.data.entity.changes import is_mergeable, loose
from hanse.runtime.data.entity.entity import Entity
from hanse.runtime.data.entity.leaf import split

if TYPE_CHECKING:
    from collections.abc import Iterator

E = TypeVar("E", bound=Entity)


class Part(msgspec.Struct, Generic[E], frozen=True, kw_only=True):
    """Some fields of an entity, by their names; those that were not asked for are UNSET.

    It is no entity, so that nobody writes it back and loses what it lacks.

    Attributes:
        id: Comes always.
    """

    id: str

    if TYPE_CHECKING:

        def __getattr__(self, name: str, /) -> Any: ...


@functools.cache
def part_type(cls: type[Entity]) -> type[Part[Any]]:
    """A struct like the entity, in which all but the id may be left out, at any depth."""
    return _part(cls, (), Part)


def part_names(cls: type[Entity]) -> tuple[str, ...]:
    """Paths of what can be selected: fields, and those of the structs right inside them."""
    secrets = cls.__entity__.secrets
    return tuple(name for name in _names(cls, "", ()) if name not in secrets)


def _part(struct: Any, around: tuple[Any, ...], base: Any = msgspec.Struct) -> Any:
    inner = (*around, struct)
    fields = loose(struct, inner, lambda plain: _part(plain, inner))
    secrets = () if around else struct.__entity__.secrets
    return msgspec.defstruct(
        f"{struct.__name__}Part",
        [field for field in fields if field[0] not in (*base.__struct_fields__, *secrets)],
        bases=(base,),
        frozen=True,
        kw_only=True,
        module=struct.__module__,
        namespace={"__doc__": f"What was asked for of a {struct.__name__}."},
    )


def _names(struct: Any, before: str, around: tuple[Any, ...]) -> Iterator[str]:
    for field in msgspec.structs.fields(struct):
        yield before + field.name
        plain, _, _ = split(field.type)
        if is_mergeable(plain, (*around, struct)):
            yield from _names(plain, f"{before}{field.name}.", (*around, struct))
