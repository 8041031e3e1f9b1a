"""What the query language means, said once more in plain Python: nothing here knows of SQL."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from hanse.runtime.data.query.fields import Field
from hanse.runtime.data.query.tests.deals import BY_NAME, identify


class Item(NamedTuple):
    """A row, its document as Python has it."""

    id: UUID
    revision: int
    create_time: datetime
    doc: dict[str, Any]


def value_of(item: Item, name: str) -> Any:
    """A field's value; None if it is absent, or what it lies in is."""
    field = BY_NAME[name]
    if field.column:
        return getattr(item, name)
    found: Any = item.doc
    for step in field.path:
        found = found.get(step) if isinstance(found, dict) else None
    return found


def operand_of(field: Field, given: Any) -> Any:
    if isinstance(given, list):
        return [operand_of(field, one) for one in given]
    match field.kind:
        case "uuid" if isinstance(given, str):
            return identify(given) if field.identify else UUID(given)
        case "date" if isinstance(given, str):
            return date.fromisoformat(given)
        case "instant" if isinstance(given, str):
            return datetime.fromisoformat(given).astimezone(UTC)
        case "decimal":
            return Decimal(str(given))
        case _:
            return given


def holds(given: dict[str, Any], item: Item) -> bool:
    """Whether a filter takes an item: true or false, and nothing between."""
    return all(_part(key, value, item) for key, value in given.items())


def _part(key: str, value: Any, item: Item) -> bool:
    if key == "$and":
        return all(holds(each, item) for each in value)
    if key == "$or":
        return any(holds(each, item) for each in value)
    if key == "$not":
        return not holds(value, item)
    have = value_of(item, key)
    if value is None:
        return have is None
    operators = value if isinstance(value, dict) else {"$eq": value}
    return all(_compared(BY_NAME[key], have, *each) for each in operators.items())


def _compared(field: Field, have: Any, operator: str, given: Any) -> bool:
    if operator == "$exists":
        return (have is not None) == given
    if operator == "$isEmpty":
        return (have is None or have in ("", [])) == given
    if given is None:
        return (have is None) == (operator == "$eq")
    want = operand_of(field, given)
    if operator == "$ne":
        return have is None or have != want
    if operator == "$nin":
        return have is None or have not in want
    return have is not None and COMPARED[operator](have, want)


COMPARED = {
    "$eq": lambda have, want: have == want,
    "$gt": lambda have, want: have > want,
    "$gte": lambda have, want: have >= want,
    "$lt": lambda have, want: have < want,
    "$lte": lambda have, want: have <= want,
    "$in": lambda have, want: have in want,
    "$startsWith": lambda have, want: have.startswith(want),
    "$hasAll": lambda have, want: all(one in have for one in want),
    "$hasSome": lambda have, want: any(one in have for one in want),
}


def in_order(items: list[Item], sort: tuple[str, ...]) -> list[Item]:
    """Absent first, and last where it descends; the id decides last, in the last direction."""
    found = sorted(items, key=lambda item: item.id, reverse=bool(sort) and sort[-1][0] == "-")
    for each in reversed(sort):
        name = each.removeprefix("-")
        found.sort(key=lambda item: _key(value_of(item, name)), reverse=each != name)
    return found


def _key(value: Any) -> tuple[bool, Any]:
    return (False, 0) if value is None else (True, value)
