"""Checkout, served by FastAPI: what follows from something waits for it, the rest runs at once."""
# What it measures is only in `.venvs/bench`, where pyright does not look.
# pyright: basic, reportMissingImports=false

import logging
from asyncio import gather
from uuid import uuid4

from boutique_checkout.api import CartEmpty, ChargedNotShipped, PaymentUnclear
from boutique_checkout.purchases import Purchases
from boutique_payment.api import CardExpired, CardNotAccepted
from fastapi import Request

from benchmarks.boutique.fastapi_shop.clients import (
    Carts,
    Catalog,
    Currencies,
    Emails,
    Payments,
    Shipping,
    inexact,
)
from benchmarks.boutique.fastapi_shop.models import Buyer, CartItem, Order, OrderItem
from benchmarks.boutique.fastapi_shop.serving import application, join_trace, serve
from hanse import HanseError, InvalidArgument

SITE = "shop"

log = logging.getLogger("boutique.checkout")
carts, catalog, currencies = Carts("cart"), Catalog("catalog"), Currencies("currency")
shipping, payments, emails = Shipping("shipping"), Payments("payment"), Emails("email")
purchases = Purchases()
app = application(carts, catalog, currencies, shipping, payments, emails)


@app.post("/orders")
async def place_order(buyer: Buyer, request: Request) -> Order:
    join_trace(request)
    with purchases.of(SITE, buyer.user_id):
        return await buy(buyer)


async def buy(buyer: Buyer) -> Order:
    items = (await carts.get_cart(buyer.user_id)).items
    if not items:
        raise CartEmpty("There is nothing in the cart; put something in first.")
    shipping_cost, priced = await gather(
        price_of_shipping(items, buyer),
        gather(*(price(item, buyer.user_currency) for item in items)),
    )
    total = sum((cost * item.quantity for item, _, cost in priced), start=shipping_cost)
    transaction_id = await charge(total, buyer)
    order = Order(
        order_id=str(uuid4()),
        shipping_tracking_id=await ship(items, buyer, transaction_id),
        shipping_cost=inexact(shipping_cost),
        shipping_address=buyer.address,
        items=[OrderItem(item=item, name=name, cost=inexact(cost)) for item, name, cost in priced],
        total=inexact(total),
    )
    await gather(
        attempt("emptying the cart", carts.empty_cart(buyer.user_id)),
        attempt("the confirmation", emails.send_order_confirmation(buyer.email, order)),
    )
    return order


async def price(item: CartItem, currency: str):
    product = await catalog.get_product(item.product_id)
    return item, product.name, await currencies.convert(product.price_usd, currency)


async def price_of_shipping(items: list[CartItem], buyer: Buyer):
    quote = await shipping.get_quote(items, buyer.address)
    return await currencies.convert(quote, buyer.user_currency)


async def charge(total, buyer: Buyer) -> str:
    """Charge once; what is no clear refusal may have been a charge."""
    try:
        return await payments.charge(total, buyer.card)
    except (InvalidArgument, CardNotAccepted, CardExpired):
        raise
    except HanseError as error:
        raise PaymentUnclear("The bank did not answer; the card may have been charged.") from error


async def ship(items: list[CartItem], buyer: Buyer, transaction_id: str) -> str:
    try:
        return await shipping.ship_order(buyer.address, items)
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
    serve(app, "checkout")
