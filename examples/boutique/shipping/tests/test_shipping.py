"""What shipping promises."""

import re

import pytest
from boutique_cart.api import CartItem
from boutique_currency.api import Money
from boutique_shipping.api import Address, Shipping
from boutique_shipping.rules import parcel, quote, tracking_id
from boutique_shipping.service import Shipping as Service
from hypothesis import given
from hypothesis import strategies as st

from hanse import InvalidArgument
from hanse.testing import World

HOME = Address("Am Sandtorkai 1", "Hamburg", "Germany", "20457")


@pytest.fixture
async def world(apart):
    async with World(Service, apart=apart) as world:
        yield world


@pytest.mark.parametrize(
    ("quantities", "cost"),
    [
        ((), Money("USD", 0)),
        ((1,), Money("USD", 4, 990_000_000)),
        ((2,), Money("USD", 5, 740_000_000)),
        ((1, 1), Money("USD", 5, 740_000_000)),
        ((29,), Money("USD", 25, 990_000_000)),
        ((99, 99), Money("USD", 25, 990_000_000)),
    ],
)
async def test_quotes_by_the_number_of_pieces(world, quantities, cost):
    items = tuple(CartItem(f"p{place}", quantity) for place, quantity in enumerate(quantities))
    shipping = world.get(Shipping)
    assert await shipping.get_quote(items) == await shipping.get_quote(items, HOME) == cost


async def test_quotes_outside_too(world):
    answer = await world.http().post(
        "/shipping/v1/quotes", {"items": [{"product_id": "mug", "quantity": 1}]}
    )
    assert (answer.status, answer.json) == (
        200,
        {"currency_code": "USD", "units": 4, "nanos": 990_000_000},
    )


@given(st.lists(st.integers(1, 99), max_size=50), st.integers(1, 99))
def test_more_never_costs_less(quantities, more):
    items = [CartItem("p", quantity) for quantity in quantities]
    assert quote(items).total_nanos <= quote([*items, CartItem("q", more)]).total_nanos


async def test_every_parcel_has_a_number_of_its_own(world):
    shipping = world.get(Shipping)
    mug = (CartItem("mug", 1),)
    numbers = {await shipping.ship_order(f"order-{at}", HOME, mug) for at in range(50)}
    assert len(numbers) == 50
    assert await shipping.ship_order("order-7", HOME, mug) in numbers, "an order is one parcel"
    assert all(
        re.fullmatch("([0-9A-HJKMNP-TV-Z]{4}-){2}[0-9A-HJKMNP-TV-Z]{4}", number)
        for number in numbers
    )


@given(st.text(max_size=64))
def test_the_number_of_a_parcel_is_of_sixty_bits(order_id):
    assert 0 <= parcel(order_id) < 2**60


@given(st.integers(0, 2**60 - 1), st.integers(0, 59))
def test_every_bit_of_a_number_is_in_its_name(number, bit):
    assert tracking_id(number) != tracking_id(number ^ 1 << bit)


@pytest.mark.parametrize(
    ("address", "items", "field"),
    [
        (HOME, (), "items"),
        (HOME, tuple(CartItem(f"p{number}", 1) for number in range(51)), "items"),
        (Address("", "Hamburg", "Germany"), (CartItem("mug", 1),), "address.street_address"),
        (Address("x", "", "Germany"), (CartItem("mug", 1),), "address.city"),
        (Address("x", "Hamburg", ""), (CartItem("mug", 1),), "address.country"),
        (Address("x", "Hamburg", "Germany", "1" * 17), (CartItem("mug", 1),), "address.zip_code"),
    ],
)
async def test_what_cannot_be_shipped_is_told_by_field(world, address, items, field):
    with pytest.raises(InvalidArgument) as caught:
        await world.get(Shipping).ship_order("order-1", address, items)
    assert [one.field for one in caught.value.violations] == [field]
