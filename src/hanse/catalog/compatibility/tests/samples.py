"""Values of a shape, as JSON: at its bounds and beyond, each option, with and without defaults."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hanse.runtime.contract.description import (
    AnyOf,
    Choice,
    FieldDescription,
    Many,
    Ref,
    Row,
    Scalar,
    Shape,
    Table,
    TypeDescription,
)

SCALARS: dict[str, list[Any]] = {
    "string": ["", "a", "ab", "b", "abc", *("a" * size for size in range(4, 12)), "é"],
    "integer": [*range(-3, 13), 100, -(2**40)],
    "number": [-2.5, -1, 0, 0.5, 1, 9.5, 1e9, 1e-9],
    "boolean": [True, False],
    "bytes": ["", "YWJj"],
    "datetime": ["2026-11-30T08:00:00Z"],
    "date": ["2026-11-30"],
    "time": ["08:00:00"],
    "duration": ["PT5S"],
    "uuid": ["0190a0a0-0000-7000-8000-000000000001"],
    "decimal": ["1.50"],
    "null": [None],
    "any": [None, "a", {"k": 1}],
}

Types = Mapping[str, TypeDescription]


def samples(shape: Shape, types: Types, *, sparse: bool) -> Iterator[Any]:
    """Values, some of which break the bounds of the shape.

    Args:
        shape: Of what.
        types: Structs by name.
        sparse: Whether fields with defaults may be lacking.
    """
    match shape:
        case Scalar(name=name):
            yield from SCALARS[name]
        case Choice(values=values):
            yield from values
        case AnyOf(options=options):
            for option in options:
                yield from samples(option, types, sparse=sparse)
        case Many(item=item):
            items = list(itertools.islice(samples(item, types, sparse=sparse), 20))
            yield from ([], *([one] for one in items))
            for size in (2, 3, 9, 10, 11):
                yield [items[at % len(items)] for at in range(size)]
                yield [items[-1]] * size
        case Table(value=value):
            yield {}
            yield from ({"k": one} for one in samples(value, types, sparse=sparse))
        case Row(items=items):
            each = [next(samples(item, types, sparse=sparse)) for item in items]
            for at, item in enumerate(items):
                for one in samples(item, types, sparse=sparse):
                    yield [*each[:at], one, *each[at + 1 :]]
        case Ref(name=name):
            found = types[name]
            tag = {found.tag_field: found.tag} if found.tag_field else {}
            yield from (tag | one for one in objects(found.fields, types, sparse=sparse))


def objects(
    fields: Sequence[FieldDescription], types: Types, *, sparse: bool
) -> Iterator[dict[str, Any]]:
    """Objects in which one field after the other takes all its values."""
    each = {one.name: list(samples(one.shape, types, sparse=sparse)) for one in fields}
    first = {
        one.name: one.default if not one.required else _middle(each[one.name]) for one in fields
    }
    yield first
    for one in fields:
        yield from (first | {one.name: value} for value in each[one.name])
    if sparse:
        yield {one.name: first[one.name] for one in fields if one.required}


def _middle(values: list[Any]) -> Any:
    """One that is within most bounds."""
    return values[min(len(values) - 1, 4)]
