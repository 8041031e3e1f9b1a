"""Turns a decoder's complaint into field, rule and a sentence."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from hanse.runtime.contract.choices import choices_at
from hanse.runtime.errors import Violation

_AT = re.compile(r" - at (?P<key>`key` in )?`\$?(?P<path>[^`]*)`$")
_UNKNOWN = re.compile(r"Object contains unknown field `(?P<name>[^`]*)`")
_MISSING = re.compile(r"Object missing required field `(?P<name>[^`]*)`")


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
