"""Reads JSON as protobuf's writers may write it (protobuf.dev/programming-guides/json).

Our `.proto` text promises them that mapping. Where it differs from our own JSON: an integer or a
float may be a string, an integer may have an exponent, base64 may be of the URL's alphabet and
without padding, null leaves a field unset, and an empty list or map, or null, is left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any, cast

import msgspec
from msgspec import inspect as types

from hanse.runtime.server.strict import StrictReader, check_numbers

Translate = Callable[[Any], Any]
_Seen = dict[Any, Translate]

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]{1,2})?")
_FLOAT = re.compile(r"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?")
_INTEGER_LENGTH_MAX = 40
_URL_ALPHABET = str.maketrans("-_", "+/")

_encode = msgspec.json.Encoder().encode


def _as_written(digits: str) -> msgspec.Raw:
    """A number with a point or an exponent, digit by digit: 0.10 stays that."""
    return msgspec.Raw(digits.encode())


_decode = msgspec.json.Decoder(float_hook=_as_written).decode


class ProtoJsonReader(StrictReader):
    """Reads one request type: ours first, so that this costs nothing, and only then protobuf's.

    What is read then is translated and judged as ours would be: same bounds, same refusals.
    """

    __slots__ = ("_translate",)

    def __init__(self, request_type: type[msgspec.Struct], depth: int) -> None:
        super().__init__(request_type, depth)
        self._translate: Translate | None = None

    def _decoded(self, body: bytes) -> Any:
        try:
            return self._decode(body)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            fits_not = isinstance(error, msgspec.ValidationError)
        translated = self._translated(body) if fits_not else None
        if translated is None:
            return super()._decoded(body)
        arguments = super()._decoded(translated)
        if body.count(b":") <= self._required:
            self._look_closer(body)  # a required field that was left out made room for another key
        if self._counts:
            check_numbers(arguments)  # 1e30 has no long row of digits that would be seen
        return arguments

    def _translated(self, body: bytes) -> bytes | None:
        """What ours would be; None for what is too deep or, further on, no JSON."""
        if self._translate is None:
            # Made when first needed: of a host's thousands of methods few meet such a client.
            self._translate = _struct(_type_info(self._type), {})
        try:
            return _encode(self._translate(_decode(body)))
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            return None


def _type_info(request_type: type[msgspec.Struct]) -> types.StructType:
    info = types.type_info(request_type)
    assert isinstance(info, types.StructType)
    return info


def _integer(value: Any) -> Any:
    text = bytes(value).decode() if isinstance(value, msgspec.Raw) else value
    if not isinstance(text, str) or len(text) > _INTEGER_LENGTH_MAX or not _INTEGER.fullmatch(text):
        return value
    over, under = Decimal(text).as_integer_ratio()
    return over if under == 1 else value


def _float(value: Any) -> Any:
    """The digits of a text; `NaN` and `Infinity` stay text, for no answer could hold them."""
    return _as_written(value) if isinstance(value, str) and _FLOAT.fullmatch(value) else value


def _base64(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return value.translate(_URL_ALPHABET) + "=" * (-len(value) % 4)


_SCALARS: dict[type[types.Type], Translate] = {
    types.IntType: _integer,
    types.FloatType: _float,
    types.BytesType: _base64,
}


def _of(info: types.Type, seen: _Seen) -> Translate | None:
    """What translates values of a type; None where both agree about all of them."""
    match info:
        case types.Metadata():
            return _of(info.type, seen)
        case types.StructType():
            return _struct(info, seen)
        case types.UnionType():
            return _union(info, seen)
        case types.DictType():
            return _map(_of(info.value_type, seen))
        case types.VarTupleType() | types.FrozenSetType():
            return _list(_of(info.item_type, seen))
        case types.EnumType():
            return _choice(member.value for member in info.cls)
        case types.LiteralType():
            return _choice(info.values)
        case _:
            return _SCALARS.get(type(info))


def _struct(info: types.StructType, seen: _Seen) -> Translate:
    if info.cls in seen:

        def again(value: Any) -> Any:
            return seen[info.cls](value)  # looked up late: a type that holds itself

        return again
    seen[info.cls] = _integer  # holds the place
    inside = {field.encode_name: _of(field.type, seen) for field in info.fields}
    unset = {field.encode_name for field in info.fields if not _is_nullable(field.type)}
    left_out = {
        field.encode_name: _nothing(field.type)
        for field in info.fields
        if field.required and (_is_nullable(field.type) or _is_many(field.type))
    }

    def translate(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        members = {
            name: follow(one) if (follow := inside.get(name)) is not None else one
            for name, one in cast("dict[str, Any]", value).items()
            if one is not None or name not in unset
        }
        return left_out | members

    seen[info.cls] = translate
    return translate


def _union(info: types.UnionType, seen: _Seen) -> Translate | None:
    """Of one type or null; or of structs by their tags. Other unions are free in protobuf."""
    options = [option for option in _plain(info) if not isinstance(option, types.NoneType)]
    if len(options) == 1:
        return _of(options[0], seen)
    structs = [option for option in options if isinstance(option, types.StructType)]
    if len(structs) < len(options):
        return None
    tag_field = structs[0].tag_field
    by_tag = {option.tag: _struct(option, seen) for option in structs}

    def translate(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        members = cast("dict[Any, Any]", value)
        tag = members.get(tag_field)
        follow = by_tag.get(tag) if isinstance(tag, (str, int)) else None
        return members if follow is None else follow(members)

    return translate


def _map(follow: Translate | None) -> Translate | None:
    def translate(value: Any) -> Any:
        if follow is None or not isinstance(value, dict):
            return value
        members = cast("dict[str, Any]", value)
        return {name: follow(one) for name, one in members.items()}

    return None if follow is None else translate


def _list(follow: Translate | None) -> Translate | None:
    def translate(value: Any) -> Any:
        if follow is None or not isinstance(value, list):
            return value
        return [follow(one) for one in cast("list[Any]", value)]

    return None if follow is None else translate


def _choice(values: Iterable[Any]) -> Translate | None:
    return _integer if all(isinstance(value, int) for value in values) else None


def _plain(info: types.Type) -> list[types.Type]:
    """What a value can be, without what is annotated."""
    if isinstance(info, types.Metadata):
        return _plain(info.type)
    if isinstance(info, types.UnionType):
        return [one for option in info.types for one in _plain(option)]
    return [info]


def _is_nullable(info: types.Type) -> bool:
    return any(isinstance(one, (types.NoneType, types.AnyType)) for one in _plain(info))


def _is_many(info: types.Type) -> bool:
    many = (types.VarTupleType, types.FrozenSetType, types.DictType)
    return len(plain := _plain(info)) == 1 and isinstance(plain[0], many)


def _nothing(info: types.Type) -> Any:
    """What a field that is left out stands for."""
    if _is_nullable(info):
        return None
    return {} if isinstance(_plain(info)[0], types.DictType) else []
