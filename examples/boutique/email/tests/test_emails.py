"""What the shop's letters promise."""

import logging
import re

from boutique_cart.api import CartItem
from boutique_checkout.api import Checkout, Order, OrderItem, OrderPlaced, PlacedOrder
from boutique_currency.api import Money
from boutique_email.service import Emails as Service
from boutique_shipping.api import Address
from msgspec.structs import replace

from hanse import PUBLIC, Events, People, rpc
from hanse import Service as HanseService
from hanse.testing import World, fake, mailed

ORDER = Order(
    "o-1",
    "7Q2K-01XD-9FHM",
    Money("EUR", 4, 660_000_000),
    Address("Am Sandtorkai 1", "Hamburg", "Germany", "20457"),
    (
        OrderItem(CartItem("enamel-mug", 2), "Enamel Mug", Money("EUR", 13, 970_000_000)),
        OrderItem(CartItem("ships-clock", 1), "Ship's Clock", Money("EUR", 139, 190_000_000)),
    ),
    Money("EUR", 171, 790_000_000),
)
HOSTILE = '<script>alert("1")</script>'


def words(html):
    return " ".join(re.sub("<[^>]+>", " ", html).split())


def shop(order=ORDER, *, apart=False):
    """A world in which this order was placed."""
    placed = PlacedOrder("shopper", "ada@example.org", order)
    checkout = fake(Checkout, get_order=lambda order_id: placed)
    return World(Service, Shop, checkout, apart=apart)


async def written(order, *, apart=False):
    """The letters that come of it."""
    async with shop(order, apart=apart) as world:
        await world.get(Shop).sell("o-1")
        await world.settled()
        return await mailed(world)


async def test_a_confirmation_says_what_was_bought_what_it_cost_and_where_it_goes():
    [letter] = await written(ORDER)
    assert (letter.to, letter.subject) == ("ada@example.org", "Your order o-1")
    text = words(letter.html)
    assert "Order o-1 , tracked as 7Q2K-01XD-9FHM" in text
    assert "Enamel Mug 2 EUR 13.97 Ship&#39;s Clock 1 EUR 139.19" in text
    assert "Shipping EUR 4.66 Total EUR 171.79" in text
    assert "Am Sandtorkai 1 20457 Hamburg Germany" in text
    plain = " ".join(letter.text.split())
    assert "2 x Enamel Mug, EUR 13.97 each 1 x Ship's Clock, EUR 139.19 each" in plain
    assert "Shipping EUR 4.66 Total EUR 171.79" in plain
    assert "Am Sandtorkai 1 20457 Hamburg Germany" in plain


async def test_what_a_customer_typed_is_text():
    address = Address(HOSTILE, HOSTILE, HOSTILE, "<b>", HOSTILE)
    items = (OrderItem(CartItem("x", 1), HOSTILE, Money("EUR", 1)),)
    [letter] = await written(replace(ORDER, shipping_address=address, items=items))
    assert "<script" not in letter.html
    assert "<b>" not in letter.html
    assert letter.html.count("&lt;script&gt;") == 5


async def test_who_bought_is_written_to_and_the_log_says_nothing_of_them(apart, caplog):
    caplog.set_level(logging.DEBUG)
    assert [letter.to for letter in await written(ORDER, apart=apart)] == ["ada@example.org"]
    log = [vars(record) for record in caplog.records if record.name == "boutique.email"]
    assert [record["order_id"] for record in log] == ["o-1"]
    assert "ada@" not in repr(log)
    assert "Sandtorkai" not in repr(log)


async def test_who_is_erased_takes_the_confirmation_along():
    async with shop() as world:
        await world.get(Shop).sell("o-1")
        await world.settled()
        assert len(await mailed(world)) == 1
        await world.get(Shop).forget("shopper")
        assert await mailed(world) == []


class Shop(HanseService, package="shop.v1"):
    """Tells of an order, and forgets who bought."""

    def __init__(self, events: Events, people: People) -> None:
        self._events = events
        self._people = people

    @rpc(allow=PUBLIC)
    async def forget(self, person: str) -> None:
        await self._people.erase(person)

    @rpc(allow=PUBLIC)
    async def sell(self, order_id: str) -> None:
        await self._events.emit(OrderPlaced(order_id, ORDER.total))
