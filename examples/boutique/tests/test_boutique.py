"""The nine services as one shop: what is open to the outside, and a whole purchase."""

import asyncio
import logging

import pytest
from boutique_ad.service import Ads
from boutique_cart.api import CartItem
from boutique_cart.api import Carts as CartsContract
from boutique_cart.service import Carts
from boutique_catalog.service import Catalog
from boutique_checkout.api import Checkout as CheckoutContract
from boutique_checkout.service import Checkout
from boutique_currency.service import Currencies
from boutique_email.service import Emails
from boutique_payment.api import Card
from boutique_payment.service import Payments
from boutique_recommendation.service import Recommendations
from boutique_shipping.api import Address
from boutique_shipping.service import Shipping

from hanse import HanseError, Unavailable
from hanse.testing import Faults, World

NINE = (Ads, Carts, Catalog, Checkout, Currencies, Emails, Payments, Recommendations, Shipping)

PUBLISHED = {
    "ad.v1.Ads": {"GetAds"},
    "cart.v1.Carts": {"AddItem", "GetCart", "EmptyCart"},
    "catalog.v1.Catalog": {"ListProducts", "GetProduct", "SearchProducts"},
    "checkout.v1.Checkout": {"PlaceOrder"},
    "currencies.v1.Currencies": {"GetSupportedCurrencies", "Convert"},
    "payment.v1.Payments": {"Charge"},
    "recommendation.v1.Recommendations": {"ListRecommendations"},
    "shipping.v1.Shipping": {"GetQuote", "ShipOrder"},
}
"""But for the letter, which follows from an event."""

FOR_WHAT_LASTS = {
    "cart.v1.Carts": {"TakeOut"},
    "catalog.v1.Catalog": {"Reserve", "Release"},
    "checkout.v1.Checkout": {"GetOrder", "NewestOrder"},
    "payment.v1.Payments": {"Authorize", "Refund"},
}
OPEN = {
    "catalog.v1.Catalog/ListProducts", "catalog.v1.Catalog/GetProduct", "catalog.v1.Catalog/SearchProducts",
    "currencies.v1.Currencies/GetSupportedCurrencies", "shipping.v1.Shipping/GetQuote",
}  # fmt: skip
PAGES = {"", "products", "basket", "orders", "currency", "search", "static"}

CARD = Card("5555 5555 5555 4444", "987", 2031, 12)
HOME = Address("Am Sandtorkai 1", "Hamburg", "Germany", "20457")


def methods():
    return [method for service in NINE for method in service.__contract__.methods.values()]


def test_nine_services_have_the_methods_of_the_published_interface_and_seven_for_what_lasts():
    found = {
        one.__contract__.full_name: {
            method.rpc_name for method in one.__contract__.methods.values()
        }
        for one in NINE
    }
    assert found.pop("email.v1.Emails") == set(), "it is called by nobody, and told of orders"
    for name, added in FOR_WHAT_LASTS.items():
        found[name] -= added
    assert found == PUBLISHED
    assert len(methods()) == 14 + 7


def test_paths_of_services_and_pages_of_the_shop_begin_differently():
    firsts = [
        {
            method.route.path.split("/")[1]
            for method in service.__contract__.methods.values()
            if method.route
        }
        for service in NINE
    ]
    taken = [first for some in firsts for first in some]
    assert len(taken) == len(set(taken))
    assert not set(taken) & PAGES


@pytest.mark.parametrize("method", methods(), ids=lambda method: method.full_name)
async def test_the_outside_finds_what_is_meant_for_it_and_nothing_else(method):
    async with World(*NINE) as world:
        http = world.http()
        connect = (await http.post(f"/{method.full_name}", {})).status
    assert (connect in (200, 400)) if method.full_name in OPEN else (connect == 404)


def test_the_outside_can_change_nothing():
    assert {method.full_name for method in methods() if method.route} == OPEN
    assert all(method.idempotent for method in methods() if method.route)


def test_nothing_that_does_something_is_tried_twice():
    once = {method.full_name for method in methods() if not method.idempotent}
    assert once == {
        "cart.v1.Carts/AddItem", "checkout.v1.Checkout/PlaceOrder", "payment.v1.Payments/Authorize",
    }  # fmt: skip


async def buy(world, user="ada", currency="JPY"):
    await world.get(CartsContract).add_item(user, CartItem("wool-blanket", 1))
    await world.get(CartsContract).add_item(user, CartItem("enamel-mug", 4))
    return await world.get(CheckoutContract).place_order(
        user, currency, HOME, "ada@example.org", CARD
    )


async def test_a_purchase_from_cart_to_letter(apart):
    async with World(*NINE, apart=apart) as world:
        order = await buy(world)
        await world.settled()
        assert (await world.get(CartsContract).get_cart("ada")).items == ()
    # 112.40, 14.95 and 7.99 dollars in yen: 18053, 2401 and 1283 of 171.94/1.0705.
    assert [one.cost.units for one in order.items] == [18053, 2401]
    assert (order.shipping_cost.units, order.total.units, order.total.nanos) == (1283, 28940, 0)


async def test_no_log_and_no_span_of_a_purchase_shows_card_customer_or_address(apart, caplog):
    caplog.set_level(logging.DEBUG)
    async with World(*NINE, apart=apart) as world:
        await buy(world)
        await world.settled()
        spans = repr(world.spans())
    said = spans + repr([vars(record) for record in caplog.records])
    assert "payment.v1.Payments/Authorize" in spans
    assert "confirmation written" in said
    for secret in ("5555 5555", "55555555", "'987'", "ada@example.org", "Sandtorkai"):
        assert secret not in said


@pytest.mark.parametrize(
    "seed", [*range(2), *(pytest.param(seed, marks=pytest.mark.long) for seed in range(2, 12))]
)
async def test_whatever_fails_between_services_an_order_is_whole_or_the_cart_is_kept(apart, seed):
    """Half of the failures come after the callee has done its work, as when a connection breaks."""
    async with World(*NINE, apart=apart, faults=Faults(seed, failure_rate=0.1)) as world:
        bought = kept = 0
        for number in range(20):
            user = f"user-{number}"
            try:
                order = await in_time(world, buy(world, user, "EUR"))
            except HanseError:
                kept += len((await cart_of(world, user)).items) == 2
            else:
                assert order.shipping_tracking_id
                bought += 1
        books = await books_of(world)
    assert bought + kept == 20, "no cart is lost without an order"
    assert bought
    assert kept
    assert books == (bought, bought, 5 * bought), "placed, charged and gone from the shelf"


async def in_time(world, buying):
    """What comes of it, when as much time has passed as it takes."""
    task = asyncio.create_task(buying)
    while not task.done():
        await world.catch_up()
        world.clock.advance(60)
    return await task


async def cart_of(world, user):
    """What is in a cart; whoever is asked may fail as well."""
    while True:
        try:
            return await world.get(CartsContract).get_cart(user)
        except HanseError:
            continue


async def books_of(world):
    """How many orders were placed, how many payments are charged, how many pieces are gone."""
    await world.settled()
    row = await world.database.fetch_row(
        "select (select count(*) from orders.orders where doc->>'state' = 'placed'),"
        " (select count(*) from payment.payments where doc->>'state' = 'charged'),"
        " (select sum(1000000 - pieces) from catalog.stock)"
    )
    return tuple(row)


async def test_out_of_reach_is_said_as_such_while_nothing_was_charged():
    async with World(*NINE, faults=Faults(1, failure_rate=1.0)) as world:
        with pytest.raises(Unavailable):
            await buy(world)
