"""What checkout promises: what happens in which order, what is undone, and what must not have happened."""

import asyncio
import itertools

import pytest
from boutique_cart.api import CartItem, Carts
from boutique_cart.service import Carts as CartsService
from boutique_catalog.api import Catalog, NoSuchProduct, OutOfStock
from boutique_catalog.service import Catalog as CatalogService
from boutique_checkout.api import (
    AlreadyBuying,
    CartEmpty,
    Checkout,
    NoSuchOrder,
    OrderUndone,
)
from boutique_checkout.service import Checkout as Service
from boutique_currency.api import Currencies, Money, UnsupportedCurrency
from boutique_currency.service import Currencies as CurrenciesService
from boutique_payment.api import Card, CardExpired, CardNotAccepted, InvalidCard, Payments
from boutique_payment.service import Payments as PaymentsService
from boutique_shipping.api import Address, Shipping
from boutique_shipping.service import Shipping as ShippingService

from hanse import DeadlineExceeded, Internal, InvalidArgument, PermissionDenied, Unavailable
from hanse.runtime.workflows.failure import WorkflowCanceled
from hanse.runtime.workflows.operator import Operator
from hanse.testing import World, fake

HOME = Address("Am Sandtorkai 1", "Hamburg", "Germany", "20457")
CARD = Card("4111 1111 1111 1111", "123", 2030, 1)
MUGS, CLOCK = CartItem("enamel-mug", 2), CartItem("ships-clock", 1)
DONE = ["quote", "authorize", "charge", "ship"]


class Diary:
    """What was charged and shipped, in that order, by services that note it and do as told."""

    def __init__(self):
        self.notes = []
        self.errors = {}
        self.often = {}
        self.payments = itertools.count(1)

    def note(self, what, *told, answer=None):
        self.notes.append((what, *told))
        if what in self.errors and self.often.get(what, 1):
            self.often[what] = self.often.get(what, 1_000_000) - 1
            raise self.errors[what]
        return answer

    @property
    def done(self):
        return [what for what, *_ in self.notes]

    def services(self):
        return (
            fake(
                Payments,
                authorize=lambda amount, card: self.note(
                    "authorize", amount, card, answer=f"p-{next(self.payments)}"
                ),
                charge=lambda payment_id: self.note("charge", payment_id, answer=Money("USD", 1)),
                refund=lambda payment_id: self.note("refund", payment_id),
            ),
            fake(
                Shipping,
                get_quote=lambda items, address: self.note(
                    "quote", items, address, answer=Money("USD", 5)
                ),
                ship_order=lambda order_id, address, items: self.note(
                    "ship", address, items, answer="7Q2K"
                ),
            ),
        )


@pytest.fixture
def diary():
    return Diary()


@pytest.fixture
async def world(diary):
    services = (Service, CartsService, CatalogService, CurrenciesService)
    async with World(*services, *diary.services()) as world:
        yield world


@pytest.fixture
async def either(diary, apart):
    """The same, together and apart: for what goes through all services."""
    services = (Service, CartsService, CatalogService, CurrenciesService)
    async with World(*services, *diary.services(), apart=apart) as world:
        yield world


async def fill(world, *items):
    for item in items:
        await world.get(Carts).add_item("ada", item)


def buy(world, currency="USD", card=CARD, email="ada@example.org"):
    return world.get(Checkout).place_order("ada", currency, HOME, email, card)


async def in_time(world, buying):
    """What comes of it, when as much time has passed as it takes."""
    task = asyncio.ensure_future(buying)
    async with asyncio.timeout(20):
        while not task.done():
            await world.catch_up()
            world.clock.advance(60)
    return await task


async def in_cart(world):
    return (await world.get(Carts).get_cart("ada")).items


async def sold(world):
    """How many pieces are gone from the shelf."""
    rows = await world.database.fetch("select sum(1000000 - pieces) from catalog.stock")
    return rows[0][0] or 0


async def told(world):
    """The orders that others were told of, by number."""
    await world.settled()
    rows = await world.database.fetch("select id from orders.orders where doc->>'state' = 'placed'")
    return len(rows)


async def test_charges_then_ships_and_empties_the_cart(either, diary):
    await fill(either, MUGS, CLOCK)
    order = await buy(either)
    total = Money("USD", 183, 900_000_000)  # 2 * 14.95 + 149 + 5
    assert diary.notes == [
        ("quote", (MUGS, CLOCK), HOME),
        ("authorize", total, CARD),
        ("charge", "p-1"),
        ("ship", HOME, (MUGS, CLOCK)),
    ]
    assert (order.total, await in_cart(either), await sold(either)) == (total, (), 3)


async def test_an_order_says_what_was_bought_and_paid(either):
    await fill(either, MUGS, CLOCK)
    order = await buy(either, "EUR")
    assert [(one.item, one.name, one.cost) for one in order.items] == [
        (MUGS, "Enamel Mug", Money("EUR", 13, 970_000_000)),  # 14.95 / 1.0705 = 13.9654…
        (CLOCK, "Ship's Clock", Money("EUR", 139, 190_000_000)),  # 149 / 1.0705 = 139.1873…
    ]
    assert order.shipping_cost == Money("EUR", 4, 670_000_000)  # 5 / 1.0705 = 4.6707…
    assert order.total == Money("EUR", 171, 800_000_000)
    assert (order.shipping_tracking_id, order.shipping_address) == ("7Q2K", HOME)
    assert order.order_id


async def test_the_total_is_what_the_lines_and_shipping_add_up_to(world, diary):
    for currency in ("USD", "EUR", "JPY", "TRY", "KRW"):
        await fill(world, MUGS, CLOCK, CartItem("tea-caddy", 7))
        order = await buy(world, currency)
        pieces = sum(one.cost.total_nanos * one.item.quantity for one in order.items)
        assert order.total.total_nanos == pieces + order.shipping_cost.total_nanos
        assert order.total.currency_code == currency
        assert ("authorize", order.total, CARD) in diary.notes


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


async def test_what_is_not_sold_is_not_charged(either, diary, caplog):
    await either.get(Catalog).list_products()
    await fill(either, MUGS, CartItem("kraken", 1))
    with pytest.raises(NoSuchProduct) as caught:
        await buy(either)
    assert caught.value.product_id == "kraken"
    assert "authorize" not in diary.done
    assert await in_cart(either) == (MUGS, CartItem("kraken", 1))
    assert "left task" not in caplog.text, "what was asked for at once has ended with it"


async def test_a_currency_without_a_rate_is_not_charged(world, diary):
    await fill(world, MUGS)
    with pytest.raises(UnsupportedCurrency):
        await buy(world, "XTS")
    assert "authorize" not in diary.done
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
async def test_a_refused_card_is_told_as_it_is_and_nothing_is_begun(world, diary, error):
    diary.errors["authorize"] = error
    await fill(world, MUGS)
    with pytest.raises(type(error)) as caught:
        await buy(world)
    assert caught.value.fields() == error.fields()
    assert diary.done == ["quote", "authorize"]
    assert (await in_cart(world), await sold(world)) == ((MUGS,), 0)


@pytest.mark.parametrize("what", ["charge", "ship"])
@pytest.mark.parametrize(
    "error",
    [Unavailable("Gone."), DeadlineExceeded("Late.")],
    ids=lambda error: error.code,
)
async def test_who_does_not_say_yes_or_no_is_asked_again_and_the_order_is_one(
    world, diary, what, error
):
    diary.errors[what], diary.often[what] = error, 2
    await fill(world, MUGS)
    await in_time(world, buy(world))
    assert diary.done.count(what) == 3
    assert {told for did, *told in map(tuple, diary.notes) if did == "charge" for told in told} == {
        "p-1"
    }
    assert ("refund", "p-1") not in diary.notes
    assert (await in_cart(world), await sold(world), await told(world)) == ((), 2, 1)


@pytest.mark.parametrize(
    ("what", "error"),
    [
        ("charge", Internal("Broken.")),
        ("ship", Unavailable("Gone.")),
        ("ship", PermissionDenied("Not there.")),
    ],
    ids=lambda one: getattr(one, "code", one),
)
async def test_what_cannot_be_done_is_undone_in_reverse_and_can_be_bought_again(
    either, diary, what, error
):
    diary.errors[what] = error
    await fill(either, MUGS)
    with pytest.raises(OrderUndone):
        await in_time(either, buy(either))
    assert diary.done[:3] == DONE[:3]
    assert diary.notes[-1] == ("refund", "p-1")
    assert (await in_cart(either), await sold(either), await told(either)) == ((MUGS,), 0, 0)

    diary.errors.clear()
    await buy(either)
    assert diary.notes[-2:] == [("charge", "p-2"), ("ship", HOME, (MUGS,))]
    assert (await in_cart(either), await sold(either), await told(either)) == ((), 2, 1)


async def test_what_is_sold_out_is_said_and_nothing_is_charged(diary):
    services = (Service, CartsService, CatalogService, CurrenciesService, *diary.services())
    async with World(*services, settings={"catalog": {"pieces": 1}}) as world:
        await fill(world, CLOCK, MUGS)
        with pytest.raises(OutOfStock) as caught:
            await buy(world)
        assert caught.value.product_id == "enamel-mug"
        assert diary.done == ["quote", "authorize"]
        assert await in_cart(world) == (CLOCK, MUGS)
        await world.get(Carts).empty_cart("ada")
        await fill(world, CLOCK)
        assert await buy(world)


async def test_an_order_is_known_to_who_knows_its_number_once_it_is_placed(world, diary):
    checkout = world.get(Checkout)
    await fill(world, MUGS)
    diary.errors["ship"] = PermissionDenied("No.")
    with pytest.raises(OrderUndone):
        await buy(world)
    rows = await world.database.fetch("select id from orders.orders")
    with pytest.raises(NoSuchOrder):
        await checkout.newest_order("ada")
    diary.errors.clear()
    order = await buy(world)
    placed = await checkout.get_order(order.order_id)
    assert (placed.user_id, placed.email, placed.order) == ("ada", "ada@example.org", order)
    assert await checkout.newest_order("ada") == order.order_id
    with pytest.raises(NoSuchOrder):
        await checkout.newest_order("eve")
    with pytest.raises(NoSuchOrder):
        await world.get(Checkout, site="acme").get_order(order.order_id)
    with pytest.raises(NoSuchOrder):
        await checkout.get_order("nothing")
    assert len(rows) == 1


async def test_nothing_of_who_bought_lies_in_clear(world):
    await fill(world, MUGS)
    await buy(world)
    for table in ("orders.orders", "hanse.workflow", "hanse.journal", "hanse.outbox"):
        kept = repr(await world.database.fetch(f"select * from {table}"))
        assert "Sandtorkai" not in kept, table
        assert "ada@example.org" not in kept, table
        assert "4111" not in kept, table


async def test_a_cart_that_cannot_be_emptied_undoes_nothing(diary, apart, caplog):
    def take_out(user_id, items, order_id):
        raise Unavailable("Stuck.")

    carts = fake(
        Carts,
        get_cart=lambda user_id: {"user_id": user_id, "items": (MUGS,), "turn": "cart.1"},
        take_out=take_out,
    )
    services = (Service, carts, CatalogService, CurrenciesService, *diary.services())
    async with World(*services, apart=apart) as world:
        order = await in_time(world, buy(world))
        assert "a cart stays full after an order" in caplog.text
        assert await in_time(world, buy(world)) == order, "and is not bought again"
    assert [what for what in diary.done if what in ("charge", "ship", "refund")] == DONE[2:]


async def test_two_clicks_buy_and_charge_once(diary, apart):
    both_clicked = asyncio.Barrier(2)

    async def authorize(amount, card):
        await both_clicked.wait()
        return diary.note("authorize", amount, card, answer=f"p-{next(diary.payments)}")

    def charge(payment_id):
        return diary.note("charge", payment_id, answer=Money("USD", 1))

    services = (
        Service,
        CartsService,
        CatalogService,
        CurrenciesService,
        fake(Payments, authorize=authorize, charge=charge),
        diary.services()[1],
    )
    async with (
        World(*services, apart=apart) as world,
        asyncio.timeout(10),
        asyncio.TaskGroup() as group,
    ):
        await fill(world, MUGS)
        first, second = group.create_task(buy(world)), group.create_task(buy(world))
        with pytest.raises(CartEmpty):
            await world.get(Checkout).place_order("eve", "USD", HOME, "eve@example.org", CARD)
        with pytest.raises(CartEmpty):
            await world.get(Checkout, site="acme").place_order(
                "ada", "USD", HOME, "ada@example.org", CARD
            )
        order = await first
        assert order == await second
        assert order.total == Money("USD", 34, 900_000_000)
    assert diary.done.count("charge") == diary.done.count("ship") == 1


class Doorkeeper:
    """Holds a call until it may go on."""

    def __init__(self):
        self.came, self.may_go = asyncio.Event(), asyncio.Event()

    async def hold(self):
        self.came.set()
        await self.may_go.wait()


def parcels(diary, door):
    """Shipping that ships when the door is opened."""

    async def ship_order(order_id, address, items):
        await door.hold()
        return diary.note("ship", address, items, answer="7Q2K")

    return fake(Shipping, get_quote=lambda items, address: Money("USD", 5), ship_order=ship_order)


async def test_what_is_put_in_while_the_cart_is_bought_is_bought_after_that(diary, apart):
    door = Doorkeeper()
    services = (Service, CartsService, CatalogService, CurrenciesService)
    payments, _ = diary.services()
    async with (
        World(*services, payments, parcels(diary, door), apart=apart) as world,
        asyncio.timeout(10),
        asyncio.TaskGroup() as group,
    ):
        await fill(world, MUGS)
        first = group.create_task(buy(world))
        await door.came.wait()
        await fill(world, CLOCK)
        with pytest.raises(AlreadyBuying, match="under way"):
            await buy(world)
        door.may_go.set()
        assert [one.item for one in (await first).items] == [MUGS]
        assert await in_cart(world) == (CLOCK,)
        assert [one.item for one in (await buy(world)).items] == [CLOCK]
        assert (await in_cart(world), await sold(world), await told(world)) == ((), 3, 2)
    assert diary.done.count("charge") == diary.done.count("ship") == 2


async def test_what_was_bought_and_not_taken_out_is_when_more_is_bought(diary):
    """Its order is done, and carts did not answer then."""
    stuck = True

    async def take_out(user_id, items, order_id):
        if stuck:
            raise Unavailable("Stuck.")
        taken.append(items)

    held, taken = [MUGS], []
    carts = fake(
        Carts,
        get_cart=lambda user_id: {"user_id": user_id, "items": tuple(held), "turn": "cart.1"},
        take_out=take_out,
    )
    async with World(Service, carts, CatalogService, CurrenciesService, *diary.services()) as world:
        await in_time(world, buy(world))
        stuck = False
        held.append(CLOCK)
        with pytest.raises(AlreadyBuying, match="taken out"):
            await buy(world)
    assert taken == [(MUGS,)]
    assert diary.done.count("charge") == 1


@pytest.mark.parametrize("what", ["reserve", "ship"])
async def test_an_order_that_an_operator_cancels_lets_go_of_its_cart(diary, what):
    def reserve(order_id, items):
        diary.note("reserve")

    catalog = fake(
        Catalog,
        get_product=lambda product_id: {
            "id": product_id, "name": product_id, "description": "", "picture": "",
            "price_usd": Money("USD", 1), "categories": (),
        },
        reserve=reserve,
        release=lambda order_id, items: diary.note("release"),
    )  # fmt: skip
    services = (Service, CartsService, catalog, CurrenciesService, *diary.services())
    diary.errors[what] = Unavailable("Gone.")
    async with World(*services) as world, asyncio.timeout(10):
        await fill(world, MUGS)
        buying = asyncio.create_task(buy(world))
        while what not in diary.done:
            await world.catch_up()
        [row] = await world.database.fetch("select id from hanse.workflow")
        await Operator(world.database).cancel(str(row["id"]))
        with pytest.raises(WorkflowCanceled):
            await in_time(world, buying)
        assert diary.done.count("release") == (what == "ship")
        diary.errors.clear()
        assert await buy(world)
        assert await in_cart(world) == ()
    assert diary.notes.count(("charge", "p-2")) == 1


async def test_after_a_failure_the_cart_can_be_bought_again(world, diary):
    diary.errors["authorize"] = CardExpired("No.")
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

    payments, _ = diary.services()
    shipping = fake(
        Shipping, get_quote=get_quote, ship_order=lambda order_id, address, items: "7Q2K"
    )
    catalog = fake(Catalog, get_product=get_product, reserve=lambda order_id, items: None)
    services = (Service, CartsService, catalog, CurrenciesService, payments, shipping)
    async with World(*services, apart=apart) as world, asyncio.timeout(5):
        await fill(world, MUGS, CLOCK)
        assert (await buy(world)).total == Money("USD", 8)


async def test_real_payments_and_shipping_agree_with_it(apart):
    services = (
        Service,
        CartsService,
        CatalogService,
        CurrenciesService,
        PaymentsService,
        ShippingService,
    )
    async with World(*services, apart=apart) as world:
        await fill(world, MUGS)
        with pytest.raises(CardExpired):
            await buy(world, card=Card(CARD.number, "123", 2020, 1))
        assert await in_cart(world) == (MUGS,)
        order = await buy(world, "EUR")
    assert order.shipping_cost == Money("EUR", 5, 360_000_000)  # 5.74 / 1.0705 = 5.3619…


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
    assert "authorize" not in diary.done
