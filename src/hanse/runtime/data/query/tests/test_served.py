"""What an index serves is planned; the rest is refused, and told which index would serve it."""

from __future__ import annotations

import pytest

from hanse.runtime.data.query.fields import key_of
from hanse.runtime.data.query.planner import Kept, Planner
from hanse.runtime.data.query.query import Query
from hanse.runtime.data.query.refusal import QueryNotServed
from hanse.runtime.data.query.tests.deals import FIELDS, SOURCE, column, field, index, planner

OWN = [index("status", "-due"), index("title"), index("tags", many=True)]
SERVED = [
    ({}, ()),
    ({}, ("id",)),
    ({}, ("-id",)),
    ({}, ("title",)),
    ({}, ("-title",)),
    ({}, ("status", "-due")),
    ({}, ("-status", "due")),
    ({"status": "open"}, ()),
    ({"status": "open"}, ("-due",)),
    ({"status": "open"}, ("due",)),
    ({"status": None}, ("due",)),
    ({"status": "open", "due": None}, ("-id",)),
    ({"$and": [{"$and": [{"status": {"$eq": "open"}}]}]}, ("due",)),
    ({"status": {"$in": ["open", "won"]}}, ()),
    ({"status": {"$gte": "o", "$lt": "p"}}, ("title",)),
    ({"title": {"$startsWith": "a"}}, ("title",)),
    ({"title": {"$startsWith": "\U0010ffff"}}, ("title",)),
    ({"tags": {"$hasAll": ["a"]}}, ()),
    ({"tags": {"$hasSome": ["a"]}, "age": {"$ne": 3}}, ("title",)),
    ({"id": "018f0000-0000-7000-8000-000000000000", "age": 3}, ()),
    ({"title": "x", "age": 3, "$not": {"score": 1}}, ()),
    ({"$or": [{"title": "x", "age": 3}, {"$and": [{"status": "open"}]}]}, ()),
    ({"$or": [{"title": "x"}, {"age": 3}], "status": "open"}, ()),
]  # fmt: skip
REFUSED = [
    ({}, ("age",), 'Index("age")'),
    ({}, ("due",), 'Index("due")'),
    ({}, ("status",), 'Index("status")'),
    ({}, ("status", "due"), 'Index("status", "due")'),
    ({}, ("title", "-age"), 'Index("title", "-age")'),
    ({"status": "open"}, ("age",), 'Index("status", "age")'),
    ({"status": {"$in": ["open"]}}, ("due",), 'Index("due")'),
    ({"status": {"$gte": "open"}}, ("due",), 'Index("due")'),
    ({"$or": [{"status": "open"}, {"status": "open"}]}, ("due",), 'Index("due")'),
    ({"age": 3}, (), 'Index("age")'),
    ({"due": "2026-01-01T00:00:00Z"}, (), 'Index("due")'),
    ({"more.numbers": {"$hasAll": [1]}}, (), 'Index("more.numbers")'),
    ({"title": {"$ne": "x"}, "age": {"$lt": 3}}, (), 'Index("age")'),
    ({"$or": [{"title": "x"}, {"age": 3}]}, (), 'Index("age")'),
    ({"$or": [{"title": "x"}, {"$or": [{"title": "y"}, {"score": 3}]}]}, (), 'Index("score")'),
    ({"title": {"$ne": "x"}}, (), ""),
    ({"title": {"$nin": ["x"]}}, (), ""),
    ({"title": {"$exists": True}}, (), ""),
    ({"title": {"$isEmpty": True}}, (), ""),
    ({"$not": {"title": "x"}}, (), ""),
    ({"$or": [{"title": "x"}, {"title": {"$exists": True}}]}, (), ""),
    ({"tags": {"$isEmpty": False}}, (), ""),
]  # fmt: skip


@pytest.mark.parametrize(("given", "sort"), SERVED)
def test_what_an_index_serves_is_planned(given, sort):
    assert planner(*OWN).plan(Query(filter=given, sort=sort)).text


@pytest.mark.parametrize(("given", "sort", "missing"), REFUSED)
def test_what_none_serves_is_refused_with_the_index_that_would(given, sort, missing):
    with pytest.raises(QueryNotServed) as caught:
        planner(*OWN).plan(Query(filter=given, sort=sort))
    assert caught.value.code == "query_not_served"
    assert caught.value.missing == missing
    assert caught.value.indexes == ('Index("status", "-due")', 'Index("title")', 'Index("tags")')
    assert (missing or "one of: ") in caught.value.detail


@pytest.mark.parametrize(("given", "sort", "missing"), [row for row in REFUSED if row[2]])
def test_the_index_that_is_named_does_serve_it(given, sort, missing):
    names = missing.removeprefix("Index(").removesuffix(")").replace('"', "").split(", ")
    many = names[0] == "more.numbers"
    assert planner(*OWN, index(*names, many=many)).plan(Query(filter=given, sort=sort)).text


def test_a_count_is_held_to_the_same():
    assert planner(*OWN).count({"title": "x", "age": 3}).text
    assert planner(*OWN).count({}).text
    with pytest.raises(QueryNotServed, match=r'No index begins with age.*Index\("age"\) would'):
        planner(*OWN).count({"age": 3})


def test_a_unique_index_has_an_order_only_where_no_value_is_absent():
    """Rows without a value may be many, and nothing orders them there."""
    unique = index("code", unique=True)
    for nullable in (False, True):
        code = field("code", "text")
        code = code if nullable else column("code", "text")
        served = Planner((*FIELDS, code), [unique], SOURCE)
        assert served.plan(Query(filter={"code": "x"})).text
        if nullable:
            with pytest.raises(QueryNotServed):
                served.plan(Query(sort=("code",)))
        else:
            assert served.plan(Query(sort=("code",))).text
            assert served.plan(Query(sort=("-code",))).text


@pytest.mark.parametrize(
    ("made", "key"),
    [
        (index("title"), "site_id, ((doc->>'title') collate \"C\") asc nulls first, id"),
        (index("-age"), "site_id, ((doc->>'age')::bigint) desc nulls last, id desc"),
        (index("-create_time", "title"), "site_id, create_time desc nulls last, ((doc->>'title') collate \"C\") asc nulls first, id"),
        (index("title", unique=True), "site_id, ((doc->>'title') collate \"C\") asc nulls first"),
        (index("tags", many=True), "(jsonb_set('{}'::jsonb, array[site_id], doc->'tags')) jsonb_path_ops"),
    ],
)  # fmt: skip
def test_an_index_is_made_in_the_order_that_queries_ask_for(made, key):
    assert key_of(made, {one.path: one for one in FIELDS}) == key


def test_one_shape_is_one_statement_whatever_its_values():
    own = planner()
    texts = {
        own.plan(Query(filter={"status": {"$in": values}, "age": {"$gt": 3}}, page_size=size)).text
        for values in ([], ["a"], ["'; drop table deals; --"] * 100)
        for size in (1, 1000)
    }
    assert len(texts) == 1
    assert "drop" not in texts.pop()


@pytest.mark.parametrize(
    ("given", "sort", "number"),
    [
        ({}, (), 3),
        ({"status": "open", "due": {"$gte": "2026-01-01T00:00:00Z"}}, ("-due",), 3),
        ({"status": None}, ("due",), 3),
        ({"title": "x"}, ("status", "-due"), 1),
        ({"status": "open", "title": "x"}, ("due",), 1),
        ({"status": "open", "due": {"$in": ["2026-01-01T00:00:00Z"]}}, ("due",), 1),
        ({"status": "open", "$not": {"due": None}}, ("due",), 1),
    ],
)
def test_only_where_one_index_has_filter_and_order_is_a_statement_for_pages_of_a_length(
    given, sort, number
):
    """Else PostgreSQL decides by the values which index is better, and has to see them."""
    own = planner(*OWN)
    sizes = [1, 10, 11, 50, 100, 101, 1000]
    texts = [own.plan(Query(filter=given, sort=sort, page_size=size)).text for size in sizes]
    assert len(set(texts)) == number


def test_shapes_are_forgotten_before_they_become_too_many():
    kept = Kept[int, str](3)
    for number in range(5):
        kept.keep(number, str(number))
    assert [kept.get(number) for number in range(5)] == [None, None, "2", "3", "4"]
