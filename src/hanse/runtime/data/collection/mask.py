"""Masks: which fields of a change count, `update_mask=name,address.city`."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, cast

import msgspec

from hanse.runtime.config.secret import encode_secret
from hanse.runtime.contract.immutable import is_struct
from hanse.runtime.data.collection.conflict import violated
from hanse.runtime.data.entity.leaf import split

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hanse.runtime.data.entity.model import EntityModel

NAME = "update_mask"

NAMES_MAX = 4096
"""Names of fields that are known without a look; only right ones are kept."""

_ABSENT: Any = object()


def masked(changes: msgspec.Struct, mask: Iterable[str], model: EntityModel) -> dict[str, Any]:
    """What a change says of the fields in a mask, as plain data.

    What the mask names and the change leaves out goes back to its default.

    Raises:
        InvalidArgument: The mask names no field of the entity, or one without a default is
            left out.
    """
    given: dict[str, Any] = msgspec.to_builtins(changes, enc_hook=encode_secret)
    picked: dict[str, Any] = {}
    for name in (one for part in mask for one in part.split(",")):
        field = _field_at(model, name)
        path = name.split(".")
        value = _dig(given, path)
        if value is _ABSENT:
            value = _default(field, name)
        _put(picked, path, value)
    return picked


def _put(into: dict[str, Any], path: list[str], value: Any) -> None:
    for step in path[:-1]:
        inner = into.setdefault(step, {})
        if not isinstance(inner, dict):
            message = f"`{NAME}` names `{'.'.join(path)}`, which is inside of what is null."
            raise violated(NAME, "path", message)
        into = cast("dict[str, Any]", inner)
    into[path[-1]] = value


@functools.lru_cache(NAMES_MAX)
def _field_at(model: EntityModel, name: str) -> msgspec.structs.FieldInfo:
    path = name.split(".")
    struct: Any = model.cls
    field = None
    for step in path:
        field = _fields(struct).get(step) if is_struct(struct) else None
        if field is None or (struct is model.cls and step in model.columns):
            known = ", ".join(sorted(model.names))
            message = f"`{NAME}` names `{name}`, which cannot be written; there are {known}."
            raise violated(NAME, "path", message)
        struct, _, _ = split(field.type)
    assert field is not None
    return field


@functools.cache  # to ask a struct for its fields evaluates all its annotations
def _fields(struct: Any) -> dict[str, msgspec.structs.FieldInfo]:
    return {one.encode_name: one for one in msgspec.structs.fields(struct)}


def _dig(given: Any, path: list[str]) -> Any:
    for step in path:
        if not isinstance(given, dict) or step not in given:
            return _ABSENT
        given = cast("dict[str, Any]", given)[step]
    return given


def _default(field: msgspec.structs.FieldInfo, name: str) -> Any:
    if field.required:
        message = f"`{name}` is in the mask and has no default; give it a value."
        raise violated(name, "required", message)
    if field.default_factory is not msgspec.NODEFAULT:
        return msgspec.to_builtins(field.default_factory())
    return msgspec.to_builtins(field.default)
