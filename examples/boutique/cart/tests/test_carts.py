"""What carts promise."""

import asyncio
from datetime import timedelta

import pytest
from boutique_cart.api import ITEMS_MAX, QUANTITY_MAX, Cart, CartFull, CartItem, Carts, TooMany
from boutique_cart.rules import added, taken
from boutique_cart.service import Carts as Service
from hypothesis import given
from hypothesis import strategies as st

from hanse import InvalidArgument
from hanse.testing import World


@pytest.fixture
async def carts(apart):
    async with World(Service, apart=apart) as world:
        yield world.get(Carts)


async def test_a_cart_nobody_filled_is_empty(carts):
    assert await carts.get_cart("ada") == Cart("ada", ())


async def test_holds_what_was_put_in_in_that_order(carts):
    await carts.add_item("ada", CartItem("mug", 2))
    await carts.add_item("ada", CartItem("clock", 1))
    assert (await carts.get_cart("ada")).items == (CartItem("mug", 2), CartItem("clock", 1))


async def test_more_of_the_same_is_one_line(carts):
    for quantity in (2, 3):
        await carts.add_item("ada", CartItem("mug", quantity))
    assert (await carts.get_cart("ada")).items == (CartItem("mug", 5),)


async def test_emptying_takes_everything_out_and_may_be_repeated(carts):
    await carts.add_item("ada", CartItem("mug", 2))
    await carts.add_item("eve", CartItem("clock", 1))
    for _ in range(2):
        await carts.empty_cart("ada")
    assert (await carts.get_cart("ada")).items == ()
    assert (await carts.get_cart("eve")).items == (CartItem("clock", 1),)


async def test_one_product_goes_in_so_often_and_no_more(carts):
    await carts.add_item("ada", CartItem("mug", QUANTITY_MAX))
    with pytest.raises(TooMany) as caught:
        await carts.add_item("ada", CartItem("mug", 1))
    assert (caught.value.product_id, caught.value.limit) == ("mug", QUANTITY_MAX)
    assert (await carts.get_cart("ada")).items == (CartItem("mug", QUANTITY_MAX),)


async def test_a_cart_holds_so_many_products_and_no_more(carts):
    for number in range(ITEMS_MAX):
        await carts.add_item("ada", CartItem(f"p{number}", 1))
    with pytest.raises(CartFull) as caught:
        await carts.add_item("ada", CartItem("one-more", 1))
    assert caught.value.limit == ITEMS_MAX
    await carts.add_item("ada", CartItem("p0", 1))
    items = (await carts.get_cart("ada")).items
    assert (len(items), items[0]) == (ITEMS_MAX, CartItem("p0", 2))


@pytest.mark.parametrize(
    ("user", "item", "field"),
    [
        ("", CartItem("mug", 1), "user_id"),
        ("x" * 129, CartItem("mug", 1), "user_id"),
        ("ada", CartItem("mug", 0), "item.quantity"),
        ("ada", CartItem("mug", -1), "item.quantity"),
        ("ada", CartItem("mug", 100), "item.quantity"),
        ("ada", CartItem("", 1), "item.product_id"),
    ],
)
async def test_what_is_no_item_is_told_by_field(carts, user, item, field):
    with pytest.raises(InvalidArgument) as caught:
        await carts.add_item(user, item)
    assert [one.field for one in caught.value.violations] == [field]


async def test_what_was_bought_is_taken_out_once_and_what_came_meanwhile_stays(carts):
    await carts.add_item("ada", CartItem("mug", 2))
    bought = (CartItem("mug", 2), CartItem("gone", 1))
    await carts.add_item("ada", CartItem("mug", 1))
    await carts.add_item("ada", CartItem("clock", 1))
    for _ in range(2):
        await carts.take_out("ada", bought, "order-1")
        assert (await carts.get_cart("ada")).items == (CartItem("mug", 1), CartItem("clock", 1))
    await carts.take_out("ada", (CartItem("mug", 1),), "order-2")
    assert (await carts.get_cart("ada")).items == (CartItem("clock", 1),)


async def test_a_cart_has_another_turn_after_each_order_and_after_nothing_else(carts):
    seen = []
    for change in (
        carts.add_item("ada", CartItem("mug", 2)),
        carts.add_item("ada", CartItem("clock", 1)),
        carts.take_out("ada", (CartItem("mug", 1),), "order-1"),
        carts.empty_cart("ada"),
        carts.add_item("ada", CartItem("mug", 2)),
        carts.take_out("ada", (CartItem("mug", 2),), "order-2"),
    ):
        await change
        seen.append((await carts.get_cart("ada")).turn)
    first, second, third = seen[0], seen[2], seen[5]
    assert seen == [first, first, second, second, second, third]
    assert len({first, second, third, (await carts.get_cart("eve")).turn}) == 4


async def test_who_shops_in_several_windows_loses_nothing(carts):
    await asyncio.gather(*(carts.add_item("ada", CartItem(f"p{at % 2}", 1)) for at in range(6)))
    items = (await carts.get_cart("ada")).items
    assert {item.product_id: item.quantity for item in items} == {"p0": 3, "p1": 3}


async def test_a_cart_is_kept_for_a_season_after_it_was_touched():
    async with World(Service) as world:
        carts = world.get(Carts)
        await carts.add_item("ada", CartItem("mug", 1))
        world.clock.advance(timedelta(days=89))
        await carts.add_item("ada", CartItem("mug", 1))
        world.clock.advance(timedelta(days=89))
        await world.catch_up()
        assert (await carts.get_cart("ada")).items == (CartItem("mug", 2),)
        world.clock.advance(timedelta(days=2))
        await world.catch_up()
        assert (await carts.get_cart("ada")).items == ()


async def test_each_site_has_carts_of_its_own(apart):
    async with World(Service, apart=apart) as world:
        await world.get(Carts, site="acme").add_item("ada", CartItem("mug", 1))
        assert (await world.get(Carts, site="acme").get_cart("ada")).items
        assert not (await world.get(Carts, site="other").get_cart("ada")).items


items = st.builds(CartItem, st.sampled_from("abcde"), st.integers(1, 9))


@given(st.lists(items, max_size=10))
def test_a_cart_holds_the_sum_of_what_was_put_in(given_items):
    held = ()
    for item in given_items:
        held = added(held, item)
    wanted: dict[str, int] = {}
    for item in given_items:
        wanted[item.product_id] = wanted.get(item.product_id, 0) + item.quantity
    assert [(one.product_id, one.quantity) for one in held] == list(wanted.items())


@given(st.lists(items, max_size=10), st.lists(items, max_size=10))
def test_what_is_taken_out_of_what_was_put_in_leaves_what_came_later(first, later):
    bought = ()
    for item in first:
        bought = added(bought, item)
    held = bought
    for item in later:
        held = added(held, item)
    wanted: dict[str, int] = {}
    for item in later:
        wanted[item.product_id] = wanted.get(item.product_id, 0) + item.quantity
    assert {one.product_id: one.quantity for one in taken(held, bought)} == wanted
