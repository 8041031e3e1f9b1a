"""Of an item only what is wanted is left."""

from __future__ import annotations

import pytest

from hanse.runtime.data.query.planner import Planner
from hanse.runtime.data.query.query import Query
from hanse.runtime.data.query.tests.deals import FIELDS, SOURCE, planner

DOCUMENT = {
    "id": "deal_1",
    "title": "A",
    "address": {"city": "Kiel", "street": "Am Kai", "geo": {"lat": 1, "lon": 2}},
    "lines": [{"sku": "a", "count": 1}, {"sku": "b"}],
    "owner": None,
}


@pytest.mark.parametrize(
    ("wanted", "left"),
    [
        (("title",), {"title": "A"}),
        (("id", "owner", "open"), {"id": "deal_1", "owner": None}),
        (("address.city",), {"address": {"city": "Kiel"}}),
        (("address.geo.lat", "address.city"), {"address": {"geo": {"lat": 1}, "city": "Kiel"}}),
        (("address.geo.lat", "address", "address.city"), {"address": DOCUMENT["address"]}),
        (("lines.sku",), {"lines": [{"sku": "a"}, {"sku": "b"}]}),
        (("owner.name", "title"), {"owner": None, "title": "A"}),
    ],
)  # fmt: skip
def test_what_is_wanted_is_left(wanted, left):
    names = (
        "id",
        "title",
        "owner",
        "owner.name",
        "open",
        "address",
        "address.city",
        "address.geo.lat",
        "lines.sku",
    )
    plan = Planner(FIELDS, (), SOURCE, names).plan(Query(fields=wanted))
    assert plan.projection is not None
    assert plan.projection.of(DOCUMENT) == left


def test_without_fields_all_of_it_is():
    assert planner().plan(Query()).projection is None


def test_what_can_be_asked_for_can_be_wanted_if_nothing_else_is_said():
    plan = planner().plan(Query(fields=("address", "address.city", "more.numbers", "id")))
    assert plan.projection is not None
