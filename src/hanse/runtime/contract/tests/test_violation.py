"""What is said of a broken rule, for every rule there is: an upgrade of msgspec cannot change it unseen."""

import datetime
import decimal
import enum
import uuid
from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec
import pytest
from msgspec import Meta, Struct

from hanse import Length, Pattern, Range
from hanse.runtime.contract.violation import violation_of
from hanse.runtime.errors import Violation


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Card(Struct, frozen=True, tag="card"):
    number: int = 0


class Transfer(Struct, frozen=True, tag="transfer"):
    iban: str = ""


class Item(Struct, frozen=True):
    quantity: Annotated[int, Range(1)]


Time = datetime.datetime
BROKEN = [
    (Annotated[str, Length(2)], '"a"', "v", "length >= 2", "`v`: expected `str` of length >= 2."),
    (Annotated[str, Length(0, 2)], '"aaa"', "v", "length <= 2", "`v`: expected `str` of length <= 2."),
    (Annotated[str, Pattern("^a$")], '"b"', "v", "matching regex '^a$'", "`v`: expected `str` matching regex '^a$'."),
    (Annotated[int, Range(2)], "1", "v", ">= 2", "`v`: expected `int` >= 2."),
    (Annotated[int, Range(None, 2)], "3", "v", "<= 2", "`v`: expected `int` <= 2."),
    (Annotated[int, Meta(gt=2)], "2", "v", ">= 3", "`v`: expected `int` >= 3."),
    (Annotated[int, Meta(lt=2)], "2", "v", "<= 1", "`v`: expected `int` <= 1."),
    (Annotated[int, Meta(multiple_of=2)], "3", "v", "that's a multiple of 2", "`v`: expected `int` that's a multiple of 2."),
    (Annotated[float, Range(2)], "1.5", "v", ">= 2.0", "`v`: expected `float` >= 2.0."),
    (Annotated[float, Meta(gt=2)], "2", "v", "> 2.0", "`v`: expected `float` > 2.0."),
    (Annotated[bytes, Length(0, 1)], '"aaaa"', "v", "length <= 1", "`v`: expected `bytes` of length <= 1."),
    (bytes, '"a"', "v", "value", "`v`: invalid base64 encoded string."),
    (Annotated[tuple[int, ...], Length(1, 2)], "[]", "v", "length >= 1", "`v`: expected `array` of length >= 1."),
    (Annotated[tuple[int, ...], Length(1, 2)], "[1,2,3]", "v", "length <= 2", "`v`: expected `array` of length <= 2."),
    (Annotated[Mapping[str, int], Length(0, 1)], '{"a":1,"b":2}', "v", "length <= 1", "`v`: expected `object` of length <= 1."),
    (tuple[int, str], "[1]", "v", "length 2", "`v`: expected `array` of length 2."),
    (str, "1", "v", "type str", "`v`: expected `str`, got `int`."),
    (int, '"x"', "v", "type int", "`v`: expected `int`, got `str`."),
    (int, "null", "v", "type int", "`v`: expected `int`, got `null`."),
    (bool, "1", "v", "type bool", "`v`: expected `bool`, got `int`."),
    (None, "1", "v", "type null", "`v`: expected `null`, got `int`."),
    (int | None, '"x"', "v", "type int | null", "`v`: expected `int | null`, got `str`."),
    (int | str, "1.5", "v", "type int | str", "`v`: expected `int | str`, got `float`."),
    (Annotated[int, Range(1)] | None, "0", "v", ">= 1", "`v`: expected `int` >= 1."),
    (int, "9" * 5000, "v", "value", "`v`: integer value out of range."),
    (Time, '"x"', "v", "value", "`v`: invalid RFC3339 encoded datetime."),
    (Annotated[Time, Meta(tz=True)], '"2026-01-01T00:00:00"', "v", "type datetime", "`v`: expected `datetime` with a timezone component."),
    (datetime.date, '"x"', "v", "value", "`v`: invalid RFC3339 encoded date."),
    (datetime.time, '"x"', "v", "value", "`v`: invalid RFC3339 encoded time."),
    (datetime.timedelta, '"x"', "v", "value", "`v`: invalid ISO8601 duration."),
    (uuid.UUID, '"x"', "v", "value", "`v`: invalid UUID."),
    (decimal.Decimal, '"x"', "v", "value", "`v`: invalid decimal string."),
    (Card | Transfer, "{}", "v.type", "required", "`v.type` is missing; give it a value."),
    (Card | Transfer, '{"type":"card","number":"1"}', "v.number", "type int", "`v.number`: expected `int`, got `str`."),
    (Card | Transfer, "1", "v", "type object", "`v`: expected `object`, got `int`."),
    (tuple[Item, ...], '[{"quantity":1},{"quantity":1},{"quantity":0}]', "v[2].quantity", ">= 1", "`v[2].quantity`: expected `int` >= 1."),
    (tuple[Item, ...], "[{}]", "v[0].quantity", "required", "`v[0].quantity` is missing; give it a value."),
    (Mapping[str, Item], '{"k":{"quantity":0}}', "v[...].quantity", ">= 1", "`v[...].quantity`: expected `int` >= 1."),
    (Mapping[Annotated[str, Length(0, 1)], int], '{"kk":1}', "v", "length <= 1", "A key of `v`: expected `str` of length <= 1."),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "value", "field", "rule", "message"), BROKEN)
def test_every_rule_is_named_with_its_field(kind, value, field, rule, message):
    struct = msgspec.defstruct("Request", [("v", kind)])

    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.json.decode(f'{{"v":{value}}}', type=struct)

    assert violation_of(caught.value) == Violation(field, rule, message)


CHOICES = [
    (Colour, '"green"', "v", "one of 'red', 'blue'", "`v`: invalid enum value 'green'; it is one of 'red', 'blue'."),
    (Literal["a", 1], "2", "v", "one of 1, 'a'", "`v`: invalid enum value 2; it is one of 1, 'a'."),
    (Colour | None, '"green"', "v", "one of 'red', 'blue'", "`v`: invalid enum value 'green'; it is one of 'red', 'blue'."),
    (Card | Transfer, '{"type":"cash"}', "v.type", "one of 'card', 'transfer'", "`v.type`: invalid value 'cash'; it is one of 'card', 'transfer'."),
    (tuple[Colour, ...], '["red","green"]', "v[1]", "one of 'red', 'blue'", "`v[1]`: invalid enum value 'green'; it is one of 'red', 'blue'."),
    (Mapping[str, Colour], '{"k":"green"}', "v[...]", "one of 'red', 'blue'", "`v[...]`: invalid enum value 'green'; it is one of 'red', 'blue'."),
    (tuple[int, Colour], '[1,"green"]', "v[1]", "one of 'red', 'blue'", "`v[1]`: invalid enum value 'green'; it is one of 'red', 'blue'."),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "value", "field", "rule", "message"), CHOICES)
def test_where_the_type_is_known_a_choice_is_told_whole(kind, value, field, rule, message):
    struct = msgspec.defstruct("Request", [("v", kind)])

    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.json.decode(f'{{"v":{value}}}', type=struct)

    assert violation_of(caught.value, struct) == Violation(field, rule, message)
    assert violation_of(caught.value).rule == "value"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "The JSON ends too early."),
        (b'{"v":1', "The JSON ends too early."),
        (b'{"v":"\xff"}', "The JSON is not valid UTF-8."),
        (b'{"v":01}', "The JSON cannot be read: JSON is malformed: invalid number (byte 6)."),
        (b'{"v":1}x', "The JSON cannot be read: JSON is malformed: trailing characters (byte 8)."),
    ],
)
def test_what_is_no_json_is_told_apart(body, message):
    struct = msgspec.defstruct("Request", [("v", str if b"\xff" in body else int)])

    with pytest.raises((msgspec.DecodeError, UnicodeDecodeError)) as caught:
        msgspec.json.decode(body, type=struct)

    assert violation_of(caught.value) == Violation("", "json", message)


def test_unknown_fields_are_named_with_their_path():
    inner = msgspec.defstruct("Inner", [("x", int)], forbid_unknown_fields=True)
    struct = msgspec.defstruct("Request", [("v", inner)], forbid_unknown_fields=True)

    for body, field in ((b'{"v":{"x":1},"w":2}', "w"), (b'{"v":{"x":1,"y":2}}', "v.y")):
        with pytest.raises(msgspec.ValidationError) as caught:
            msgspec.json.decode(body, type=struct)
        message = f"There is no field `{field}`; take it out."
        assert violation_of(caught.value) == Violation(field, "unknown", message)


def test_json_nested_without_end_is_told_as_such():
    assert violation_of(RecursionError()).rule == "depth"
