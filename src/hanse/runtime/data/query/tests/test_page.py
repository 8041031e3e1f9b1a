"""The page on queries keeps its word: what it calls served is, and what not is not."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import msgspec
import pytest

from hanse.runtime.contract.rules import Instant, Length
from hanse.runtime.data.entity.entity import Entity, entity, entity_of
from hanse.runtime.data.entity.marks import Index, Indexed, Unique
from hanse.runtime.data.query.operators import JOINERS, operators_of
from hanse.runtime.data.query.planner import Planner
from hanse.runtime.data.query.query import Query
from hanse.runtime.data.query.refusal import QueryNotServed
from hanse.runtime.data.query.statement import Source
from hanse.runtime.data.query.tests.deals import FIELDS

PAGE = Path(__file__).parents[6] / "docs" / "how-to" / "query.md"


class Address(msgspec.Struct, frozen=True):
    city: Annotated[str, Length(0, 100)] = ""


@pytest.fixture(scope="module")
def page() -> str:
    if not PAGE.exists():
        pytest.skip("a copy of the source alone has no pages")
    return PAGE.read_text()


def block(page: str, name: str) -> str:
    found = re.search(rf"^```{name}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture(scope="module")
def planner(page: str) -> Planner:
    names: dict[str, Any] = {
        "Address": Address, "Annotated": Annotated, "Decimal": Decimal, "Entity": Entity, "Index": Index,
        "Indexed": Indexed, "Instant": Instant, "Length": Length, "Unique": Unique, "entity": entity,
    }  # fmt: skip
    exec(compile(block(page, "python"), str(PAGE), "exec", dont_inherit=True), names)
    model = entity_of(names["Deal"])
    shapes = [index.shape for index in model.indexes]
    source = Source(table=model.full_table, columns="id, doc", packed="array_agg(id)")
    return Planner(tuple(model.fields.values()), shapes, source)


def test_what_the_page_asks_is_served(page, planner):
    asked = [json.loads(block(page, "json query")), *json.loads(block(page, "json served"))]
    for each in asked:
        assert planner.plan(msgspec.convert(each, Query)).text


def test_what_it_calls_not_served_is_not_and_what_would_help_is_said(page, planner):
    for each, missing in json.loads(block(page, "json refused")):
        with pytest.raises(QueryNotServed) as caught:
            planner.plan(msgspec.convert(each, Query))
        assert caught.value.missing == missing


def test_it_names_every_operator(page):
    there = {operator for field in FIELDS for operator in operators_of(field)} | set(JOINERS)
    rows = [line for line in page.splitlines() if line.startswith("| `$")]
    assert {found for row in rows for found in re.findall(r"`(\$\w+)`", row.split("|")[1])} == there
