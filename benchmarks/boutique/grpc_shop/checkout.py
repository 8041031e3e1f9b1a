"""Checkout, served by grpc.aio: what follows from something waits for it, the rest runs at once."""
# What it measures is only in `.venvs/bench`, where pyright does not look.
# pyright: basic, reportMissingImports=false
# ruff: noqa: N802  names of RPCs stand in the .proto

import logging
from asyncio import gather
from uuid import uuid4

from boutique_checkout.api import CartEmpty, ChargedNotShipped, PaymentUnclear
from boutique_checkout.purchases import Purchases
from boutique_payment.api import CardExpired, CardNotAccepted

from benchmarks.boutique.grpc_shop import checks
from benchmarks.boutique.grpc_shop.clients import (
    Carts,
    Catalog,
    Currencies,
    Emails,
    Payments,
    Shipping,
    inexact,
)
from benchmarks.boutique.grpc_shop.wire import messages, rpc, serve, services
from hanse import HanseError, InvalidArgument

SITE = "shop"

log = logging.getLogger("boutique.checkout")


class Checkout(services.CheckoutServiceServicer):
    def __init__(self):
        self._purchases = Purchases()
        self._carts = Carts("Cart", "cart")
        self._catalog = Catalog("ProductCatalog", "catalog")
        self._currencies = Currencies("Currency", "currency")
        self._shipping = Shipping("Shipping", "shipping")
        self._payments = Payments("Payment", "payment")
        self._emails = Emails("Email", "email")

    @rpc(checks.buyer)
    async def PlaceOrder(self, request):
        with self._purchases.of(SITE, request.user_id):
            return await self._buy(request)

    async def _buy(self, request):
        items = (await self._carts.get_cart(request.user_id)).items
        if not items:
            raise CartEmpty("There is nothing in the cart; put something in first.")
        shipping_cost, priced = await gather(
            self._price_of_shipping(items, request),
            gather(*(self._price(item, request.user_currency) for item in items)),
        )
        total = sum((cost * item.quantity for item, _, cost in priced), start=shipping_cost)
        transaction_id = await self._charge(total, request)
        order = messages.Order(
            order_id=str(uuid4()),
            shipping_tracking_id=await self._ship(items, request, transaction_id),
            shipping_cost=inexact(shipping_cost),
            shipping_address=request.address,
            items=[
                messages.OrderItem(item=item, name=name, cost=inexact(cost))
                for item, name, cost in priced
            ],
            total=inexact(total),
        )
        await gather(
            attempt("emptying the cart", self._carts.empty_cart(request.user_id)),
            attempt("the confirmation", self._emails.send_order_confirmation(request.email, order)),
        )
        return order

    async def _price(self, item, currency: str):
        product = await self._catalog.get_product(item.product_id)
        return item, product.name, await self._currencies.convert(product.price_usd, currency)

    async def _price_of_shipping(self, items, buyer):
        quote = await self._shipping.get_quote(items, buyer.address)
        return await self._currencies.convert(quote, buyer.user_currency)

    async def _charge(self, total, buyer) -> str:
        """Charge once; what is no clear refusal may have been a charge."""
        try:
            return await self._payments.charge(total, buyer.card)
        except (InvalidArgument, CardNotAccepted, CardExpired):
            raise
        except HanseError as error:
            says = "The bank did not answer; the card may have been charged."
            raise PaymentUnclear(says) from error

    async def _ship(self, items, buyer, transaction_id: str) -> str:
        try:
            return await self._shipping.ship_order(buyer.address, items)
        except HanseError as error:
            raise ChargedNotShipped(
                "The card was charged and the order could not be shipped.",
                transaction_id=transaction_id,
            ) from error


async def attempt(what: str, call) -> None:
    """What comes after an order is paid and shipped, and undoes it by failing no more."""
    try:
        await call
    except HanseError as error:
        log.warning("%s failed after an order: %s", what, error)


if __name__ == "__main__":
    serve("Checkout", "checkout", Checkout)
