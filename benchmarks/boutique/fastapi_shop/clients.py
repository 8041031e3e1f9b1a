"""The services as others ask them: the boutique's contracts, spoken through aiohttp.

Methods and money are those of `examples/boutique/*/boutique_*/api.py`, so that the boutique's own
storefront code runs over them; everything else stays what pydantic read.
"""
# What it measures is only in `.venvs/bench`, where pyright does not look.
# pyright: basic, reportMissingImports=false

from urllib.parse import quote, urlencode

from boutique_checkout.api import Order, OrderItem, PlacedOrder
from boutique_currency.api import CurrencyList
from boutique_currency.money import Money

from benchmarks.boutique.fastapi_shop import models
from benchmarks.boutique.fastapi_shop.serving import Peer


class Ads(Peer):
    async def get_ads(self, context_keys=()):
        asked = urlencode([("context_key", key) for key in context_keys])
        return (await self.get(f"/ads?{asked}", models.AdList)).ads


class Carts(Peer):
    async def get_cart(self, user_id):
        return await self.get(f"/carts/{user_id}", models.Cart)

    async def add_item(self, user_id, item):
        sent = models.CartItem(product_id=item.product_id, quantity=item.quantity)
        await self.post(f"/carts/{user_id}/items", sent)

    async def empty_cart(self, user_id):
        await self.delete(f"/carts/{user_id}")

    async def take_out(self, user_id, items, order_id):
        await self.post(f"/carts/{user_id}/bought", models.Bought(order_id=order_id, items=items))


class Catalog(Peer):
    async def list_products(self):
        return await self.get("/products", models.ProductList)

    async def get_product(self, product_id):
        return await self.get(f"/products/{quote(product_id, safe='')}", models.Product)

    async def search_products(self, query):
        return await self.get(f"/search?{urlencode({'query': query})}", models.ProductList)

    async def reserve(self, order_id, items):
        await self.post("/reservations", models.Bought(order_id=order_id, items=items))

    async def release(self, order_id, items):
        await self.post("/releases", models.Bought(order_id=order_id, items=items))


class Currencies(Peer):
    async def get_supported_currencies(self):
        listed = await self.get("/currencies", models.CurrencyList)
        return CurrencyList(tuple(listed.currency_codes))

    async def convert(self, amount, to_code):
        asked = (
            f"/conversion?currency_code={amount.currency_code}&units={amount.units}"
            f"&nanos={amount.nanos}&to_code={to_code}"
        )
        return exact(await self.get(asked, models.Money))


class Recommendations(Peer):
    async def list_recommendations(self, user_id, product_ids):
        asked = urlencode([("product_id", each) for each in product_ids])
        path = f"/recommendations/{user_id}?{asked}"
        return (await self.get(path, models.Recommended)).product_ids


class Shipping(Peer):
    async def get_quote(self, items, address=None):
        return exact(await self.post("/quotes", _quote(items, address), models.Money))

    async def ship_order(self, order_id, address, items):
        sent = models.Shipment(order_id=order_id, address=address, items=items)
        return (await self.post("/shipments", sent, models.Shipped)).tracking_id


class Payments(Peer):
    async def authorize(self, amount, card):
        sent = models.Authorization(amount=inexact(amount), card=card)
        return (await self.post("/authorizations", sent, models.PaymentKey)).payment_id

    async def charge(self, payment_id):
        sent = models.PaymentKey(payment_id=payment_id)
        return exact(await self.post("/charges", sent, models.Money))

    async def refund(self, payment_id):
        await self.post("/refunds", models.PaymentKey(payment_id=payment_id))


class Emails(Peer):
    async def send_order_confirmation(self, email, order):
        await self.post("/confirmations", models.Confirmation(email=email, order=order))


class Checkout(Peer):
    async def place_order(self, user_id, user_currency, address, email, card):
        buyer = models.Buyer(
            user_id=user_id,
            user_currency=user_currency,
            address=models.Address.model_validate(address, from_attributes=True),
            email=email,
            card=models.Card.model_validate(card, from_attributes=True),
        )
        return order_of(await self.post("/orders", buyer, models.Order))

    async def get_order(self, order_id):
        found = await self.get(f"/orders/{quote(order_id, safe='')}", models.PlacedOrder)
        return PlacedOrder(found.user_id, found.email, order_of(found.order))

    async def newest_order(self, user_id):
        return (await self.get(f"/newest/{user_id}", models.OrderNumber)).order_id


def order_of(order) -> Order:
    """An order whose money adds up and is shown."""
    return Order(
        order.order_id,
        order.shipping_tracking_id,
        exact(order.shipping_cost),
        order.shipping_address,
        tuple(OrderItem(line.item, line.name, exact(line.cost)) for line in order.items),
        exact(order.total),
    )


def exact(amount: models.Money) -> Money:
    """Money that adds up and is shown."""
    return Money(amount.currency_code, amount.units, amount.nanos)


def inexact(amount: Money) -> models.Money:
    """Money to be sent."""
    return models.Money(currency_code=amount.currency_code, units=amount.units, nanos=amount.nanos)


def _quote(items, address) -> models.Quote:
    return models.Quote(items=list(items), address=address)
