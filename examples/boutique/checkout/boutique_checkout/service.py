"""Buys what is in a cart."""

import logging
from contextlib import suppress

from boutique_cart.api import Carts, UserId
from boutique_catalog.api import Catalog, OrderId, OutOfStock
from boutique_currency.api import Currencies, CurrencyCode
from boutique_payment.api import Card, Payments
from boutique_shipping.api import Address, Shipping

from boutique_checkout import api
from boutique_checkout.orders import KeptOrder, shown
from boutique_checkout.pricing import Pricing
from hanse import (
    Collection,
    Database,
    Duplicate,
    Events,
    HanseError,
    InvalidArgument,
    NotFound,
    Retry,
    Run,
    Service,
    Workflows,
    workflow,
)

log = logging.getLogger("boutique.checkout")

UNTIL_CLEAR = Retry(tries=0, most=60.0)
"""For what has a key: it is asked for again until somebody says yes or no."""

A_WHILE = Retry(tries=8)
"""A carrier that does not answer for half a minute does not get the order."""

TRY_SECONDS = 8.0
"""For one try: a host that died in one holds its key for so long, and the workflow for ten."""

NOT_FOR_LONG = Retry(tries=3, first=0.1, on=(Exception,))
"""For what the order does not hang on: somebody waits for an answer."""


class Checkout(Service, api.Checkout):
    """Asks what everything costs, then has a workflow do what must not be done by halves."""

    def __init__(  # noqa: PLR0913, PLR0917  a checkout stands between five services and the data
        self,
        carts: Carts,
        catalog: Catalog,
        currencies: Currencies,
        shipping: Shipping,
        payments: Payments,
        orders: Collection[KeptOrder],
        workflows: Workflows,
        database: Database,
        events: Events,  # noqa: ARG002  the collection tells them
    ) -> None:
        self._pricing = Pricing(catalog, currencies, shipping)
        self._carts = carts
        self._catalog = catalog
        self._shipping = shipping
        self._payments = payments
        self._orders = orders
        self._workflows = workflows
        self._database = database

    async def place_order(
        self,
        user_id: UserId,
        user_currency: CurrencyCode,
        address: Address,
        email: api.EmailAddress,
        card: Card,
    ) -> api.Order:
        cart = await self._carts.get_cart(user_id)
        if not cart.items:
            raise api.CartEmpty("There is nothing in the cart; put something in first.")
        items, shipping_cost = await self._pricing.priced(cart.items, address, user_currency)
        total = sum((line.cost * line.item.quantity for line in items), start=shipping_cost)
        payment_id = await self._payments.authorize(total, card)
        order_id = await self._begin(
            KeptOrder(
                user_id=user_id,
                cart=cart.turn,
                payment_id=payment_id,
                items=items,
                shipping_cost=shipping_cost,
                total=total,
                email=email,
                address=address,
            )
        )
        await self._workflows.result(self.buy, order_id)
        return shown(await self._orders.get(order_id)).order

    async def get_order(self, order_id: OrderId) -> api.PlacedOrder:
        try:
            kept = await self._orders.get(order_id)
        except (NotFound, InvalidArgument) as error:
            raise _no_such_order() from error
        if kept.state != "placed":
            raise _no_such_order()
        return shown(kept)

    async def newest_order(self, user_id: UserId) -> str:
        found = await self._orders.query(
            {"user_id": user_id, "state": "placed"}, sort=["-create_time"], page_size=1
        )
        if not found.items:
            raise _no_such_order()
        return found.items[0].id

    async def _begin(self, order: KeptOrder) -> str:
        """Has the order begin; of a cart that is bought already, the order that has it."""
        with suppress(Duplicate):
            return await self._begun(order)
        found = await self._orders.query({"cart": order.cart}, page_size=1)
        for other in found.items:
            if not await self._came_to_nothing(other):
                return await self._same(other, order)
            await self._give_up(other.id)
        try:
            return await self._begun(order)
        except Duplicate:
            raise api.AlreadyBuying("The order before has just failed; try again.") from None

    async def _begun(self, order: KeptOrder) -> str:
        """The order and its workflow are there together."""
        async with self._database.transaction():
            kept = await self._orders.create(order)
            return await self._workflows.start(self.buy, kept.id, id=kept.id)

    async def _same(self, other: KeptOrder, wanted: KeptOrder) -> str:
        """The number of the order that has the cart, if it is for what is wanted now.

        Raises:
            AlreadyBuying: It is not: something was put in since.
        """
        if other.wanted == wanted.wanted:
            return other.id
        if other.state != "placed":
            raise api.AlreadyBuying(
                "An order of yours is under way. What you put into the basket since then stays in "
                "it: buy it when that order is done."
            )
        await self._empty_cart(other.id)
        raise api.AlreadyBuying(
            "Your order before is done, and what it bought is taken out: look at what is left, and "
            "buy that."
        )

    async def _came_to_nothing(self, order: KeptOrder) -> bool:
        """Whether an order still has its cart though nobody goes on with it: it was canceled."""
        if order.state != "begun":
            return False
        try:
            instance = await self._workflows.get(self.buy, order.id)
        except NotFound:  # it is over for a month
            return True
        return instance.state in {"canceled", "failed"}

    @workflow(version=1)
    async def buy(self, run: Run, order_id: str) -> None:
        """From an order that was asked for to one that is placed; or all is as it was."""
        try:
            await run.step(
                self._reserve, order_id, undo=self._call_off, retry=UNTIL_CLEAR, timeout=TRY_SECONDS
            )
            await run.step(self._charge, order_id, retry=UNTIL_CLEAR, timeout=TRY_SECONDS)
            tracking = await run.step(self._ship, order_id, retry=A_WHILE, timeout=TRY_SECONDS)
        except HanseError as error:
            await run.transaction(self._give_up, order_id)
            raise error if isinstance(error, OutOfStock) else _undone() from error
        await run.transaction(self._place, order_id, tracking, retry=UNTIL_CLEAR)
        try:
            await run.step(self._empty_cart, order_id, retry=NOT_FOR_LONG, timeout=TRY_SECONDS)
        except HanseError as error:
            log.warning("a cart stays full after an order: %s", error)

    async def _reserve(self, order_id: str) -> str:
        order = await self._orders.get(order_id)
        await self._catalog.reserve(order_id, order.wanted)
        return order_id

    async def _charge(self, order_id: str) -> None:
        order = await self._orders.get(order_id)
        await self._payments.charge(order.payment_id)

    async def _call_off(self, order_id: str) -> None:
        """Takes back what was done, the last first.

        Also where nobody can tell whether it was: what comes too late for a key is refused.
        """
        order = await self._orders.get(order_id)
        await self._payments.refund(order.payment_id)
        await self._catalog.release(order_id, order.wanted)

    async def _ship(self, order_id: str) -> str:
        order = await self._orders.get(order_id)
        return await self._shipping.ship_order(order_id, order.address, order.wanted)

    async def _place(self, order_id: str, tracking: str) -> None:
        """The order, and that others are told of it, are one statement."""
        order = await self._orders.get(order_id)
        told = api.OrderPlaced(order_id, order.total)
        await self._orders.update(order_id, {"state": "placed", "tracking": tracking}, event=told)

    async def _give_up(self, order_id: str) -> None:
        """Lets go of the cart, so that it can be bought after all."""
        await self._orders.update(order_id, {"state": "failed", "cart": None})

    async def _empty_cart(self, order_id: str) -> None:
        order = await self._orders.get(order_id)
        await self._carts.take_out(order.user_id, order.wanted, order_id)


def _no_such_order() -> api.NoSuchOrder:
    return api.NoSuchOrder("There is no such order, or it came to nothing.")


def _undone() -> api.OrderUndone:
    return api.OrderUndone(
        "It could not be done, and your card is not charged; please try again later."
    )
