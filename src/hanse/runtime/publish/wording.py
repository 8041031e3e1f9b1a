"""The rules of a value in words, for readers of generated files."""

from __future__ import annotations

import json

from hanse.runtime.contract.description import FieldDescription, Many, Scalar, Shape

_FORMS = {
    "bytes": "base64",
    "datetime": "RFC 3339 date and time",
    "date": "date, YYYY-MM-DD",
    "time": "time of day, HH:MM:SS",
    "duration": "ISO 8601 duration",
    "uuid": "UUID",
    "decimal": "decimal number as text",
}


def doc_lines(text: str) -> list[str]:
    """The lines of a documentation text, without what would break a comment or a terminal."""
    lines = text.strip().splitlines()
    return ["".join(c if c.isprintable() else " " for c in line).rstrip() for line in lines]


def field_lines(field: FieldDescription) -> list[str]:
    """Documentation of a field: its text, its rules, its default."""
    lines = [*doc_lines(field.doc), *rules(field.shape)]
    if not field.required and field.default not in (None, "", [], {}, ()):
        lines.append(f"Default: {json.dumps(field.default, default=str)}.")
    return lines


def rules(shape: Shape) -> list[str]:
    """What a value of the shape must satisfy beyond its type, one sentence a rule."""
    match shape:
        case Scalar():
            return _scalar_rules(shape)
        case Many():
            places = _between(shape.min_length, shape.max_length, "item")
            return [*places, *(["No item twice."] if shape.unique else [])]
        case _:
            return []


def _scalar_rules(scalar: Scalar) -> list[str]:
    found = [f"{_FORMS[scalar.name]}."] if scalar.name in _FORMS else []
    unit = "byte" if scalar.name == "bytes" else "character"
    found += _between(scalar.min_length, scalar.max_length, unit)
    bounds = {
        "At least": scalar.minimum,
        "At most": scalar.maximum,
        "More than": scalar.exclusive_minimum,
        "Less than": scalar.exclusive_maximum,
        "A multiple of": scalar.multiple_of,
    }
    found += [f"{word} {_number(bound)}." for word, bound in bounds.items() if bound is not None]
    return [*found, *([f"Matches {json.dumps(scalar.pattern)}."] if scalar.pattern else [])]


def _between(least: int | None, most: int | None, unit: str) -> list[str]:
    if least and most is not None:
        return [f"{least} to {_counted(most, unit)}."]
    if most is not None:
        return [f"At most {_counted(most, unit)}."]
    return [f"At least {_counted(least, unit)}."] if least else []


def _counted(count: int, unit: str) -> str:
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def _number(bound: float) -> str:
    return str(int(bound)) if float(bound).is_integer() else str(bound)
