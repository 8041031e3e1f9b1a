"""What ads promise."""

from collections import Counter

import pytest
from boutique_ad.ads import BY_CATEGORY
from boutique_ad.api import ADS_MAX, Ads
from boutique_ad.rules import ANY, chosen
from boutique_ad.service import Ads as Service
from boutique_catalog.products import read_products
from hypothesis import given
from hypothesis import strategies as st

from hanse import InvalidArgument
from hanse.testing import World

keys = st.lists(st.sampled_from([*BY_CATEGORY, "submarines", ""]), max_size=8)


@pytest.fixture
async def ads(apart):
    async with World(Service, apart=apart) as world:
        yield world.get(Ads)


async def test_gives_ads_that_suit(ads):
    for _ in range(6):
        got = await ads.get_ads(("travel",))
        assert len(set(got)) == ADS_MAX
        assert set(got) <= set(BY_CATEGORY["travel"])


@pytest.mark.parametrize("context_keys", [(), ("submarines",)])
async def test_gives_any_where_none_suits(ads, context_keys):
    assert len(await ads.get_ads(context_keys)) == ADS_MAX


async def test_every_ad_has_its_turn(ads):
    shown = Counter([ad for _ in range(30) for ad in await ads.get_ads(())])
    everything = {ad for some in BY_CATEGORY.values() for ad in some}
    assert set(shown) == everything
    assert max(shown.values()) - min(shown.values()) <= ADS_MAX


@pytest.mark.parametrize("context_keys", [("x",) * 33, ("x" * 65,), ("",)])
async def test_what_is_no_context_is_refused(ads, context_keys):
    with pytest.raises(InvalidArgument):
        await ads.get_ads(context_keys)


@given(keys, st.integers(0, 1000), st.integers(1, 5))
def test_each_ad_once_and_so_many_at_most(context_keys, turn, limit):
    got = chosen(BY_CATEGORY, context_keys, turn, limit)
    assert 1 <= len(set(got)) == len(got) <= limit


def test_every_ad_leads_to_a_product_of_its_category():
    categories = {f"/products/{product.id}": product.categories for product in read_products()}
    for category, ads in BY_CATEGORY.items():
        assert all(category in (ANY, *categories[ad.redirect_url]) for ad in ads), category
    assert {ANY, *(category for some in categories.values() for category in some)} == set(
        BY_CATEGORY
    )
