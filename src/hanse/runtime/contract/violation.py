"""Turns a decoder's complaint into field, rule and a sentence."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from msgspec import inspect as types

from hanse.runtime.errors import Violation

_AT = re.compile(r" - at (?P<key>`key` in )?`\$?(?P<path>[^`]*)`$")
_UNKNOWN = re.compile(r"Object contains unknown field `(?P<name>[^`]*)`")
_MISSING = re.compile(r"Object missing required field `(?P<name>[^`]*)`")
_STEP = re.compile(r"\.?([^.\[\]]+)|\[(\d+|\.\.\.)\]")


def violation_of(error: Exception, kind: Any = None) -> Violation:
    """Reads msgspec's message; tests pin its wording, so that an upgrade cannot change ours.

    Args:
        error: What the decoder raised.
        kind: The type it read, so that of a choice all values can be named.
    """
    if isinstance(error, RecursionError):
        return Violation("", "depth", "The JSON is nested too deeply.")
    if not isinstance(error, msgspec.ValidationError):
        return Violation("", "json", _syntax_message(error))
    text = str(error)
    at = _AT.search(text)
    what, path = (text[: at.start()], at["path"].lstrip(".")) if at else (text, "")
    if found := _UNKNOWN.fullmatch(what):
        field = _joined(path, found["name"])
        return Violation(field, "unknown", f"There is no field `{field}`; take it out.")
    if found := _MISSING.fullmatch(what):
        field = _joined(path, found["name"])
        return Violation(field, "required", f"`{field}` is missing; give it a value.")
    subject = _subject(path)
    if at and at["key"]:
        subject = f"A key of {subject}"
    if what.startswith(("Invalid enum value", "Invalid value")) and kind is not None:
        allowed = "one of " + ", ".join(map(repr, choices_at(kind, path)))
        return Violation(path, allowed, f"{subject}: {_sentence(what)[:-1]}; it is {allowed}.")
    return Violation(path, _rule(what), f"{subject}: {_sentence(what)}")


def _rule(what: str) -> str:
    if found := re.fullmatch(r"Expected `\w+` of (length .+)", what):
        return found[1]
    if found := re.fullmatch(r"Expected `\w+` ((?:[<>]=?|matching|that's) .+)", what):
        return found[1]
    if found := re.match(r"Expected `([^`]+)`", what):
        return f"type {found[1]}"
    return "value"


def _sentence(what: str) -> str:
    return what[0].lower() + what[1:] + "."


def _subject(path: str) -> str:
    return f"`{path}`" if path else "The request"


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _syntax_message(error: Exception) -> str:
    text = str(error)
    if "truncated" in text:
        return "The JSON ends too early."
    if "utf-8" in text.lower() or "utf8" in text.lower():
        return "The JSON is not valid UTF-8."
    return f"The JSON cannot be read: {text}."


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
