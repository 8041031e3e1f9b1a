"""A cursor goes on where its page ended, whatever changed meanwhile, and takes no other's place."""

from __future__ import annotations

import base64
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hanse.runtime.data.query.query import Query
from hanse.runtime.data.query.tests.conftest import Asker
from hanse.runtime.data.query.tests.deals import definition
from hanse.runtime.data.query.tests.evaluator import Item, value_of
from hanse.runtime.data.query.tests.strategies import ITEMS, SORTS, TABLES
from hanse.runtime.data.query.tests.tables import SITE, fill, planner
from hanse.runtime.errors import InvalidArgument

SORT = ("-title", "age", "price")
LAST = {"found": 99, "last_id": UUID(int=7), "key_0": "x", "key_1": None, "key_2": None}


@pytest.fixture(scope="module")
def deals(asker: Asker):
    asker.execute(definition(()))
    return asker


def change(deals: Asker, now: dict[UUID, Item], new: Item, data: st.DataObject) -> None:
    """Inserts, deletes or replaces one row."""
    known = sorted(now)
    gone = data.draw(st.sampled_from([None, *known]), label="gone")
    if gone is not None:
        del now[gone]
        deals.fetch("delete from deals where id = $1", gone)
        new = data.draw(st.sampled_from([new._replace(id=gone), None]), label="new") or new
    if data.draw(st.booleans(), label="put") and new.id not in now:
        now[new.id] = new
        fill(deals, SITE, [new])


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(items=TABLES, sort=SORTS, size=st.integers(1, 4), data=st.data())
def test_what_stays_is_found_once_whatever_changes_between_the_pages(
    deals, items, sort, size, data
):
    deals.execute("truncate deals")
    fill(deals, SITE, items)
    now = {item.id: item for item in items}
    places: dict[UUID, set[str]] = {item.id: {place(item, sort)} for item in items}
    throughout = set(now)
    own, cursor, found = planner(sort), "", []
    for _ in range(20):
        plan = own.plan(Query(sort=sort, page_size=size, cursor=cursor))
        [row] = deals.fetch(plan.text, SITE, *plan.parameters)
        found += (row["ids"] or [])[:size]
        cursor = plan.cursor(row)
        if not cursor:
            break
        change(deals, now, data.draw(ITEMS, label="item"), data)
        throughout &= set(now)
        for item in now.values():
            places.setdefault(item.id, set()).add(place(item, sort))
    else:
        cursor = "not at its end"
    stayed = {each for each in throughout if len(places[each]) == 1}
    counts = {each: found.count(each) for each in stayed}
    assert all(count <= 1 for count in counts.values())
    assert cursor or all(count == 1 for count in counts.values())


def place(item: Item, sort: tuple[str, ...]) -> str:
    return repr([value_of(item, name.removeprefix("-")) for name in sort])


def written(query: Query) -> tuple[Any, str]:
    own = planner(SORT)
    plan = own.plan(query)
    return own, plan.cursor(LAST)


def refusal_of(own: Any, query: Query) -> Any:
    with pytest.raises(InvalidArgument) as caught:
        own.plan(query)
    [violation] = caught.value.violations
    assert violation.field == "cursor"
    return violation


QUERY = Query(filter={"title": {"$gte": "a"}}, sort=SORT, page_size=2)


def test_the_cursor_of_a_query_serves_each_of_its_pages():
    own, cursor = written(QUERY)
    plan = own.plan(msgspec.structs.replace(QUERY, cursor=cursor, page_size=30, fields=("title",)))
    assert plan.parameters == ["a", "x", UUID(int=7), 31]
    assert own.plan(msgspec.structs.replace(QUERY, cursor="")).text != plan.text


@pytest.mark.parametrize(
    "other",
    [{"filter": {}}, {"filter": {"title": {"$gte": "b"}}}, {"filter": {"title": {"$gt": "a"}}}, {"sort": ()}],
    ids=str,
)  # fmt: skip
def test_the_cursor_of_another_query_is_refused(other):
    own, cursor = written(QUERY)
    violation = refusal_of(own, msgspec.structs.replace(QUERY, cursor=cursor, **other))
    assert violation.rule == "same query"
    assert "begin without it" in violation.message


def tampered() -> dict[str, str]:
    _, cursor = written(QUERY)
    packed = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    version, digest, values = msgspec.msgpack.decode(packed)

    def again(*parts: Any) -> str:
        return base64.urlsafe_b64encode(msgspec.msgpack.encode(parts)).rstrip(b"=").decode()

    return {
        "no base64": cursor[:-1] + "!",
        "not even ASCII": "é" + cursor,
        "cut": cursor[: len(cursor) // 2],
        "longer": cursor + "AAAA",
        "nothing": "A",
        "endless": "A" * 12_001,
        "of another version": again(version + 1, digest, values),
        "of a short digest": again(version, "", values),
        "no list": base64.urlsafe_b64encode(msgspec.msgpack.encode({"version": 1})).decode(),
        "deep": base64.urlsafe_b64encode(b"\x91" * 8000).decode(),
        "one value less": again(version, digest, values[:-1]),
        "one value more": again(version, digest, [*values, 1]),
        "a number for a text": again(version, digest, [1, *values[1:]]),
        "a zero character": again(version, digest, ["\0", *values[1:]]),
        "a text for a number": again(version, digest, ["x", "1", *values[2:]]),
        "a huge number": again(version, digest, ["x", 2**63, *values[2:]]),
        "a wrong decimal": again(version, digest, ["x", None, "dear", values[3]]),
        "no decimal's end": again(version, digest, ["x", None, "1e999999", values[3]]),
        "no id": again(version, digest, [*values[:3], None]),
        "a wrong id": again(version, digest, [*values[:3], "person_1"]),
        "a list": again(version, digest, [["x"], *values[1:]]),
    }


@pytest.mark.parametrize("way", list(tampered()))
def test_what_is_no_cursor_is_refused_and_never_asked(way):
    own, _ = written(QUERY)
    violation = refusal_of(own, msgspec.structs.replace(QUERY, cursor=tampered()[way]))
    assert (violation.rule, "begin without it" in violation.message) == ("cursor", True)


PLAIN = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text()
SORTED = ("title", "age", "score", "price", "open", "owner", "born", "due", "create_time", "-due")


@given(value=PLAIN, sort=st.sampled_from(SORTED))
def test_no_cursor_becomes_a_fault_of_the_database(deals, value, sort):
    own = planner((sort,))
    query = Query(sort=(sort,), page_size=1)
    text = own.plan(query).cursor({"found": 2, "key_0": None, "last_id": UUID(int=7)})
    version, digest, _ = msgspec.msgpack.decode(
        base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    )
    packed = msgspec.msgpack.encode((version, digest, [value, str(UUID(int=1))]))
    try:
        plan = own.plan(
            msgspec.structs.replace(
                query, cursor=base64.urlsafe_b64encode(packed).rstrip(b"=").decode()
            )
        )
    except InvalidArgument:
        return
    deals.fetch(plan.text, SITE, *plan.parameters)


def test_a_cursor_is_never_longer_than_it_may_be():
    longest = "\U0010ffff" * 500
    sort = ("title", "status", "address.city", 'it\'s "odd"')
    own = planner(sort)
    query = Query(sort=sort, page_size=1)
    last = {"found": 2, "last_id": UUID(int=7), **{f"key_{number}": longest for number in range(4)}}
    cursor = own.plan(query).cursor(last)
    assert own.plan(msgspec.structs.replace(query, cursor=cursor)).parameters[:4] == [longest] * 4
