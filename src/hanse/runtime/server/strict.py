"""Reads JSON at the public door, where unknown fields, what comes twice and depth are refused."""

from __future__ import annotations

import math
import typing
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING, Any, get_origin

import msgspec

from hanse.kit.json_text import deeper_than, keys_kept, keys_written
from hanse.runtime.contract.immutable import parts
from hanse.runtime.contract.method import invalid
from hanse.runtime.errors import InvalidArgument, Violation
from hanse.runtime.server.second_look import (
    INTEGRAL,
    NAME_LENGTH_MAX,
    SMALL_SET,
    duplicate,
    walk_of,
    walk_struct,
    without_fraction,
)

if TYPE_CHECKING:
    from collections.abc import Callable

_SAME_DIGIT = bytes.maketrans(b"123456789", b"000000000")
_LONG = b"0" * 19
_generic = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode

VIOLATIONS_MAX = 20
"""So many are told at once; a body has room for a hundred thousand."""

VALUES_MAX = 20_000
"""Objects and arrays in a body: to look at each takes microseconds, in which nobody else runs."""

DECIMAL_EXPONENT_MAX = 6144  # of IEEE 754's decimal128; whoever writes out 1e999999 is long at it

DETAIL_LENGTH_MAX = 500


class StrictReader:
    """Reads one request type.

    The value itself comes from one typed decode. What that cannot see (fields below the top that
    nobody declared, what comes twice) needs a second look, which most requests do not: a body
    with no more colons than required fields has no room for another key, and one that we would
    write with the same bytes has nothing else in it.

    Args:
        request_type: A struct. One of our making forbids unknown fields at the top for free.
        depth: Nesting of arrays and objects at most.
        ours: Whether it is of our making. Values of another are to be of the very class, so there
            the second look alone finds what nobody declared.
    """

    __slots__ = (
        "_counts",
        "_decimals",
        "_decode",
        "_depth",
        "_required",
        "_sets",
        "_type",
        "_walk",
    )

    def __init__(
        self, request_type: type[msgspec.Struct], depth: int, *, ours: bool = True
    ) -> None:
        fields = msgspec.structs.fields(request_type)
        self._type = request_type
        decoded = forbidding(request_type) if ours else request_type
        self._decode = msgspec.json.Decoder(decoded).decode
        self._depth = depth
        self._counts = any(one is int or one is Any for one in parts(request_type))
        self._decimals = any(one is Decimal for one in parts(request_type))
        self._sets = any(get_origin(one) is frozenset for one in parts(request_type))
        self._walk = walk_struct(request_type, {})
        flat = all(walk_of(field.type, {}) is None for field in fields)
        self._required = sum(field.required for field in fields) if flat else -1

    def read(self, body: bytes) -> Any:
        """The arguments; `InvalidArgument` names what is wrong and where."""
        # First how deep and how much: all that follows goes down with it, or through it.
        opened = body.count(b"[") + body.count(b"{")
        if opened > self._depth:
            self._check_shape(body, opened)
        if self._sets and body.count(b",") > SMALL_SET:
            self._look_closer(body)  # before a set is made of it
        arguments = self._decoded(body)
        if body.count(b":") > self._required and not _as_we_write(arguments, body):
            self._look_closer(body)
        if (self._counts and _LONG in body.translate(_SAME_DIGIT)) or self._decimals:
            check_numbers(arguments)
        return arguments

    def _check_shape(self, body: bytes, opened: int) -> None:
        if opened > VALUES_MAX:
            message = f"The JSON has more than {VALUES_MAX} objects and arrays."
            raise InvalidArgument(message, violations=(Violation("", "items", message),))
        if deeper_than(body, self._depth):
            message = f"The JSON is nested more than {self._depth} deep."
            raise InvalidArgument(message, violations=(Violation("", "depth", message),))

    def _decoded(self, body: bytes) -> Any:
        try:
            return self._decode(body)
        except TypeError:
            raise _no_number() from None  # a signaling NaN in a set, which has no hash
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            if b".0" not in body or not isinstance(error, msgspec.ValidationError):
                raise _short(invalid(error, self._type)) from None
            whole = INTEGRAL.sub(without_fraction, body)
        # To JSON Schema, and so to our own description, 1.0 is an integer.
        try:
            return self._decode(whole)
        except msgspec.ValidationError as error:
            raise _short(invalid(error, self._type)) from None

    def _look_closer(self, body: bytes) -> None:
        try:
            value = _generic(body)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            # Inside a field that nobody declared, which the typed decode only skipped.
            raise invalid(error) from None
        violations = tuple(islice(self._walk(value, ""), VIOLATIONS_MAX))
        if not violations and keys_written(body) > keys_kept(value):
            violations = (duplicate(body),)
        if violations:
            raise InvalidArgument(violations[0].message, violations=violations)


def _as_we_write(arguments: Any, body: bytes) -> bool:
    """Whether a body, but for spaces, is what we would write: then nothing in it was passed over.

    Most clients write fields in the order of their declaration; a look costs them a tenth.
    """
    written = _encode(arguments)
    try:
        return body == written or msgspec.json.format(body, indent=-1) == written
    except msgspec.DecodeError:  # in what the typed decode only skipped
        return False


def check_numbers(arguments: Any) -> None:
    """Refuses numbers that not every client could read; `InvalidArgument`."""
    if not holds(arguments, is_sendable):
        raise _no_number()


def _no_number() -> InvalidArgument:
    message = "A number is finite here, an integer between -2**63 and 2**63 - 1."
    return InvalidArgument(message, violations=(Violation("", "int64", message),))


_PLAIN = frozenset((str, int, float, bool, type(None)))
"""Most values are of these, and nothing is inside of them."""


def holds(value: Any, rule: Callable[[Any], bool]) -> bool:
    """Whether a rule holds for a value and for all inside of it."""
    if type(value) in _PLAIN:
        return rule(value)
    if isinstance(value, msgspec.Struct):
        return all(holds(getattr(value, name), rule) for name in value.__struct_fields__)
    if isinstance(value, (tuple, list, set, frozenset)):
        items = typing.cast("typing.Iterable[Any]", value)
        return all(holds(one, rule) for one in items)
    if isinstance(value, dict):
        members = typing.cast("dict[Any, Any]", value)
        return all(holds(one, rule) for one in members.values())
    return rule(value)


def is_sendable(value: Any) -> bool:
    """Whether a number can be handed on to every client: an int64, and neither NaN nor infinite."""
    if isinstance(value, int):
        return -(2**63) <= value < 2**63
    if isinstance(value, Decimal):
        return value.is_finite() and abs(value.adjusted()) <= DECIMAL_EXPONENT_MAX
    return not isinstance(value, float) or math.isfinite(value)


def _short(refusal: InvalidArgument) -> InvalidArgument:
    """The same, without sending a name back that is as long as the body."""
    if len(refusal.detail) <= DETAIL_LENGTH_MAX:
        return refusal
    told = refusal.violations[0]
    message = f"{told.message[:DETAIL_LENGTH_MAX]}…"
    field, rule = told.field[:NAME_LENGTH_MAX], told.rule[:NAME_LENGTH_MAX]
    return InvalidArgument(message, violations=(Violation(field, rule, message),))


def forbidding(struct: type[msgspec.Struct]) -> type[msgspec.Struct]:
    """The same struct, refusing fields it does not know."""
    return msgspec.defstruct(
        struct.__name__, [], bases=(struct,), forbid_unknown_fields=True, frozen=True
    )
