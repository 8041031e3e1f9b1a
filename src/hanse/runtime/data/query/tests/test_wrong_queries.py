"""A wrong query is refused before any database sees it, and told where, what and what is allowed."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from hanse.runtime.data.query.query import Query
from hanse.runtime.data.query.tests.deals import planner
from hanse.runtime.errors import InvalidArgument

DEEP: dict = {"status": "open"}
for _ in range(5):
    DEEP = {"$and": [DEEP]}

ORDERED = "one of $eq, $ne, $in, $nin, $exists, $gt, $gte, $lt, $lte"
WRONG = [
    # the filter, where it is wrong, the rule, a part of the sentence
    ({"nme": "x"}, "filter.nme", "unknown", "there is no field 'nme' to filter by; there are id, create_time"),
    ({"$xor": []}, "filter.$xor", "one of $and, $or, $not", "there is no '$xor'"),
    ({"age": {"$above": 3}}, "filter.age.$above", ORDERED, "integer is asked by $eq, $ne"),
    ({"age": {"above": 3}}, "filter.age.above", ORDERED, "not by 'above'"),
    ({"age": {}}, "filter.age", "an operator", "no operator is there"),
    ({"age": {"$startsWith": "1"}}, "filter.age.$startsWith", ORDERED, "integer is asked by"),
    ({"open": {"$gt": False}}, "filter.open.$gt", "one of $eq, $ne, $in, $nin, $exists", "boolean is asked by"),
    ({"tags": "a"}, "filter.tags", "one of $hasAll, $hasSome, $exists, $isEmpty", "a list is asked by $hasAll"),
    ({"status": {"$hasAll": ["a"]}}, "filter.status.$hasAll", f"{ORDERED}, $startsWith, $isEmpty", "text is asked by"),
    ({"$or": [{"age": 1}, {"age": {"$gte": "x"}}]}, "filter.$or[1].age.$gte", "type integer", "expected one integer, got 'x'"),
    ({"$not": {"age": "x"}}, "filter.$not.age", "type integer", "got 'x'"),
    ({"$or": []}, "filter.$or", "type array", "a list of filters, one at least"),
    ({"$or": {"age": 1}}, "filter.$or", "type array", "a list of filters"),
    ({"$and": [{}]}, "filter.$and[0]", "type object", "a filter has a condition at least"),
    ({"$not": [{"age": 1}]}, "filter.$not", "type object", "a filter has a condition"),
    (["age"], "filter", "type object", "a filter has a condition"),
    ({"$and": [DEEP]}, "filter.$and[0].$and[0].$and[0].$and[0].$and[0]", "depth <= 5", "5 deep in each other"),
    ({"$or": [{"age": n} for n in range(26)]}, "filter", "conditions <= 50", "50 conditions at most"),
    ({"age": True}, "filter.age", "type integer", "got True"),
    ({"age": 1.0}, "filter.age", "type integer", "got 1.0"),
    ({"age": 2**63}, "filter.age", "64 bits", "between -2^63 and 2^63 - 1"),
    ({"age": -(2**63) - 1}, "filter.age", "64 bits", "between -2^63 and 2^63 - 1"),
    ({"age": {"$gt": None}}, "filter.age.$gt", "type integer", "got None"),
    ({"age": {"$in": 3}}, "filter.age.$in", "type array", "it takes a list, not 3"),
    ({"age": {"$in": [1, None]}}, "filter.age.$in[1]", "type integer", "got None"),
    ({"age": {"$in": list(range(101))}}, "filter.age.$in", "length <= 100", "100 values at most, this one 101"),
    ({"score": float("nan")}, "filter.score", "finite", "finite"),
    ({"score": 10**400}, "filter.score", "finite", "finite"),
    ({"score": "1"}, "filter.score", "type number", "got '1'"),
    ({"score": False}, "filter.score", "type number", "got False"),
    ({"price": "NaN"}, "filter.price", "finite", "finite"),
    ({"price": "1e1000"}, "filter.price", "digits <= 1000", "1000 digits"),
    ({"price": "1" * 1001}, "filter.price", "digits <= 1000", "1000 digits"),
    ({"price": "dear"}, "filter.price", "type decimal", "got 'dear'"),
    ({"price": True}, "filter.price", "type decimal", "got True"),
    ({"open": 1}, "filter.open", "type boolean", "got 1"),
    ({"status": 1}, "filter.status", "type text", "got 1"),
    ({"status": 10**5000}, "filter.status", "type text", "got a huge int"),
    ({"status": ["open"]}, "filter.status", "type text", "got ['open']"),
    ({"status": "a\0b"}, "filter.status", "no U+0000", "zero character"),
    ({"status": "\ud800"}, "filter.status", "valid Unicode", "lone surrogates"),
    ({"status": {"$startsWith": ""}}, "filter.status.$startsWith", "length >= 1", "one character at least"),
    ({"status": "x" * 1001}, "filter.status", "length <= 1000", "1000 characters at most, this one 1001"),
    ({"status": {"$exists": "yes"}}, "filter.status.$exists", "type boolean", "true or false, not 'yes'"),
    ({"tags": {"$isEmpty": 0}}, "filter.tags.$isEmpty", "type boolean", "true or false, not 0"),
    ({"tags": {"$hasAll": []}}, "filter.tags.$hasAll", "length >= 1", "one item at least"),
    ({"tags": {"$hasSome": ["a", 1]}}, "filter.tags.$hasSome[1]", "type text", "got 1"),
    ({"tags": {"$hasSome": ["\0"]}}, "filter.tags.$hasSome[0]", "no U+0000", "zero character"),
    ({"id": "someone"}, "filter.id", "type uuid", "got 'someone'"),
    ({"owner": "company_1"}, "filter.owner", "type id", "'company_1' is no such id. Ids of people begin with person_."),
    ({"owner": 1}, "filter.owner", "type id", "got 1"),
    ({"born": "2026-02-30"}, "filter.born", "type date", "got '2026-02-30'"),
    ({"born": datetime(2026, 1, 1, tzinfo=UTC)}, "filter.born", "type date", "expected one date like 2026-01-31"),
    ({"due": "2026-01-01T00:00:00"}, "filter.due", "time zone", "says its time zone"),
    ({"due": datetime(2026, 1, 1)}, "filter.due", "time zone", "says its time zone"),
    ({"due": "0001-01-01T00:00:00+01:00"}, "filter.due", "years 1 to 9999", "no year of four digits"),
    ({"due": "yesterday"}, "filter.due", "type instant", "expected one instant like 2026-01-31T12:00:00Z"),
    ({"create_time": 1}, "filter.create_time", "type instant", "got 1"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "place", "rule", "said"), WRONG, ids=[f"{w[1]}: {w[2]}"[:60] for w in WRONG]
)
def test_a_wrong_filter_is_told_where_and_what_is_allowed(given, place, rule, said):
    with pytest.raises(InvalidArgument) as caught:
        planner().plan(Query(filter=given))
    [violation] = caught.value.violations
    assert (violation.field, violation.rule) == (place, rule)
    assert violation.message.startswith(f"`{place}`: ")
    assert said in violation.message
    with pytest.raises(InvalidArgument):
        planner().count(given)


def test_all_that_is_wrong_is_said_at_once():
    query = Query(
        filter={"age": "x", "nme": 1},
        sort=("tags", "title", "-title"),
        fields=("nme",),
        page_size=0,
    )
    with pytest.raises(InvalidArgument) as caught:
        planner().plan(query)
    assert [each.field for each in caught.value.violations] == [
        "filter.age", "filter.nme", "sort[0]", "sort[2]", "fields[0]", "page_size",
    ]  # fmt: skip
    assert caught.value.detail.endswith("(and 5 more)")


@pytest.mark.parametrize(
    ("query", "place", "said"),
    [
        (Query(sort=("nme",)), "sort[0]", "nothing can be sorted by 'nme'; there are id, create_time"),
        (Query(sort=("tags",)), "sort[0]", "nothing can be sorted by 'tags'"),
        (Query(sort=("title", "id")), "sort[1]", "sorted by already, as is the id at the end"),
        (Query(sort=("id", "-title")), "sort[0]", "sorted by already"),
        (Query(sort=("title", "age", "due", "born", "score")), "sort", "4 fields at most"),
        (Query(fields=("address", "address.street")), "fields[1]", "there is no field 'address.street'; there are id,"),
        (Query(fields=("title",) * 101), "fields", "100 fields at most"),
        (Query(page_size=1001), "page_size", "1 to 1000 items, not 1001"),
        (Query(page_size=-1), "page_size", "1 to 1000 items"),
    ],
)  # fmt: skip
def test_so_is_a_wrong_sort_or_page(query, place, said):
    with pytest.raises(InvalidArgument, match="at|is|has|can") as caught:
        planner().plan(query)
    [violation] = caught.value.violations
    assert violation.field == place
    assert said in violation.message


@pytest.mark.parametrize("bound", [0, 100_001])
def test_a_count_has_a_bound(bound):
    with pytest.raises(InvalidArgument, match="1 to 100000"):
        planner().count({}, bound)


def test_a_flood_of_mistakes_is_not_answered_by_a_flood():
    flood = {f"field{number}" * 50: 1 for number in range(5000)}
    with pytest.raises(InvalidArgument) as caught:
        planner().plan(Query(filter={"$or": [flood] * 40}))
    assert len(caught.value.violations) == 20
    assert max(len(each.message) for each in caught.value.violations) < 1000


@pytest.mark.parametrize(
    ("given", "bound"),
    [
        ({"score": 3}, 3.0),
        ({"price": 1.1}, Decimal("1.1")),
        ({"price": "1.10"}, Decimal("1.10")),
        ({"due": "2026-01-31T12:00:00+02:00"}, "2026-01-31T10:00:00.000000"),
        ({"due": datetime(1, 2, 3, 4, 5, 6, 7, tzinfo=UTC)}, "0001-02-03T04:05:06.000007"),
        ({"create_time": "2026-01-31T12:00:00Z"}, datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ({"born": "0033-04-03"}, "0033-04-03"),
        ({"status": {"$in": []}}, []),
    ],
)  # fmt: skip
def test_values_are_bound_as_their_index_has_them(given, bound):
    plan = planner().count({"title": "x", **given})
    assert plan.parameters == ["x", bound, 1001]
    assert type(plan.parameters[1]) is type(bound)
