"""What is served does use an index: PostgreSQL says so of 100,000 rows of sites large and small."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from hanse.runtime.data.query.query import Query
from hanse.runtime.data.query.tests.conftest import Asker
from hanse.runtime.data.query.tests.deals import definition, planner

SITES = ("large", "middle", "small", "empty")
FILL = """
    insert into deals
    select case when n % 10 < 7 then 'large' when n % 10 < 9 then 'middle' when n % 1000 = 9 then 'small' else 'other' || n % 500 end,
        md5(n::text)::uuid, 1, timestamptz '2026-01-01' + n * interval '1 s', jsonb_strip_nulls(jsonb_build_object(
            'title', 'title ' || (n * 7919 % 100003),
            'status', (array['open', 'open', 'open', 'won', null])[1 + n * 31 % 5],
            'age', case when n % 3 = 0 then null else n * 17 % 1000 end,
            'score', (n * 13 % 997) / 7.0, 'price', (n * 11 % 5003)::text,
            'born', case when n % 4 = 0 then null else (date '1950-01-01' + n % 20000)::text end,
            'due', case when n % 5 < 2 then null else to_char(timestamptz '2026-01-01' + (n * 7 % 90000) * interval '1 min', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') end,
            'owner', '00000000-0000-0000-0000-' || lpad((n % 100)::text, 12, '0'),
            'address', jsonb_build_object('city', 'city ' || n % 300),
            'tags', jsonb_build_array('tag ' || n % 400, 'tag ' || n % 7)))
    from generate_series(1, 100000) n
"""  # fmt: skip
IN_ORDER = [
    ({}, ()),
    ({}, ("-id",)),
    ({}, ("title",)),
    ({}, ("-title",)),
    ({}, ("age",)),
    ({}, ("-age",)),
    ({}, ("status", "-due")),
    ({}, ("-status", "due")),
    ({}, ("-create_time",)),
    ({}, ("born",)),
    ({"status": "won"}, ("-due",)),
    ({"status": "open"}, ("due",)),
    ({"status": None}, ("-due",)),
    ({"status": None}, ("title", "-age")),
    ({"status": "open"}, ("title", "-age")),
    ({"status": "open"}, ("-title", "age")),
    ({"title": {"$startsWith": "title 9"}}, ("title",)),
    ({"age": {"$gte": 10, "$lt": 500}}, ("-age",)),
    ({"create_time": {"$gte": "2026-01-01T06:00:00Z"}}, ("create_time",)),
    ({"owner": "person_" + "0" * 31 + "7"}, ("create_time",)),
    ({"address.city": "city 7"}, ()),
]
"""Filter and order are of one index: it is read from where the page begins to where it ends."""
NARROWED = [
    ({"title": "title 7919"}, ("born",)),
    ({"age": {"$lt": 20}, "score": {"$gt": 3}}, ("title",)),
    ({"age": {"$in": [1, 2, 3]}, "title": {"$ne": "x"}}, ()),
    ({"price": "100.0"}, ("-create_time",)),
    ({"born": {"$gte": "1950-01-01", "$lte": "1950-03-01"}}, ("age",)),
    ({"tags": {"$hasAll": ["tag 7", "tag 0"]}}, ()),
    ({"tags": {"$hasSome": ["tag 17", "tag 18"]}}, ("title",)),
    ({"$or": [{"title": "title 5"}, {"age": 5}]}, ()),
    ({"$or": [{"title": "title 5"}, {"tags": {"$hasAll": ["tag 17"]}}], "$not": {"score": 3}}, ()),
    ({"id": {"$in": ["018f0000-0000-7000-8000-000000000000"]}}, ("title",)),
    ({"status": "open", "$not": {"age": {"$gt": 3}}}, ("-due",)),
]


@pytest.fixture(scope="module")
def deals(asker: Asker):
    table, *indexes = definition().split("create index")
    asker.execute(table)
    asker.execute(FILL)
    for each in indexes:
        asker.execute(f"create index{each}")
    asker.execute("vacuum analyze deals")
    return asker


def explained(deals: Asker, text: str, site: str, parameters: list[Any]) -> list[dict[str, Any]]:
    """All nodes of the plan that PostgreSQL makes of a statement, after running it."""
    [[told]] = deals.fetch(f"explain (analyze, timing off, format json) {text}", site, *parameters)
    return list(_nodes(json.loads(told)[0]["Plan"]))


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for below in node.get("Plans", ()):
        yield from _nodes(below)


def statements(
    given: dict[str, Any], sort: tuple[str, ...], deals: Asker, site: str
) -> Iterator[tuple[str, list[Any]]]:
    """Of the first page and of some that follow, long ones and short ones."""
    own = planner()
    cursor = ""
    for size in (50, 1000, 1000, 50, 50):
        plan = own.plan(Query(filter=given, sort=sort, page_size=size, cursor=cursor))
        yield plan.text, plan.parameters
        [row] = deals.fetch(plan.text, site, *plan.parameters)
        cursor = plan.cursor(row)
        if not cursor:
            return


@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
@pytest.mark.parametrize(("given", "sort"), [*IN_ORDER, *NARROWED])
def test_no_page_reads_the_whole_table(deals, given, sort, mode):
    deals.execute(f"set plan_cache_mode = {mode}")
    for site in SITES:
        for text, parameters in statements(given, sort, deals, site):
            kinds = {node["Node Type"] for node in explained(deals, text, site, parameters)}
            assert "Seq Scan" not in kinds
            assert kinds & {"Index Scan", "Index Only Scan", "Bitmap Index Scan"}


@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
@pytest.mark.parametrize(("given", "sort"), IN_ORDER)
def test_a_page_in_the_order_of_its_index_reads_little_more_than_itself(deals, given, sort, mode):
    deals.execute(f"set plan_cache_mode = {mode}")
    for text, parameters in statements(given, sort, deals, "large"):
        rows = parameters[-1]
        if rows > 100:
            continue  # of a long page PostgreSQL may rather read the whole range, and sort it
        nodes = explained(deals, text, "large", parameters)
        scans = [
            node for node in nodes if "Scan" in node["Node Type"].removeprefix("Subquery Scan")
        ]
        read = sum(node["Actual Rows"] + node.get("Rows Removed by Filter", 0) for node in scans)
        assert read <= rows * (1 + text.count(" union all ")), nodes


ANEW = [
    ("title",),
    ("-title",),
    ("age",),
    ("-age",),
    ("status", "-due"),
    ("-status", "due"),
    ("born",),
]
"""Orders by a field of all that a site has: PostgreSQL plans these for each page, as it does not know how long one is."""

KEPT = "select generic_plans from pg_prepared_statements where statement = $1"
EITHER = ({"status": "open"}, ("due",))
"""Costs PostgreSQL 15 as much either way: what it drew for its statistics decides."""


@pytest.mark.parametrize(("given", "sort"), [each for each in IN_ORDER if each != EITHER])
def test_the_plan_of_what_one_index_serves_is_kept(deals, given, sort):
    deals.execute("set plan_cache_mode = auto")
    plan = planner().plan(Query(filter=given, sort=sort))
    text = f"{plan.text} -- of this test alone"  # others have had plans of the same statement made
    for _ in range(10):
        deals.fetch(text, "large", *plan.parameters)
    [[kept]] = deals.fetch(KEPT, text)
    assert (kept > 0) == (sort not in ANEW or bool(given))


@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
@pytest.mark.parametrize(("given"), [given for given, _ in [*IN_ORDER, *NARROWED]])
def test_nor_does_a_count(deals, given, mode):
    deals.execute(f"set plan_cache_mode = {mode}")
    for site in SITES:
        plan = planner().count(given, 1000)
        kinds = {node["Node Type"] for node in explained(deals, plan.text, site, plan.parameters)}
        assert "Seq Scan" not in kinds
