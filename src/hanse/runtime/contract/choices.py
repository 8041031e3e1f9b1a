"""Which values are allowed where a decoder says only that one is not."""

from __future__ import annotations

import re
from typing import Any

from msgspec import inspect as types

_STEP = re.compile(r"\.?([^.\[\]]+)|\[(\d+|\.\.\.)\]")


def choices_at(kind: Any, path: str) -> tuple[Any, ...]:
    """The values allowed at a path like `items[2].colour`: of an enum, a literal or a union's tag.

    Returns:
        None of them where the path leads to something else, or to nothing.
    """
    found = [types.type_info(kind)]
    for name, index in _STEP.findall(path):
        plain = [option for one in found for option in _options(one)]
        tags = tuple(
            one.tag for one in plain if isinstance(one, types.StructType) and one.tag_field == name
        )
        if tags:
            return tags
        found = [inner for one in plain for inner in _inside(one, name, index)]
    plain = [option for one in found for option in _options(one)]
    return tuple(value for one in plain for value in _values(one))


def _options(info: types.Type) -> tuple[types.Type, ...]:
    if isinstance(info, types.Metadata):
        return _options(info.type)
    if isinstance(info, types.UnionType):
        return tuple(option for one in info.types for option in _options(one))
    return (info,)


def _inside(info: types.Type, name: str, index: str) -> tuple[types.Type, ...]:
    match info:
        case types.StructType() if name:
            return tuple(field.type for field in info.fields if field.encode_name == name)
        case types.DictType() if index:
            return (info.value_type,)
        case types.TupleType() if index.isdigit():
            return info.item_types[int(index) : int(index) + 1]
        case types.CollectionType() if index:
            return (info.item_type,)
        case _:
            return ()


def _values(info: types.Type) -> tuple[Any, ...]:
    match info:
        case types.EnumType():
            return tuple(member.value for member in info.cls)
        case types.LiteralType():
            return tuple(info.values)
        case _:
            return ()
