"""One value of a filter, as the statement is given it."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from hanse.runtime.data.query.query import DIGITS_MAX, TEXT_MAX
from hanse.runtime.data.query.refusal import WrongValueError, shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from hanse.runtime.data.query.fields import Field, Kind

INTEGERS = range(-(2**63), 2**63)


def bound(field: Field, value: Any) -> Any:
    """A value of a field's kind, in the type the statement compares it by.

    Raises:
        WrongValueError: It is of another kind, or one that cannot be stored.
    """
    return _BOUND[field.kind](field, value)


def item(field: Field, value: Any) -> str:
    """A value of a list, as JSON and as documents have it.

    Raises:
        WrongValueError: As of `bound`.
    """
    if field.kind == "instant":
        return msgspec.json.encode(_utc(value)).decode()
    return msgspec.json.encode(_BOUND[field.kind](field, value)).decode()


def type_of(field: Field) -> str:
    """The SQL type that values of a field are bound as."""
    return "timestamptz" if field.column and field.kind == "instant" else _TYPES[field.kind]


def storable(text: str) -> str:
    """A text that PostgreSQL can hold.

    Raises:
        WrongValueError: It has a zero character, or half of a surrogate pair.
    """
    if "\0" in text:
        raise WrongValueError("no U+0000", "a text holds no zero character; take it out.")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            message = "a text holds no lone surrogates; send valid Unicode."
            raise WrongValueError("valid Unicode", message) from None
    return text


def _text(_: Field, value: Any) -> str:
    if not isinstance(value, str):
        raise _wrong("text", value)
    if len(value) > TEXT_MAX:
        message = f"a text of a filter has {TEXT_MAX} characters at most, this one {len(value)}."
        raise WrongValueError(f"length <= {TEXT_MAX}", message)
    return storable(value)


def _integer(_: Field, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise _wrong("integer", value)
    if value not in INTEGERS:
        raise WrongValueError("64 bits", "an integer lies between -2^63 and 2^63 - 1.")
    return value


def _number(_: Field, value: Any) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise _wrong("number", value)
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise WrongValueError("finite", "a number is finite and fits 64 bits.")
    return number


def _decimal(_: Field, value: Any) -> Decimal:
    if isinstance(value, str) and len(value) > DIGITS_MAX:
        raise _too_long()
    number = _converted(value, Decimal, "decimal", (str, int, float, Decimal))
    if not number.is_finite():
        raise WrongValueError("finite", "a decimal is finite.")
    if abs(number.adjusted()) >= DIGITS_MAX or len(number.as_tuple().digits) > DIGITS_MAX:
        raise _too_long()
    return number


def _boolean(_: Field, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _wrong("boolean (true or false)", value)
    return value


def _uuid(field: Field, value: Any) -> UUID:
    if field.identify is None or isinstance(value, UUID):
        return _converted(value, UUID, "uuid", (str, UUID))
    if not isinstance(value, str):
        raise _wrong("id", value)
    try:
        return field.identify(value)
    except ValueError as error:
        raise WrongValueError("type id", f"{shown(value)} is no such id. {error}") from None


def _date(_: Field, value: Any) -> str:
    if isinstance(value, datetime):
        raise _wrong("date like 2026-01-31", value)
    return _converted(value, date, "date like 2026-01-31", (str, date)).isoformat()


def _instant(field: Field, value: Any) -> Any:
    instant = _utc(value)
    # Documents have 0 or 6 digits of a second; the index writes all of them with 6 (26 characters).
    return instant if field.column else instant.isoformat(timespec="microseconds")[:26]


def _utc(value: Any) -> datetime:
    expected = "instant like 2026-01-31T12:00:00Z"
    instant = _converted(value, datetime, expected, (str, datetime))
    if instant.tzinfo is None:
        raise WrongValueError("time zone", "an instant says its time zone, like Z or +02:00.")
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise WrongValueError("years 1 to 9999", "in UTC this is no year of four digits.") from None


def _converted(value: Any, kind: Any, expected: str, given: tuple[type, ...]) -> Any:
    if not isinstance(value, given) or isinstance(value, bool):
        raise _wrong(expected, value)
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError:
        raise _wrong(expected, value) from None


def _wrong(expected: str, value: Any) -> WrongValueError:
    message = f"expected one {expected}, got {shown(value)}."
    return WrongValueError(f"type {expected.partition(' ')[0]}", message)


def _too_long() -> WrongValueError:
    message = f"a decimal has {DIGITS_MAX} digits at most, before and after its point."
    return WrongValueError(f"digits <= {DIGITS_MAX}", message)


_BOUND: dict[Kind, Callable[[Field, Any], Any]] = {
    "text": _text,
    "integer": _integer,
    "number": _number,
    "decimal": _decimal,
    "boolean": _boolean,
    "uuid": _uuid,
    "date": _date,
    "instant": _instant,
}
_TYPES: dict[Kind, str] = {
    "text": "text",
    "integer": "bigint",
    "number": "float8",
    "decimal": "numeric",
    "boolean": "boolean",
    "uuid": "uuid",
    "date": "text",
    "instant": "text",
}
