"""Documents, filters and orders as hypothesis draws them: few values, so that they meet."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import hypothesis.strategies as st

from hanse.runtime.data.query.operators import operators_of
from hanse.runtime.data.query.tests.deals import FIELDS, SCALARS
from hanse.runtime.data.query.tests.evaluator import Item

ALL = {"id": {"$gte": "00000000-0000-0000-0000-000000000000"}}
"""Holds of every item, and the primary key serves it: so any filter may stand beside it."""

LETTERS = [
    "a", "b", "A", "Z", "%", "_", "\\", "'", '"', "$1", " ", "\n",
    "\x01", "\x7f", "é", "e\u0301", "ß", "ÿ", "\ud7ff", "\ue000", "\uffff", "😀", "\U0010fffe", "\U0010ffff",
]  # fmt: skip
TEXT = st.lists(st.sampled_from(LETTERS), max_size=3).map("".join)
INTEGERS = st.sampled_from(
    [0, 1, -1, 2, 7, 2**31, -(2**31) - 1, 2**53 + 1, 2**63 - 1, -(2**63)]
) | st.integers(-3, 3)
NUMBERS = st.sampled_from(
    [0.0, -0.0, 1.0, 0.1, 0.1 + 0.2, 0.3, -1.5, 1e308, -1e308, 5e-324, 2.0**53, 1e23]
) | st.floats(allow_nan=False, allow_infinity=False)
DECIMALS = st.sampled_from([
    "0", "-0", "1", "1.0", "1.00", "0.1", "-12345678901234567890.123456789", "1E+20", "100000000000000000000", "1E-40",
]).map(Decimal)  # fmt: skip
IDS = st.integers(0, 5).map(lambda n: UUID(int=n << 90)) | st.uuids()
DATES = st.sampled_from(
    [date(1, 1, 1), date(999, 12, 31), date(1970, 1, 1), date(2026, 2, 28), date(9999, 12, 31)]
)
INSTANTS = st.sampled_from([
    datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=UTC), datetime(2026, 1, 1, 0, 0, 0, 100_000, tzinfo=UTC),
    datetime(2025, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), datetime(2, 1, 1, tzinfo=UTC), datetime(9998, 12, 31, tzinfo=UTC),
])  # fmt: skip
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "text": TEXT, "integer": INTEGERS, "number": NUMBERS, "decimal": DECIMALS, "boolean": st.booleans(),
    "uuid": IDS, "date": DATES, "instant": INSTANTS,
}  # fmt: skip

NOTHING = object()


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Each field there, null or not there."""
    doc: dict[str, Any] = {}
    for field in FIELDS:
        if field.column:
            continue
        value = VALUES[field.kind]
        value = st.lists(value, max_size=3) if field.many else value
        drawn = draw(st.one_of(value, value, st.none(), st.just(NOTHING)))
        if drawn is NOTHING:
            continue
        inner = doc
        for step in field.path[:-1]:
            inner = inner.setdefault(step, {})
        inner[field.path[-1]] = drawn
    if "address" in doc and draw(st.booleans()):
        doc["address"] = None
    return doc


ITEMS = st.builds(Item, id=IDS, revision=st.integers(0, 2), create_time=INSTANTS, doc=documents())
TABLES = st.lists(ITEMS, max_size=12, unique_by=lambda item: item.id)


@st.composite
def written(draw: st.DrawFn, name: str) -> Any:
    """A value as a filter has it: as Python's own, or as text in one of its forms."""
    field = next(field for field in FIELDS if field.name == name)
    value = draw(VALUES[field.kind])
    match value:
        case UUID():
            return (
                f"person_{value.hex}"
                if field.identify
                else draw(st.sampled_from([value, str(value)]))
            )
        case datetime():
            zone = draw(
                st.sampled_from(
                    [UTC, timezone(timedelta(hours=-5, minutes=-30)), timezone(timedelta(hours=14))]
                )
            )
            return draw(
                st.sampled_from(
                    [
                        value,
                        value.astimezone(zone).isoformat(),
                        value.isoformat().replace("+00:00", "Z"),
                    ]
                )
            )
        case date():
            return draw(st.sampled_from([value, value.isoformat()]))
        case Decimal():
            return draw(st.sampled_from([value, str(value)]))
        case _:
            return value


@st.composite
def conditions(draw: st.DrawFn) -> dict[str, Any]:
    """A field and what is asked of it."""
    field = draw(st.sampled_from(FIELDS))
    operators = draw(
        st.lists(st.sampled_from(operators_of(field)), min_size=1, max_size=2, unique=True)
    )
    asked = {operator: draw(_operand(operator, field.name)) for operator in operators}
    if not field.many and draw(st.booleans()):
        return {field.name: draw(written(field.name) | st.none())}
    return {field.name: asked}


def _operand(operator: str, name: str) -> st.SearchStrategy[Any]:
    match operator:
        case "$exists" | "$isEmpty":
            return st.booleans()
        case "$in" | "$nin":
            return st.lists(written(name), max_size=3)
        case "$hasAll" | "$hasSome":
            return st.lists(written(name), min_size=1, max_size=3)
        case "$startsWith":
            return TEXT.filter(bool)
        case "$eq" | "$ne":
            return written(name) | st.none()
        case _:
            return written(name)


def _joined(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    some = st.lists(inner, min_size=1, max_size=3)
    both = st.tuples(inner, inner).map(lambda two: two[0] | two[1])
    return (
        st.fixed_dictionaries({"$and": some})
        | st.fixed_dictionaries({"$or": some})
        | st.fixed_dictionaries({"$not": inner})
        | both
    )


FILTERS = st.recursive(conditions(), _joined, max_leaves=6).filter(
    lambda given: json.dumps(given, default=str).count("$") < 20
)
_NAMES = [name for name in SCALARS if name != "id"]
SORTS = st.lists(
    st.tuples(st.sampled_from(_NAMES), st.sampled_from(["", "-"])), max_size=3, unique_by=lambda each: each[0]
).map(lambda drawn: tuple(way + name for name, way in drawn))  # fmt: skip
