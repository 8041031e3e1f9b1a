"""Checkout, served by grpc.aio: what follows from something waits for it, the rest runs at once."""
# What it measures is only in `.venvs/bench`, where pyright does not look.
# pyright: basic, reportMissingImports=false
# ruff: noqa: N802  names of RPCs stand in the .proto

import logging
from asyncio import gather

from boutique_catalog.api import OutOfStock
from boutique_checkout.api import CartEmpty, OrderUndone
from google.protobuf.json_format import MessageToDict, ParseDict

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
from benchmarks.boutique.peer_data import shop
from hanse import HanseError

log = logging.getLogger("boutique.checkout")


class Checkout(services.CheckoutServiceServicer):
    def __init__(self):
        self._carts = Carts("Cart", "cart")
        self._catalog = Catalog("ProductCatalog", "catalog")
        self._currencies = Currencies("Currency", "currency")
        self._shipping = Shipping("Shipping", "shipping")
        self._payments = Payments("Payment", "payment")
        self._emails = Emails("Email", "email")

    @rpc(checks.buyer)
    async def PlaceOrder(self, request):
        cart = await self._carts.get_cart(request.user_id)
        if not cart.items:
            raise CartEmpty("There is nothing in the cart; put something in first.")
        shipping_cost, priced = await gather(
            self._price_of_shipping(cart.items, request),
            gather(*(self._price(item, request.user_currency) for item in cart.items)),
        )
        total = sum((cost * item.quantity for item, _, cost in priced), start=shipping_cost)
        payment_id = await self._payments.authorize(total, request.card)
        order = messages.Order(
            shipping_cost=inexact(shipping_cost),
            shipping_address=request.address,
            items=[
                messages.OrderItem(item=item, name=name, cost=inexact(cost))
                for item, name, cost in priced
            ],
            total=inexact(total),
        )
        order.order_id = await shop.begin(
            request.user_id, cart.version, request.email, MessageToDict(order)
        )
        order.shipping_tracking_id = await self._shipped(order, cart.items, payment_id)
        await shop.place(order.order_id, MessageToDict(order))
        await gather(
            attempt("the cart", self._carts.take_out(request.user_id, cart.items, order.order_id)),
            attempt("the confirmation", self._emails.send_order_confirmation(request.email, order)),
        )
        return order

    @rpc(checks.order_key)
    async def GetOrder(self, request):
        row = await shop.placed(request.order_id)
        order = ParseDict(row.doc, messages.Order(), ignore_unknown_fields=True)
        return messages.PlacedOrder(user_id=row.user_id, email=row.email, order=order)

    @rpc(checks.user)
    async def NewestOrder(self, request):
        return messages.OrderKey(order_id=await shop.newest(request.user_id))

    async def _price(self, item, currency: str):
        product = await self._catalog.get_product(item.product_id)
        return item, product.name, await self._currencies.convert(product.price_usd, currency)

    async def _price_of_shipping(self, items, buyer):
        quote = await self._shipping.get_quote(items, buyer.address)
        return await self._currencies.convert(quote, buyer.user_currency)

    async def _shipped(self, order, items, payment_id: str) -> str:
        """Reserves, charges and ships; what fails is undone, as long as this process lives."""
        try:
            await self._catalog.reserve(order.order_id, items)
            await self._payments.charge(payment_id)
            return await self._shipping.ship_order(order.order_id, order.shipping_address, items)
        except HanseError as error:
            await attempt("the refund", self._payments.refund(payment_id))
            await attempt("the release", self._catalog.release(order.order_id, items))
            await shop.give_up(order.order_id)
            if isinstance(error, OutOfStock):
                raise
            raise OrderUndone("It could not be done, and your card is not charged.") from error


async def attempt(what: str, call) -> None:
    """What undoes nothing by failing."""
    try:
        await call
    except HanseError as error:
        log.warning("%s failed after an order: %s", what, error)


if __name__ == "__main__":
    serve("Checkout", "checkout", Checkout)
