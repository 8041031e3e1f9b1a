"""The type of a part of an entity: every field may be left out, and what is left out stays."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_origin

import msgspec
from msgspec import UNSET, UnsetType

from hanse.runtime.contract.file import File
from hanse.runtime.contract.immutable import is_struct
from hanse.runtime.data.entity.leaf import split

if TYPE_CHECKING:
    from collections.abc import Callable

    from hanse.runtime.data.entity.entity import Entity


@functools.cache
def changes_type(cls: type[Entity]) -> type[msgspec.Struct]:
    """A struct like the entity, in which nothing has to be given, at any depth.

    It refuses fields that it does not know also where a reader would be tolerant: a change that
    is not made is worse than one that is refused.
    """
    return _changes(cls, ())


def _changes(struct: Any, around: tuple[Any, ...]) -> type[msgspec.Struct]:
    inner = (*around, struct)
    return msgspec.defstruct(
        f"{struct.__name__}Changes",
        loose(struct, inner, lambda plain: _changes(plain, inner)),
        frozen=True,
        kw_only=True,
        forbid_unknown_fields=True,
        module=struct.__module__,
        namespace={"__doc__": f"What is to change of a {struct.__name__}; the rest stays."},
    )


def loose(
    struct: Any, around: tuple[Any, ...], made: Callable[[Any], Any]
) -> list[tuple[str, Any, Any]]:
    """The fields of a struct, of which each may be left out.

    Args:
        struct: Whose.
        around: It, and the structs it is in.
        made: The like of a struct inside it.
    """
    return [
        (field.name, _part(field.type, around, made) | UnsetType, UNSET)
        for field in msgspec.structs.fields(struct)
    ]


def _part(annotation: Any, around: tuple[Any, ...], made: Callable[[Any], Any]) -> Any:
    """A field's type; of a struct in it, the one in which nothing has to be given."""
    plain, _, nullable = split(annotation)
    if not is_mergeable(plain, around):
        return annotation
    part: Any = made(plain)
    if get_origin(annotation) is Annotated:
        part = Annotated[(part, *get_args(annotation)[1:])]
    return part | None if nullable else part


def is_mergeable(plain: Any, around: tuple[Any, ...]) -> bool:
    """Whether a type is one struct, told apart by no tag and not inside itself.

    A file is one value, which is true or not as a whole.
    """
    if not is_struct(plain) or get_origin(plain) is not None or plain in around:
        return False
    return plain is not File and plain.__struct_config__.tag is None
