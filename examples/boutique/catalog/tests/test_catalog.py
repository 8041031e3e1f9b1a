"""What the catalog promises."""

import re

import pytest
from boutique_catalog.api import Catalog, NoSuchProduct
from boutique_catalog.products import read_products
from boutique_catalog.service import Catalog as Service

from hanse.testing import World


@pytest.fixture
async def world(apart):
    async with World(Service, apart=apart) as world:
        yield world


def test_the_shop_sells_twelve_things_and_none_twice():
    products = read_products()
    assert (
        len({product.id for product in products})
        == len({product.name for product in products})
        == 12
    )


@pytest.mark.parametrize("product", read_products(), ids=lambda product: product.id)
def test_every_product_can_be_shown_and_sold(product):
    assert re.fullmatch("[a-z]+(-[a-z]+)*", product.id)
    assert product.picture == f"/static/products/{product.id}.svg"
    assert product.price_usd.currency_code == "USD"
    assert product.price_usd.total_nanos > 0
    assert product.price_usd.nanos % 10_000_000 == 0, "whole cents"
    assert product.categories
    assert 80 <= len(product.description) <= 200


async def test_lists_what_there_is_outside_too(world):
    listed = await world.get(Catalog).list_products()
    assert listed.products == read_products()
    answer = await world.http().get("/catalog/v1/products")
    assert (answer.status, len(answer.json["products"])) == (200, 12)


async def test_gets_one_product_outside_too(world):
    product = await world.get(Catalog).get_product("enamel-mug")
    assert product.name == "Enamel Mug"
    answer = await world.http().get("/catalog/v1/products/enamel-mug")
    assert answer.json["price_usd"] == {"currency_code": "USD", "units": 14, "nanos": 950_000_000}


async def test_what_is_not_sold_is_not_found(world):
    with pytest.raises(NoSuchProduct) as caught:
        await world.get(Catalog).get_product("kraken")
    assert caught.value.product_id == "kraken"
    answer = await world.http().get("/catalog/v1/products/kraken")
    assert (answer.status, answer.json["code"]) == (404, "no_such_product")


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("mug", {"enamel-mug"}),
        ("BRASS", {"sailcloth-tote", "brass-compass", "ships-clock"}),
        ("wool sofa", {"wool-blanket"}),
        ("  brass   case ", {"brass-compass", "ships-clock"}),
        ("stationery", {"leather-journal", "harbour-print"}),
        ("submarine", set()),
        ("   ", set()),
        ("%", set()),
    ],
)
async def test_finds_products_that_hold_every_word(world, query, ids):
    found = await world.get(Catalog).search_products(query)
    assert {product.id for product in found.products} == ids


async def test_searches_outside_too_and_says_what_a_query_is(world):
    http = world.http()
    found = (await http.get("/catalog/v1/products:search?query=Lantern")).json["products"]
    assert [product["id"] for product in found] == ["storm-lantern"]
    for query in ("", "x" * 101):
        answer = await http.get(f"/catalog/v1/products:search?query={query}")
        assert (answer.status, answer.json["violations"][0]["field"]) == (400, "query")
