"""Checkout, served by FastAPI: what follows from something waits for it, the rest runs at once."""
# What it measures is only in `.venvs/bench`, where pyright does not look.
# pyright: basic, reportMissingImports=false

import logging
from asyncio import gather

from boutique_catalog.api import OutOfStock
from boutique_checkout.api import CartEmpty, OrderUndone
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
from benchmarks.boutique.fastapi_shop.models import (
    Buyer,
    CartItem,
    Order,
    OrderItem,
    OrderNumber,
    PlacedOrder,
    UserId,
)
from benchmarks.boutique.fastapi_shop.serving import application, join_trace, serve
from benchmarks.boutique.peer_data import shop
from hanse import HanseError

log = logging.getLogger("boutique.checkout")
carts, catalog, currencies = Carts("cart"), Catalog("catalog"), Currencies("currency")
shipping, payments, emails = Shipping("shipping"), Payments("payment"), Emails("email")
app = application(carts, catalog, currencies, shipping, payments, emails)


@app.post("/orders")
async def place_order(buyer: Buyer, request: Request) -> Order:
    join_trace(request)
    cart = await carts.get_cart(buyer.user_id)
    if not cart.items:
        raise CartEmpty("There is nothing in the cart; put something in first.")
    shipping_cost, priced = await gather(
        price_of_shipping(cart.items, buyer),
        gather(*(price(item, buyer.user_currency) for item in cart.items)),
    )
    total = sum((cost * item.quantity for item, _, cost in priced), start=shipping_cost)
    payment_id = await payments.authorize(total, buyer.card)
    order = Order(
        order_id="",
        shipping_tracking_id="",
        shipping_cost=inexact(shipping_cost),
        shipping_address=buyer.address,
        items=[OrderItem(item=item, name=name, cost=inexact(cost)) for item, name, cost in priced],
        total=inexact(total),
    )
    order.order_id = await shop.begin(
        buyer.user_id, cart.version, buyer.email, order.model_dump(mode="json")
    )
    order.shipping_tracking_id = await shipped(order, cart.items, payment_id)
    await shop.place(order.order_id, order.model_dump(mode="json"))
    await gather(
        attempt("the cart", carts.take_out(buyer.user_id, cart.items, order.order_id)),
        attempt("the confirmation", emails.send_order_confirmation(buyer.email, order)),
    )
    return order


@app.get("/orders/{order_id}")
async def get_order(order_id: str, request: Request) -> PlacedOrder:
    join_trace(request)
    row = await shop.placed(order_id)
    return PlacedOrder(user_id=row.user_id, email=row.email, order=Order.model_validate(row.doc))


@app.get("/newest/{user_id}")
async def newest_order(user_id: UserId, request: Request) -> OrderNumber:
    join_trace(request)
    return OrderNumber(order_id=await shop.newest(user_id))


async def shipped(order: Order, items: list[CartItem], payment_id: str) -> str:
    """Reserves, charges and ships; what fails is undone, as long as this process lives."""
    try:
        await catalog.reserve(order.order_id, items)
        await payments.charge(payment_id)
        return await shipping.ship_order(order.order_id, order.shipping_address, items)
    except HanseError as error:
        await attempt("the refund", payments.refund(payment_id))
        await attempt("the release", catalog.release(order.order_id, items))
        await shop.give_up(order.order_id)
        if isinstance(error, OutOfStock):
            raise
        raise OrderUndone("It could not be done, and your card is not charged.") from error


async def price(item: CartItem, currency: str):
    product = await catalog.get_product(item.product_id)
    return item, product.name, await currencies.convert(product.price_usd, currency)


async def price_of_shipping(items: list[CartItem], buyer: Buyer):
    quote = await shipping.get_quote(items, buyer.address)
    return await currencies.convert(quote, buyer.user_currency)


async def attempt(what: str, call) -> None:
    """What undoes nothing by failing."""
    try:
        await call
    except HanseError as error:
        log.warning("%s failed after an order: %s", what, error)


if __name__ == "__main__":
    serve(app, "checkout")
