"""What the shop's letters promise."""

import logging
import re

import pytest
from boutique_cart.api import CartItem
from boutique_currency.api import Money
from boutique_email.api import Emails, Order, OrderItem
from boutique_email.letter import Letters
from boutique_email.service import Emails as Service
from boutique_email.service import EmailsSettings
from boutique_shipping.api import Address
from msgspec.structs import replace

from hanse import InvalidArgument
from hanse.testing import World

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


def test_a_confirmation_says_what_was_bought_what_it_cost_and_where_it_goes():
    letter = Letters().confirmation("ada@example.org", ORDER)
    assert (letter.to, letter.subject) == ("ada@example.org", "Your order o-1")
    text = words(letter.html)
    assert "Order o-1 , tracked as 7Q2K-01XD-9FHM" in text
    assert "Enamel Mug 2 EUR 13.97 Ship&#39;s Clock 1 EUR 139.19" in text
    assert "Shipping EUR 4.66 Total EUR 171.79" in text
    assert "Am Sandtorkai 1 20457 Hamburg Germany" in text


def test_what_a_customer_typed_is_text():
    address = Address(HOSTILE, HOSTILE, HOSTILE, "<b>", HOSTILE)
    items = (OrderItem(CartItem("x", 1), HOSTILE, Money("EUR", 1)),)
    letter = Letters().confirmation(
        "ada@example.org", replace(ORDER, shipping_address=address, items=items)
    )
    assert "<script" not in letter.html
    assert "<b>" not in letter.html
    assert letter.html.count("&lt;script&gt;") == 5


async def test_letters_are_taken_and_say_nothing_of_the_customer_in_the_log(apart, caplog):
    caplog.set_level(logging.DEBUG)
    async with World(Service, apart=apart) as world:
        await world.get(Emails).send_order_confirmation("ada@example.org", ORDER)
    log = [vars(record) for record in caplog.records if record.name == "boutique.email"]
    assert [record["order_id"] for record in log] == ["o-1"]
    assert "ada@" not in repr(log)
    assert "Sandtorkai" not in repr(log)


async def test_the_outbox_holds_the_last_letters_and_no_more():
    emails = Service(EmailsSettings(kept=2))
    for name in ("ada", "bob", "cid"):
        await emails.send_order_confirmation(f"{name}@example.org", ORDER)
    assert [letter.to for letter in emails.outbox] == ["bob@example.org", "cid@example.org"]


@pytest.mark.parametrize(
    "email",
    [
        "",
        "ada",
        "@",
        "a@b",
        "a b@example.org",
        "a@example.org\n",
        "a@example.org\nBcc: eve@example.org",
        "a@@example.org",
        "x" * 250 + "@example.org",
    ],
)
async def test_what_is_no_address_is_refused(apart, email):
    async with World(Service, apart=apart) as world:
        with pytest.raises(InvalidArgument) as caught:
            await world.get(Emails).send_order_confirmation(email, ORDER)
    assert [one.field for one in caught.value.violations] == ["email"]
