"""What the catalog promises."""

import asyncio
import re
from contextlib import asynccontextmanager

import pytest
from boutique_cart.api import CartItem
from boutique_catalog.api import Catalog, NoSuchProduct, OutOfStock
from boutique_catalog.products import read_products
from boutique_catalog.service import Catalog as Service
from boutique_catalog.stock import Stock

from hanse.testing import World, check_schema


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


MUGS, LANTERN = CartItem("enamel-mug", 2), CartItem("storm-lantern", 1)


@asynccontextmanager
async def shelf(pieces, apart=False):
    """A shop with so many of everything; how to reserve, and what is left."""
    async with World(Service, settings={"catalog": {"pieces": pieces}}, apart=apart) as world:
        catalog = world.get(Catalog)
        await catalog.list_products()

        async def left():
            found = await world.database.fetch(
                "select product_id, pieces from catalog.stock where pieces <> $1", pieces
            )
            return dict(map(tuple, found))

        yield catalog, left


async def test_what_is_reserved_is_gone_once_an_order(apart):
    async with shelf(10, apart) as (catalog, left):
        for _ in range(2):
            await catalog.reserve("order-1", (MUGS, LANTERN))
        assert await left() == {"enamel-mug": 8, "storm-lantern": 9}
        await catalog.reserve("order-2", (MUGS,))
        assert await left() == {"enamel-mug": 6, "storm-lantern": 9}


async def test_where_there_are_too_few_of_one_none_is_taken(apart):
    async with shelf(1, apart) as (catalog, left):
        with pytest.raises(OutOfStock) as caught:
            await catalog.reserve("order-1", (MUGS, LANTERN))
        assert caught.value.product_id == "enamel-mug"
        assert await left() == {}
        await catalog.reserve("order-1", (LANTERN,))
        assert await left() == {"storm-lantern": 0}


async def test_what_is_put_back_is_there_once_and_is_not_taken_any_more(apart):
    async with shelf(10, apart) as (catalog, left):
        await catalog.reserve("order-1", (MUGS,))
        for _ in range(2):
            await catalog.release("order-1", (MUGS,))
        assert await left() == {}
        await catalog.reserve("order-1", (MUGS,))
        await catalog.release("order-2", (MUGS,))
        await catalog.reserve("order-2", (MUGS,))
        assert await left() == {}


async def test_of_many_at_once_as_many_get_some_as_there_are():
    async with shelf(7) as (catalog, left):
        orders = (
            catalog.reserve(f"order-{at}", (MUGS, LANTERN)[:: at % 2 * 2 - 1]) for at in range(12)
        )
        done = await asyncio.gather(*orders, return_exceptions=True)
        assert [type(one) for one in done if one is not None] == [OutOfStock] * 9
        assert await left() == {"enamel-mug": 1, "storm-lantern": 4}


async def test_a_new_shop_is_filled_once_whoever_comes_at_once_and_each_site_has_its_own():
    async with World(Service) as world:
        shown = await asyncio.gather(*(world.get(Catalog).list_products() for _ in range(8)))
        await world.get(Catalog, site="acme").list_products()
        counted = await world.database.fetch_row("select count(*) from catalog.products")
    assert {len(one.products) for one in shown} == {12}
    assert counted[0] == 24


async def test_a_change_is_shown_a_second_later():
    async with World(Service) as world:
        catalog = world.get(Catalog)
        await catalog.list_products()
        await world.database.execute(
            "update catalog.products set doc = doc || jsonb_build_object('name', 'Tin Mug') "
            "where doc->>'product_id' = 'enamel-mug'"
        )
        world.clock.advance(1)
        assert (await catalog.get_product("enamel-mug")).name == "Tin Mug"


async def test_the_schema_is_what_migrations_make():
    await check_schema(Stock)
