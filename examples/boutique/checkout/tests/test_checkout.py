"""What checkout promises: what happens in which order, and what must not have happened."""

import asyncio

import pytest
from boutique_cart.api import CartItem, Carts
from boutique_cart.service import Carts as CartsService
from boutique_catalog.api import Catalog, NoSuchProduct
from boutique_catalog.service import Catalog as CatalogService
from boutique_checkout.api import (
    AlreadyBuying,
    CartEmpty,
    ChargedNotShipped,
    Checkout,
    PaymentUnclear,
)
from boutique_checkout.service import Checkout as Service
from boutique_currency.api import Currencies, Money, UnsupportedCurrency
from boutique_currency.service import Currencies as CurrenciesService
from boutique_email.api import Emails
from boutique_payment.api import Card, CardExpired, CardNotAccepted, InvalidCard, Payments
from boutique_payment.service import Payments as PaymentsService
from boutique_shipping.api import Address, Shipping
from boutique_shipping.service import Shipping as ShippingService

from hanse import DeadlineExceeded, Internal, InvalidArgument, Unavailable
from hanse.testing import World, fake

HOME = Address("Am Sandtorkai 1", "Hamburg", "Germany", "20457")
CARD = Card("4111 1111 1111 1111", "123", 2030, 1)
MUGS, CLOCK = CartItem("enamel-mug", 2), CartItem("ships-clock", 1)


class Diary:
    """What was charged, shipped and written, in that order, by services that note it and do as told."""

    def __init__(self):
        self.notes = []
        self.errors = {}

    def note(self, what, *told, answer=None):
        self.notes.append((what, *told))
        if what in self.errors:
            raise self.errors[what]
        return answer

    @property
    def done(self):
        return [what for what, *_ in self.notes]

    def services(self):
        return (
            fake(
                Payments,
                charge=lambda amount, card: self.note("charge", amount, card, answer="t-1"),
            ),
            fake(
                Shipping,
                get_quote=lambda items, address: self.note(
                    "quote", items, address, answer=Money("USD", 5)
                ),
                ship_order=lambda address, items: self.note("ship", address, items, answer="7Q2K"),
            ),
            fake(
                Emails,
                send_order_confirmation=lambda email, order: self.note("write", email, order),
            ),
        )


@pytest.fixture
def diary():
    return Diary()


@pytest.fixture
async def world(diary, apart):
    services = (Service, CartsService, CatalogService, CurrenciesService)
    async with World(*services, *diary.services(), apart=apart) as world:
        yield world


async def fill(world, *items):
    for item in items:
        await world.get(Carts).add_item("ada", item)


def buy(world, currency="USD", card=CARD, email="ada@example.org"):
    return world.get(Checkout).place_order("ada", currency, HOME, email, card)


async def in_cart(world):
    return (await world.get(Carts).get_cart("ada")).items


async def test_charges_then_ships_then_writes_and_empties_the_cart(world, diary):
    await fill(world, MUGS, CLOCK)
    order = await buy(world)
    total = Money("USD", 183, 900_000_000)  # 2 * 14.95 + 149 + 5
    assert diary.notes == [
        ("quote", (MUGS, CLOCK), HOME),
        ("charge", total, CARD),
        ("ship", HOME, (MUGS, CLOCK)),
        ("write", "ada@example.org", order),
    ]
    assert await in_cart(world) == ()


async def test_an_order_says_what_was_bought_and_paid(world):
    await fill(world, MUGS, CLOCK)
    order = await buy(world, "EUR")
    assert [(one.item, one.name, one.cost) for one in order.items] == [
        (MUGS, "Enamel Mug", Money("EUR", 13, 970_000_000)),  # 14.95 / 1.0705 = 13.9654…
        (CLOCK, "Ship's Clock", Money("EUR", 139, 190_000_000)),  # 149 / 1.0705 = 139.1873…
    ]
    assert order.shipping_cost == Money("EUR", 4, 670_000_000)  # 5 / 1.0705 = 4.6707…
    assert order.total == Money("EUR", 171, 800_000_000)
    assert (order.shipping_tracking_id, order.shipping_address) == ("7Q2K", HOME)
    assert order.order_id


@pytest.mark.parametrize("currency", ["USD", "EUR", "JPY", "TRY", "KRW"])
async def test_the_total_is_what_the_lines_and_shipping_add_up_to(world, diary, currency):
    await fill(world, MUGS, CLOCK, CartItem("tea-caddy", 7))
    order = await buy(world, currency)
    pieces = sum(one.cost.total_nanos * one.item.quantity for one in order.items)
    assert order.total.total_nanos == pieces + order.shipping_cost.total_nanos
    assert order.total.currency_code == currency
    assert ("charge", order.total, CARD) in diary.notes


async def test_every_order_has_a_number_of_its_own(world):
    numbers = set()
    for _ in range(5):
        await fill(world, MUGS)
        numbers.add((await buy(world)).order_id)
    assert len(numbers) == 5


async def test_there_is_nothing_to_buy_in_an_empty_cart(world, diary):
    with pytest.raises(CartEmpty):
        await buy(world)
    assert diary.done == []


async def test_what_is_not_sold_is_not_charged(world, diary, caplog):
    await fill(world, MUGS, CartItem("kraken", 1))
    with pytest.raises(NoSuchProduct) as caught:
        await buy(world)
    assert caught.value.product_id == "kraken"
    assert "charge" not in diary.done
    assert await in_cart(world) == (MUGS, CartItem("kraken", 1))
    assert "left task" not in caplog.text, "what was asked for at once has ended with it"


async def test_a_currency_without_a_rate_is_not_charged(world, diary):
    await fill(world, MUGS)
    with pytest.raises(UnsupportedCurrency):
        await buy(world, "XTS")
    assert "charge" not in diary.done
    assert await in_cart(world) == (MUGS,)


@pytest.mark.parametrize(
    "error",
    [
        InvalidCard("No.", field="number"),
        CardNotAccepted("No.", accepted=("Visa",)),
        CardExpired("No."),
        InvalidArgument("No."),
    ],
    ids=lambda error: error.code,
)
async def test_a_refused_card_is_told_as_it_is_and_nothing_is_shipped(world, diary, error):
    diary.errors["charge"] = error
    await fill(world, MUGS)
    with pytest.raises(type(error)) as caught:
        await buy(world)
    assert caught.value.fields() == error.fields()
    assert diary.done == ["quote", "charge"]
    assert await in_cart(world) == (MUGS,)


@pytest.mark.parametrize(
    "error",
    [Unavailable("Gone."), DeadlineExceeded("Late."), Internal("Broken.")],
    ids=lambda error: error.code,
)
async def test_a_bank_that_does_not_answer_is_asked_once_and_nothing_is_shipped(
    world, diary, error
):
    diary.errors["charge"] = error
    await fill(world, MUGS)
    with pytest.raises(PaymentUnclear, match="may have been charged"):
        await buy(world)
    assert diary.done == ["quote", "charge"]
    assert await in_cart(world) == (MUGS,)


@pytest.mark.parametrize(
    "error", [Unavailable("Gone."), Internal("Broken.")], ids=lambda error: error.code
)
async def test_what_was_charged_and_not_shipped_is_told_with_its_transaction(
    world, diary, error, caplog
):
    diary.errors["ship"] = error
    await fill(world, MUGS)
    with pytest.raises(ChargedNotShipped) as caught:
        await buy(world)
    assert caught.value.transaction_id == "t-1"
    assert diary.done == ["quote", "charge", "ship"]
    assert await in_cart(world) == (MUGS,)
    told = [record for record in caplog.records if record.name == "boutique.checkout"]
    assert [(record.levelname, record.transaction_id) for record in told] == [("ERROR", "t-1")]


async def test_a_letter_that_cannot_be_sent_undoes_nothing(world, diary, caplog):
    diary.errors["write"] = Unavailable("The post office is closed.")
    await fill(world, MUGS)
    order = await buy(world)
    assert order.shipping_tracking_id == "7Q2K"
    assert diary.done == ["quote", "charge", "ship", "write"]
    assert await in_cart(world) == ()
    assert "the confirmation failed after an order" in caplog.text


async def test_a_cart_that_cannot_be_emptied_undoes_nothing(diary, apart, caplog):
    def empty_cart(user_id):
        raise Unavailable("Stuck.")

    carts = fake(
        Carts,
        get_cart=lambda user_id: {"user_id": user_id, "items": (MUGS,)},
        empty_cart=empty_cart,
    )
    services = (Service, carts, CatalogService, CurrenciesService, *diary.services())
    async with World(*services, apart=apart) as world:
        assert await buy(world)
    assert diary.done == ["quote", "charge", "ship", "write"]
    assert "emptying the cart failed after an order" in caplog.text


async def test_two_clicks_buy_and_charge_once(diary, apart):
    charging, go = asyncio.Event(), asyncio.Event()

    async def charge(amount, card):
        charging.set()
        await go.wait()
        return diary.note("charge", amount, card, answer="t-1")

    _, shipping, emails = diary.services()
    services = (
        Service,
        CartsService,
        CatalogService,
        CurrenciesService,
        fake(Payments, charge=charge),
        shipping,
        emails,
    )
    async with (
        World(*services, apart=apart) as world,
        asyncio.timeout(5),
        asyncio.TaskGroup() as group,
    ):
        await fill(world, MUGS)
        first = group.create_task(buy(world))
        await charging.wait()
        with pytest.raises(AlreadyBuying):
            await buy(world)
        with pytest.raises(CartEmpty):
            await world.get(Checkout).place_order("eve", "USD", HOME, "eve@example.org", CARD)
        with pytest.raises(CartEmpty):
            await world.get(Checkout, site="acme").place_order(
                "ada", "USD", HOME, "ada@example.org", CARD
            )
        go.set()
        assert (await first).total == Money("USD", 34, 900_000_000)
    assert diary.done.count("charge") == diary.done.count("ship") == 1


async def test_after_a_failure_the_cart_can_be_bought_again(world, diary):
    diary.errors["charge"] = CardExpired("No.")
    await fill(world, MUGS)
    with pytest.raises(CardExpired):
        await buy(world)
    diary.errors.clear()
    assert await buy(world)
    with pytest.raises(CartEmpty):
        await buy(world)


async def test_prices_and_shipping_are_asked_for_at_once(diary, apart):
    """Nobody gets an answer before all have asked, so one after the other would end in a deadline."""
    everybody = asyncio.Barrier(3)

    async def get_product(product_id):
        await everybody.wait()
        return {
            "id": product_id,
            "name": product_id,
            "description": "",
            "picture": "",
            "price_usd": Money("USD", 1),
            "categories": (),
        }

    async def get_quote(items, address):
        await everybody.wait()
        return Money("USD", 5)

    payments, _, emails = diary.services()
    shipping = fake(Shipping, get_quote=get_quote, ship_order=lambda address, items: "7Q2K")
    catalog = fake(Catalog, get_product=get_product)
    services = (Service, CartsService, catalog, CurrenciesService, payments, shipping, emails)
    async with World(*services, apart=apart) as world, asyncio.timeout(5):
        await fill(world, MUGS, CLOCK)
        assert (await buy(world)).total == Money("USD", 8)


async def test_real_payments_and_shipping_agree_with_it(diary, apart):
    services = (
        Service,
        CartsService,
        CatalogService,
        CurrenciesService,
        PaymentsService,
        ShippingService,
        diary.services()[2],
    )
    async with World(*services, apart=apart) as world:
        await fill(world, MUGS)
        with pytest.raises(CardExpired):
            await buy(world, card=Card(CARD.number, "123", 2020, 1))
        assert await in_cart(world) == (MUGS,)
        order = await buy(world, "EUR")
    assert order.shipping_cost == Money("EUR", 5, 360_000_000)  # 5.74 / 1.0705 = 5.3619…
    assert diary.done == ["write"]


async def test_a_wrong_address_is_found_before_anything_happens(world, diary):
    await fill(world, MUGS)
    with pytest.raises(InvalidArgument) as caught:
        await buy(world, email="nobody")
    assert [one.field for one in caught.value.violations] == ["email"]
    assert diary.done == []


async def test_currencies_may_fail_and_nothing_is_charged(diary, apart):
    def convert(amount, to_code):
        raise Unavailable("No rates today.")

    services = (
        Service,
        CartsService,
        CatalogService,
        fake(Currencies, convert=convert),
        *diary.services(),
    )
    async with World(*services, apart=apart) as world:
        await fill(world, MUGS)
        with pytest.raises(Unavailable):
            await buy(world)
        assert await in_cart(world) == (MUGS,)
    assert "charge" not in diary.done
