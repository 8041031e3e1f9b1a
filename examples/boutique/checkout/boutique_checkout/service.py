"""Buys what is in a cart."""

import logging
from asyncio import TaskGroup, gather
from collections.abc import Awaitable
from typing import Any
from uuid import uuid4

from boutique_cart.api import CartItem, Carts, UserId
from boutique_catalog.api import Catalog
from boutique_currency.api import Currencies, CurrencyCode, Money
from boutique_email.api import EmailAddress, Emails, Order, OrderItem
from boutique_payment.api import Card, CardExpired, CardNotAccepted, Payments
from boutique_shipping.api import Address, Shipping

from boutique_checkout import api
from boutique_checkout.purchases import Purchases
from hanse import HanseError, InvalidArgument, Service, current

log = logging.getLogger("boutique.checkout")


class Checkout(Service, api.Checkout):
    """Does one thing after the other where the order matters, and at once what may be at once."""

    def __init__(
        self,
        carts: Carts,
        catalog: Catalog,
        currencies: Currencies,
        shipping: Shipping,
        payments: Payments,
        emails: Emails,
    ) -> None:
        self._carts = carts
        self._catalog = catalog
        self._currencies = currencies
        self._shipping = shipping
        self._payments = payments
        self._emails = emails
        self._purchases = Purchases()

    async def place_order(
        self,
        user_id: UserId,
        user_currency: CurrencyCode,
        address: Address,
        email: EmailAddress,
        card: Card,
    ) -> Order:
        with self._purchases.of(current().site, user_id):
            items = (await self._carts.get_cart(user_id)).items
            if not items:
                raise api.CartEmpty("There is nothing in the cart; put something in first.")
            lines, shipping_cost = await self._priced(items, address, user_currency)
            total = sum((line.cost * line.item.quantity for line in lines), start=shipping_cost)
            transaction = await self._charge(total, card)
            tracking = await self._ship(address, items, transaction)
            order = Order(str(uuid4()), tracking, shipping_cost, address, lines, total)
            await gather(
                self._try("emptying the cart", self._carts.empty_cart(user_id)),
                self._try("the confirmation", self._emails.send_order_confirmation(email, order)),
            )
            return order

    async def _priced(
        self, items: tuple[CartItem, ...], address: Address, currency: CurrencyCode
    ) -> tuple[tuple[OrderItem, ...], Money]:
        """What each line and shipping cost, asked for at once; one failure ends the rest."""
        try:
            async with TaskGroup() as group:
                lines = [group.create_task(self._line(item, currency)) for item in items]
                shipping = group.create_task(self._shipping_cost(items, address, currency))
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None
        return tuple(line.result() for line in lines), shipping.result()

    async def _line(self, item: CartItem, currency: CurrencyCode) -> OrderItem:
        product = await self._catalog.get_product(item.product_id)
        cost = await self._currencies.convert(product.price_usd, currency)
        return OrderItem(item, product.name, cost)

    async def _shipping_cost(
        self, items: tuple[CartItem, ...], address: Address, currency: CurrencyCode
    ) -> Money:
        return await self._currencies.convert(
            await self._shipping.get_quote(items, address), currency
        )

    async def _charge(self, total: Money, card: Card) -> str:
        """Charges once; what is no clear refusal may have been a charge."""
        try:
            return await self._payments.charge(total, card)
        except (InvalidArgument, CardNotAccepted, CardExpired):
            raise
        except HanseError as error:
            raise api.PaymentUnclear(
                "The bank did not answer, so the card may have been charged. Nothing was ordered; "
                "look at your statement before you try again."
            ) from error

    async def _ship(self, address: Address, items: tuple[CartItem, ...], transaction: str) -> str:
        try:
            return await self._shipping.ship_order(address, items)
        except HanseError as error:
            owed = {"transaction_id": transaction}
            log.error("charged and not shipped", extra=owed)  # noqa: TRY400  who failed logs why
            raise api.ChargedNotShipped(
                "The card was charged and the order could not be shipped. Tell us the number of "
                "the transaction, and the money comes back.",
                transaction_id=transaction,
            ) from error

    @staticmethod
    async def _try(what: str, call: Awaitable[Any]) -> None:
        """What comes after an order is paid and shipped, and undoes it by failing no more."""
        try:
            await call
        except HanseError as error:
            log.warning("%s failed after an order: %s", what, error)
