"""What recommendations promise."""

from collections import Counter

import pytest
from boutique_catalog.api import Catalog
from boutique_catalog.products import read_products
from boutique_catalog.service import Catalog as CatalogService
from boutique_recommendation.api import RECOMMENDED_MAX, Recommendations
from boutique_recommendation.rules import recommended
from boutique_recommendation.service import Recommendations as Service
from hypothesis import given
from hypothesis import strategies as st

from hanse import Unavailable
from hanse.testing import World, fake

PRODUCTS = read_products()
CATEGORIES = {product.id: set(product.categories) for product in PRODUCTS}
some = st.frozensets(st.sampled_from(sorted(CATEGORIES)))


async def test_recommends_what_is_near_and_not_what_was_seen(apart):
    async with World(Service, CatalogService, apart=apart) as world:
        got = await world.get(Recommendations).list_recommendations("ada", ("linen-apron",))
    assert len(set(got)) == RECOMMENDED_MAX
    assert "linen-apron" not in got
    assert all(CATEGORIES[one] & {"kitchen", "clothing"} for one in got)


async def test_recommends_the_same_to_the_same(apart):
    async with World(Service, CatalogService, apart=apart) as world:
        recommendations = world.get(Recommendations)
        first = await recommendations.list_recommendations("ada", ())
        assert await recommendations.list_recommendations("ada", ()) == first


async def test_does_not_recommend_what_is_no_longer_sold(apart):
    async def list_products():
        raise Unavailable("Closed for stocktaking.")

    async with World(Service, fake(Catalog, list_products=list_products), apart=apart) as world:
        with pytest.raises(Unavailable):
            await world.get(Recommendations).list_recommendations("ada", ())


@given(some, st.text(min_size=1, max_size=20))
def test_never_what_was_seen_and_as_many_as_there_are(seen, user):
    got = recommended(PRODUCTS, seen, user, RECOMMENDED_MAX)
    assert not seen & set(got)
    assert len(set(got)) == len(got) == min(RECOMMENDED_MAX, len(PRODUCTS) - len(seen))


@given(some, st.text(min_size=1, max_size=20))
def test_nothing_left_out_is_nearer_than_what_is_recommended(seen, user):
    near = set().union(*(CATEGORIES[one] for one in seen))
    got = recommended(PRODUCTS, seen, user, RECOMMENDED_MAX)
    left_out = set(CATEGORIES) - seen - set(got)
    shared = {one: len(CATEGORIES[one] & near) for one in CATEGORIES}
    assert max((shared[one] for one in left_out), default=0) <= min(
        (shared[one] for one in got), default=99
    )


def test_over_all_visitors_each_product_has_its_turn():
    shown = Counter(
        one
        for number in range(3000)
        for one in recommended(PRODUCTS, (), f"user-{number}", RECOMMENDED_MAX)
    )
    assert set(shown) == set(CATEGORIES)
    assert all(800 < count < 1200 for count in shown.values()), shown


def test_products_unknown_suit_nothing_and_hurt_nothing():
    assert len(recommended(PRODUCTS, ("kraken",), "ada", 4)) == 4
