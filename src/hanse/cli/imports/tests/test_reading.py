"""Rows as entities: what a cell stands for, what is wrong with it, and what has to be written."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Literal

import msgspec
import pytest

from hanse import Length, Range, Struct
from hanse.cli.imports.difference import change, repeated
from hanse.cli.imports.reading import RowReader
from hanse.cli.imports.rows import Row


class Colour(Enum):
    RED = "red"


class Place(Struct, frozen=True):
    name: str


class Thing(Struct, frozen=True, kw_only=True):
    id: str = ""
    revision: int = 0
    create_time: datetime | None = None
    external_id: Annotated[str, Length(1, 10)]
    title: Annotated[str, Length(3, 20)]
    count: Annotated[int, Range(0, 9)] = 0
    price: Decimal | None = None
    open: bool = False
    since: date | None = None
    at: datetime | None = None
    kind: Literal["new", "old"] = "new"
    colour: Colour = Colour.RED
    tags: Annotated[tuple[Annotated[str, Length(1, 8)], ...], Length(0, 3)] = ()
    numbers: frozenset[int] = frozenset()
    place: Place | None = None
    places: tuple[Place, ...] = ()
    notes: Mapping[str, str] = {}


CELLS, JSON = (
    RowReader(Thing, "external_id", texts=True),
    RowReader(Thing, "external_id", texts=False),
)


@pytest.mark.parametrize(
    ("field", "cell", "value"),
    [
        ("title", " as it stands ", " as it stands "),
        ("count", " 7 ", 7),
        ("price", "1.50", Decimal("1.50")),
        ("open", "Yes", True), ("open", "no", False), ("open", "true", True), ("open", "0", False),
        ("since", "2026-11-28", date(2026, 11, 28)),
        ("at", "2026-11-28T09:00:00Z", datetime(2026, 11, 28, 9, tzinfo=UTC)),
        ("at", "2026-11-28T11:00:00+02:00", datetime(2026, 11, 28, 9, tzinfo=UTC)),
        ("kind", "old", "old"),
        ("colour", "red", Colour.RED),
        ("tags", "a; b |c", ("a", "b", "c")), ("tags", "x, y", ("x, y",)), ("tags", '["a;b"]', ("a;b",)), ("tags", ";", ()),
        ("numbers", "1;2;2", frozenset({1, 2})),
        ("place", '{"name": "Kyiv"}', Place("Kyiv")),
        ("places", '[{"name": "Kyiv"}]', (Place("Kyiv"),)),
        ("notes", '{"a": "b"}', {"a": "b"}),
    ],
)  # fmt: skip
def test_a_cell_stands_for_a_value_of_its_field(field, cell, value):
    wanted = CELLS.read(Row(2, {"external_id": "a", field: cell}))

    assert wanted.violations == ()
    assert wanted.values == {"external_id": "a", field: value}


@pytest.mark.parametrize(
    ("field", "cell", "rule"),
    [
        ("title", "ab", "length >= 3"), ("count", "10", "<= 9"), ("count", "many", "type int"),
        ("open", "perhaps", "type bool"), ("kind", "odd", "one of 'new', 'old'"),
        ("since", "28.11.2026", "value"), ("tags", "a;b;c;d", "length <= 3"), ("tags", "toolongone", "length <= 8"),
        ("places", "Kyiv", "type JSON"),
        ("places", '[{"nam": "x"}]', "required"), ("titel", "x", "unknown"), ("id", "x", "output_only"),
    ],
)  # fmt: skip
def test_a_wrong_cell_is_named_with_its_rule(field, cell, rule):
    [violation] = CELLS.read(Row(2, {"external_id": "a", field: cell})).violations

    assert violation.field.split(".")[0].split("[")[0] == field
    assert violation.rule == rule
    assert field in violation.message


def test_all_that_is_wrong_with_a_row_is_said_at_once():
    wanted = CELLS.read(Row(2, {"external_id": "a", "title": "ab", "count": "x", "titel": "y"}))

    assert [one.field for one in wanted.violations] == ["title", "count", "titel"]
    assert "did you mean title?" in wanted.violations[2].message


def test_a_row_without_its_key_is_refused():
    assert [one.rule for one in CELLS.read(Row(2, {"title": "abc"})).violations] == ["required"]


def test_json_is_taken_by_its_own_types():
    right = JSON.read(
        Row(
            1,
            {
                "external_id": "a",
                "count": 7,
                "tags": ["a", "b"],
                "since": "2026-11-28",
                "place": None,
            },
        )
    )
    wrong = JSON.read(Row(1, {"external_id": "a", "count": "7", "title": None}))

    assert right.violations == ()
    assert right.values["since"] == date(2026, 11, 28)
    assert [(one.field, one.rule) for one in wrong.violations] == [
        ("count", "type int"),
        ("title", "type str"),
    ]


STORED = Thing(id="thing_1", revision=3, external_id="a", title="Thing", tags=("x",))


def test_a_new_one_is_created_with_what_the_row_says():
    wanted = CELLS.read(Row(2, {"external_id": "b", "title": "Other"}))
    made = change(wanted, None, CELLS.missing(wanted))

    assert (made.verdict, made.fields, made.values) == (
        "created",
        ("external_id", "title"),
        {"external_id": "b", "title": "Other"},
    )


def test_a_new_one_that_lacks_something_is_refused():
    wanted = CELLS.read(Row(2, {"external_id": "b"}))
    made = change(wanted, None, CELLS.missing(wanted))

    assert made.verdict == "refused"
    assert [(one.field, one.rule) for one in made.violations] == [("title", "required")]


def test_only_what_differs_is_written_and_at_the_revision_that_was_read():
    wanted = CELLS.read(Row(2, {"external_id": "a", "title": "Thing", "tags": "x;y"}))
    made = change(wanted, STORED, CELLS.missing(wanted))

    assert (made.verdict, made.fields) == ("updated", ("tags",))
    assert made.values == {"id": "thing_1", "revision": 3, "tags": ("x", "y")}


def test_what_a_row_does_not_say_stays_as_it_is():
    wanted = CELLS.read(Row(2, {"external_id": "a"}))

    assert change(wanted, STORED, CELLS.missing(wanted)).verdict == "unchanged"


def test_of_two_rows_of_one_key_neither_is_guessed():
    made = repeated(CELLS.read(Row(9, {"external_id": "a"})), "external_id", 2)

    assert made.verdict == "refused"
    assert "line 2" in made.violations[0].message


def test_what_was_written_is_not_written_again():
    wanted = CELLS.read(
        Row(
            2,
            {
                "external_id": "b",
                "title": "Other",
                "at": "2026-11-28T11:00:00+02:00",
                "price": "1.50",
                "numbers": "2;1",
            },
        )
    )
    stored = msgspec.convert(change(wanted, None, ()).values | {"id": "thing_2"}, Thing)

    assert change(wanted, stored, ()).verdict == "unchanged"
