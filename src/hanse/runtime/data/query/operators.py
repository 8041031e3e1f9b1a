"""The operators there are, which fields they are for, and what they are as SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from hanse.runtime.data.query.fields import items_of
from hanse.runtime.data.query.values import type_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hanse.runtime.data.query.fields import Field

Node: TypeAlias = "tuple[str, str] | tuple[str, tuple[Node, ...]]"
"""A filter without its values: an operator and the name of its field, or `$and`, `$or` or `$not`
and the nodes below. Filters of one shape are equal, and become the same statement."""

JOINERS = ("$and", "$or", "$not")

# What a filter's operators become where the operand decides: their names cannot be written.
ABSENT, PRESENT, EMPTY, FILLED, PREFIX_TO_END = (
    "absent", "present", "empty", "filled", "prefix to the end",
)  # fmt: skip

_EQUAL = ("$eq", "$ne", "$in", "$nin", "$exists")
_ORDERED = (*_EQUAL, "$gt", "$gte", "$lt", "$lte")
_TEXT = (*_ORDERED, "$startsWith", "$isEmpty")
_BLIND = (*_EQUAL, "$isEmpty")
_LIST = ("$exists", "$isEmpty")
_ITEMS = ("$hasAll", "$hasSome")

# {e}: the expression; {0}, {1}: numbers of parameters; {t}: their type. None of them is NULL where
# it holds, and NULL counts as false; so `is not true` is all that a negation takes.
_SCALAR = {
    "$eq": "{e} = ${0}::{t}",
    "$ne": "{e} is distinct from ${0}::{t}",
    "$gt": "{e} > ${0}::{t}",
    "$gte": "{e} >= ${0}::{t}",
    "$lt": "{e} < ${0}::{t}",
    "$lte": "{e} <= ${0}::{t}",
    "$in": "{e} = any(${0}::{t}[])",
    "$nin": "({e} = any(${0}::{t}[])) is not true",
    "$startsWith": "({e} >= ${0}::{t} and {e} < ${1}::{t})",
    PREFIX_TO_END: "{e} >= ${0}::{t}",
    ABSENT: "{e} is null",
    PRESENT: "{e} is not null",
    EMPTY: "({e} is null or {e} = '')",
    FILLED: "{e} <> ''",
}
_MANY = {
    "$hasAll": "{e} @> jsonb_set('{{}}'::jsonb, array[$1::text], ${0}::text::jsonb)",
    "$hasSome": (
        "{e} @> any(array(select jsonb_set('{{}}'::jsonb, array[$1::text], item::jsonb)"
        " from unnest(${0}::text[]) item))"
    ),
}
_WHOLE = {
    ABSENT: "coalesce({e}, 'null') = 'null'::jsonb",
    PRESENT: "coalesce({e}, 'null') <> 'null'::jsonb",
    EMPTY: "coalesce({e}, 'null') in ('null'::jsonb, '[]'::jsonb)",
    FILLED: "coalesce({e}, 'null') not in ('null'::jsonb, '[]'::jsonb)",
}
_TAKEN = {"$startsWith": 2, ABSENT: 0, PRESENT: 0, EMPTY: 0, FILLED: 0}


def operators_of(field: Field) -> tuple[str, ...]:
    """What may be asked of a field."""
    if field.many:
        # A decimal is text in a document, and of "1.0" and "1.00" a list cannot say they are one.
        return _LIST if field.kind == "decimal" else (*_ITEMS, *_LIST)
    if field.blind:
        return _BLIND
    if field.kind == "text":
        return _TEXT
    return _EQUAL if field.kind == "boolean" else _ORDERED


def condition(node: Node, fields: Mapping[str, Field], numbers: Iterator[int]) -> str:
    """A filter as SQL that is never NULL where it holds.

    Args:
        node: The filter; its values are bound in the order in which they stand in it.
        fields: By name.
        numbers: Of the parameters to come.
    """
    operator, rest = node
    if isinstance(rest, str):
        return _leaf(operator, fields[rest], numbers)
    parts = [condition(part, fields, numbers) for part in rest]
    if operator == "$not":
        return f"({parts[0]}) is not true"
    return f"({(' and ' if operator == '$and' else ' or ').join(parts)})"


def _leaf(operator: str, field: Field, numbers: Iterator[int]) -> str:
    taken = [next(numbers) for _ in range(_TAKEN.get(operator, 1))]
    if not field.many:
        return _SCALAR[operator].format(*taken, e=field.sql, t=type_of(field))
    if operator in _MANY:
        return _MANY[operator].format(*taken, e=items_of(field))
    return _WHOLE[operator].format(e=field.sql)
