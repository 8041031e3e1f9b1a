"""Reads a filter: its shape, from which the statement is made, and its values, which are bound."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from hanse.runtime.data.query.operators import (
    ABSENT,
    EMPTY,
    FILLED,
    JOINERS,
    PREFIX_TO_END,
    PRESENT,
    Node,
    operators_of,
)
from hanse.runtime.data.query.query import CONDITIONS_MAX, DEPTH_MAX, LIST_MAX
from hanse.runtime.data.query.refusal import (
    NO_ORDER,
    NOT_FOUND_BY,
    Violations,
    WrongValueError,
    listed,
    shown,
)
from hanse.runtime.data.query.values import bound, item

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from hanse.runtime.data.query.fields import Field

_LAST = "\U0010ffff"
_CHOICES = {
    "$exists": (PRESENT, ABSENT),
    "$isEmpty": (EMPTY, FILLED),
}
_NULL = {"$eq": ABSENT, "$ne": PRESENT}


class FilterReader:
    """Reads one filter.

    Args:
        fields: What can be asked for, by name.
        violations: What is wrong goes there; with any, shape and values are not to be used.
        sealed: Names of what no query can ask for.
        token: What stands for a text in a blind field; needed where there are such.

    Attributes:
        values: What the filter compares with, in the order of its conditions.
    """

    def __init__(
        self,
        fields: Mapping[str, Field],
        violations: Violations,
        sealed: Collection[str] = (),
        token: Callable[[str], str] | None = None,
    ) -> None:
        self.values: list[Any] = []
        self._sealed = sealed
        self._token = token
        self._fields = fields
        self._violations = violations
        self._left = CONDITIONS_MAX

    def read(self, given: Any) -> Node | None:
        """The filter's shape, or None if it asks for nothing."""
        if given == {}:
            return None
        return self._filter(given, "filter", DEPTH_MAX)

    def _filter(self, given: Any, place: str, depth: int) -> Node | None:
        if not self._has_room():
            return None
        if not isinstance(given, Mapping) or not given:
            example = '{"status": "open"}'
            self._violations.add(
                place, "type object", f"a filter has a condition at least, like {example}."
            )
            return None
        if depth == 0:
            message = f"filters stand {DEPTH_MAX} deep in each other at most; write it flatter."
            self._violations.add(place, f"depth <= {DEPTH_MAX}", message)
            return None
        nodes: list[Node] = []
        for key, value in cast("Mapping[Any, Any]", given).items():
            field = self._fields.get(key)
            if field is not None:
                self._conditions(field, value, place, nodes)
            elif key in JOINERS:
                self._joined(key, value, f"{place}.{key}", depth, nodes)
            else:
                self._unknown(key, place)
        return nodes[0] if len(nodes) == 1 else ("$and", tuple(nodes))

    def _joined(self, joiner: str, given: Any, place: str, depth: int, nodes: list[Node]) -> None:
        if joiner == "$not":
            parts = [self._filter(given, place, depth - 1)]
        elif isinstance(given, (list, tuple)) and given:
            parts = [
                self._filter(one, f"{place}[{number}]", depth - 1)
                for number, one in enumerate(cast("list[Any]", given))
            ]
        else:
            self._violations.add(place, "type array", "it takes a list of filters, one at least.")
            return
        nodes.append((joiner, tuple(part for part in parts if part is not None)))

    def _conditions(self, field: Field, given: Any, place: str, nodes: list[Node]) -> None:
        if not isinstance(given, dict):
            asked = ("$exists", False) if given is None else ("$eq", given)
            self._condition(field, *asked, (place, field.name), nodes)
            return
        operators = cast("dict[Any, Any]", given)
        if not operators:
            allowed = listed(operators_of(field))
            message = f"no operator is there; allowed are {allowed}."
            self._violations.add(f"{place}.{field.name}", "an operator", message)
        for operator, operand in operators.items():
            self._condition(field, operator, operand, (place, field.name, str(operator)), nodes)

    def _condition(
        self, field: Field, operator: Any, operand: Any, place: tuple[str, ...], nodes: list[Node]
    ) -> None:
        """Adds one condition; the place is joined only where it has to be told."""
        if not self._has_room():
            return
        if operator not in operators_of(field):
            allowed = operators_of(field)
            kind = "a list" if field.many else "a sealed text" if field.blind else field.kind
            message = f"{kind} is asked by {listed(allowed)}, not by {shown(operator)}."
            if field.blind:
                message += f" It {NO_ORDER}"
            self._violations.add(".".join(place), f"one of {listed(allowed)}", message)
            return
        try:
            known = len(self.values)
            nodes.append((_READ[operator](self.values, field, operator, operand), field.name))
            if field.blind:
                self.values[known:] = map(self._blinded, self.values[known:])
        except _WrongItemError as error:
            at = f"{'.'.join(place)}[{error.number}]"
            self._violations.add(at, error.cause.rule, error.cause.message)
        except WrongValueError as error:
            self._violations.add(".".join(place), error.rule, error.message)

    def _blinded(self, value: Any) -> Any:
        """What a statement compares instead of a text, or of each of some."""
        if isinstance(value, list):
            return [self._blinded(one) for one in cast("list[Any]", value)]
        assert self._token is not None, "a field is blind"
        return self._token(value)

    def _has_room(self) -> bool:
        """Counts conditions, and filters in filters."""
        self._left -= 1
        if self._left == -1:
            message = f"a filter has {CONDITIONS_MAX} conditions at most, those it joins included."
            self._violations.add("filter", f"conditions <= {CONDITIONS_MAX}", message)
        return self._left >= 0

    def _unknown(self, key: Any, place: str) -> None:
        if isinstance(key, str) and key.startswith("$"):
            message = f"there is no {shown(key)}; filters are joined by {listed(JOINERS)}."
            self._violations.add(f"{place}.{key[:100]}", f"one of {listed(JOINERS)}", message)
            return
        names = listed(self._fields)
        message = f"there is no field {shown(key)} to filter by; there are {names}."
        if key in self._sealed:
            message = f"{key} {NOT_FOUND_BY}"
        self._violations.add(f"{place}.{str(key)[:100]}", "unknown", message)


class _WrongItemError(Exception):
    """One item of an operand's list does not fit."""

    def __init__(self, number: int, cause: WrongValueError) -> None:
        super().__init__()
        self.number = number
        self.cause = cause


def _scalar(values: list[Any], field: Field, operator: str, operand: Any) -> str:
    if operand is None and operator in _NULL:
        return _NULL[operator]
    values.append(bound(field, operand))
    return operator


def _list(values: list[Any], field: Field, operator: str, operand: Any) -> str:
    values.append(_each(operand, field, bound))
    return operator


def _items(values: list[Any], field: Field, operator: str, operand: Any) -> str:
    read = _each(operand, field, item)
    if not read:
        raise WrongValueError("length >= 1", "it takes one item at least.")
    values.append(f"[{','.join(read)}]" if operator == "$hasAll" else [f"[{one}]" for one in read])
    return operator


def _choice(_: list[Any], __: Field, operator: str, operand: Any) -> str:
    if not isinstance(operand, bool):
        raise WrongValueError("type boolean", f"it takes true or false, not {shown(operand)}.")
    return _CHOICES[operator][not operand]


def _prefix(values: list[Any], field: Field, operator: str, operand: Any) -> str:
    first: str = bound(field, operand)
    if not first:
        raise WrongValueError("length >= 1", "it takes one character at least.")
    values.append(first)
    # What comes after all that begins so: the prefix with its last character moved on by one.
    rest = first.rstrip(_LAST)
    if not rest:
        return PREFIX_TO_END
    following = ord(rest[-1]) + 1
    values.append(rest[:-1] + chr(0xE000 if following == 0xD800 else following))  # no surrogates
    return operator


def _each(operand: Any, field: Field, read: Callable[[Field, Any], Any]) -> list[Any]:
    if not isinstance(operand, (list, tuple)):
        raise WrongValueError("type array", f"it takes a list, not {shown(operand)}.")
    given = cast("list[Any]", operand)
    if len(given) > LIST_MAX:
        message = f"a list has {LIST_MAX} values at most, this one {len(given)}."
        raise WrongValueError(f"length <= {LIST_MAX}", message)
    found: list[Any] = []
    for number, one in enumerate(given):
        try:
            found.append(read(field, one))
        except WrongValueError as error:
            raise _WrongItemError(number, error) from None
    return found


_READ: dict[str, Callable[[list[Any], Field, str, Any], str]] = {
    **dict.fromkeys(("$eq", "$ne", "$gt", "$gte", "$lt", "$lte"), _scalar),
    **dict.fromkeys(("$in", "$nin"), _list),
    **dict.fromkeys(("$hasAll", "$hasSome"), _items),
    **dict.fromkeys(_CHOICES, _choice),
    "$startsWith": _prefix,
}
