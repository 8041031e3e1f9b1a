"""A real database finds just what the language means, in just its order, page by page."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hanse.runtime.data.query.operators import operators_of
from hanse.runtime.data.query.query import Query
from hanse.runtime.data.query.tests.conftest import Asker
from hanse.runtime.data.query.tests.deals import FIELDS, definition
from hanse.runtime.data.query.tests.evaluator import Item, holds, in_order
from hanse.runtime.data.query.tests.strategies import ALL, FILTERS, SORTS, TABLES
from hanse.runtime.data.query.tests.tables import OTHER, SITE, fill, pages, planner, token_of


@pytest.fixture(scope="module")
def deals(asker: Asker):
    asker.execute(definition(()))
    return asker


EDGES: dict[str, list[Any]] = {
    "text": [
        "", "a", "A", "aa", "a%", "a_", "a\\", "%", "_", "\\", "é", "e\u0301",
        "\x01", "\x7f", "\ud7ff", "\ud7ffz", "\ue000", "\uffff", "😀", "\U0010ffff", "\U0010ffff\U0010ffff", "$1", "'", "open",
    ],
    "integer": [0, 1, -1, 10, 2**53 + 1, 2**63 - 1, -(2**63)],
    "number": [0.0, -0.0, 0.1, 0.1 + 0.2, 0.3, -1.5, 1e308, -1e308, 5e-324, 1e23, 2.0**53],
    "decimal": [Decimal(text) for text in ("0", "-0", "1", "1.00", "0.10", "-12345678901234567890.123456789", "1E+20", "1E-40")],
    "boolean": [True, False],
    "uuid": [UUID(int=0), UUID(int=1), UUID(int=1 << 127), UUID(int=(1 << 128) - 1)],
    "date": [date(1, 1, 1), date(999, 12, 31), date(2026, 2, 28), date(9999, 12, 31)],
    "instant": [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(microseconds=n) for n in (0, 1, 100_000, 999_999, -1)] + [datetime(1, 1, 1, tzinfo=UTC)],
}  # fmt: skip


def edge_items() -> list[Item]:
    """One item for each edge of each kind, two that share most, one that has nothing."""
    docs: list[dict[str, Any]] = [
        {},
        {"address": None, "more": {"numbers": None}, "tags": []},
        {"address": {}, "more": {}},
    ]
    for field in FIELDS:
        for value in () if field.column else EDGES[field.kind]:
            doc: dict[str, Any] = {"status": "open"}
            inner = doc
            for step in field.path[:-1]:
                inner = inner.setdefault(step, {})
            inner[field.path[-1]] = [value, value, EDGES[field.kind][0]] if field.many else value
            docs.append(doc)
        docs.append({field.path[0]: None})
    times = EDGES["instant"][:-1]  # asyncpg takes the first instant of year 1 for -infinity
    return [
        Item(UUID(int=(number * 7919 % 251) << 120), number % 3, times[number % len(times)], doc)
        for number, doc in enumerate(docs)
    ]


def edge_filters() -> Iterator[dict[str, Any]]:
    """Every operator of every field with every edge, alone and denied."""
    for field in FIELDS:
        edges = EDGES[field.kind]
        for operator in operators_of(field):
            if operator in ("$exists", "$isEmpty"):
                operands: list[Any] = [True, False]
            elif operator in ("$in", "$nin"):
                operands = [[], edges[:1], edges[1:3], edges]
            elif operator in ("$hasAll", "$hasSome"):
                operands = [edges[:1], edges[1:2], edges[:2], [edges[-1], edges[-1]]]
            else:
                operands = [edge for edge in edges if edge or operator != "$startsWith"]
            operands += [None] if operator in ("$eq", "$ne") else []
            for operand in operands:
                yield {field.name: {operator: operand}}
                yield {"$not": {field.name: {operator: operand}}}


@pytest.fixture(scope="module")
def edges(deals):
    items = edge_items()
    fill(deals, SITE, items)
    fill(deals, OTHER, items[::2])
    yield items
    deals.execute("truncate deals")


@pytest.mark.parametrize("field", [field.name for field in FIELDS])
def test_every_operator_means_the_same_in_the_database(deals, edges, field):
    asked = [each for each in edge_filters() if field in each or field in each.get("$not", ())]
    for each in asked:
        query = Query(filter={"$and": [ALL, each]}, page_size=1000)
        [found] = pages(deals, planner(()), query)
        assert found == [item.id for item in in_order(edges, ()) if holds(each, item)], each


@pytest.mark.parametrize("size", [1, 3])
@pytest.mark.parametrize("sort", [
    (), ("id",), ("-id",), ("title",), ("-title",), ("age", "title"), ("-age", "title"), ("age", "-title"), ("-age", "-title"),
    ("-score",), ("price", "-score"), ("-price",), ("owner", "-born"), ("-due", "age"), ("due",), ("open", "-age", "title", "-due"),
    ("-open", "born"), ("create_time", "-title"), ("-create_time", "-revision", "title"), ("address.city",), ("-it's \"odd\"",),
], ids=", ".join)  # fmt: skip
def test_pages_of_every_order_are_the_whole_in_turn(deals, edges, sort, size):
    found = pages(deals, planner(sort), Query(sort=sort, page_size=size))
    assert [each for page in found for each in page] == [item.id for item in in_order(edges, sort)]


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(items=TABLES, asked=FILTERS, sort=SORTS, size=st.integers(1, 5))
def test_whatever_is_asked_rows_order_and_pages_are_what_plain_python_says(
    deals, items, asked, sort, size
):
    deals.execute("truncate deals")
    fill(deals, SITE, items)
    fill(deals, OTHER, items)
    query = Query(filter={"$and": [ALL, asked]}, sort=sort, page_size=size)
    expected = [item.id for item in in_order([item for item in items if holds(asked, item)], sort)]

    found = pages(deals, planner(sort), query)
    assert [each for page in found for each in page] == expected
    assert [len(page) for page in found[:-1]] == [size] * (len(found) - 1)

    counting = planner(sort).count(query.filter, size, token_of)
    [[counted]] = deals.fetch(counting.text, SITE, *counting.parameters)
    assert counting.counted(counted) == (min(len(expected), size), len(expected) > size)
