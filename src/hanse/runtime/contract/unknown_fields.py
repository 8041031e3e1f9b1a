"""Counts what a peer of another release sent and this one does not know: ignored, but noticed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import msgspec

LOOKED_AT = 64
"""One message of so many is looked at, the first included: it costs several times a reading."""

_read = msgspec.json.Decoder().decode


def unknown_fields(value: Any, body: bytes) -> int:
    """How many fields stand in a JSON text that the value read from it has no place for."""
    return _unknown(value, _read(body))


def _unknown(value: Any, raw: Any) -> int:
    if isinstance(value, msgspec.Struct) and isinstance(raw, dict):
        return _unknown_of_struct(value, cast("dict[str, Any]", raw))
    if isinstance(value, Mapping) and isinstance(raw, dict):
        members = cast("Mapping[str, Any]", value)
        given = cast("dict[str, Any]", raw)
        return sum(_unknown(one, given.get(key)) for key, one in members.items())
    if isinstance(value, tuple) and isinstance(raw, list):
        pairs = zip(cast("tuple[Any, ...]", value), cast("list[Any]", raw), strict=False)
        return sum(_unknown(one, item) for one, item in pairs)
    return 0


def _unknown_of_struct(value: msgspec.Struct, raw: dict[str, Any]) -> int:
    names = dict(zip(value.__struct_encode_fields__, value.__struct_fields__, strict=True))
    tag_field = value.__struct_config__.tag_field
    return sum(
        _unknown(getattr(value, names[key]), one) if key in names else key != tag_field
        for key, one in raw.items()
    )
