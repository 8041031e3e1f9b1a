"""The services as others ask them: the boutique's contracts, spoken through grpc.aio.

Methods and money are those of `examples/boutique/*/boutique_*/api.py`, so that the boutique's own
storefront code runs over them; everything else stays the message that came.
"""
# What it measures is only in `.venvs/bench`, where pyright does not look.
# pyright: basic, reportMissingImports=false

from boutique_checkout.api import Order, OrderItem, PlacedOrder
from boutique_currency.api import CurrencyList
from boutique_currency.money import Money

from benchmarks.boutique.grpc_shop.wire import Peer, messages


class Ads(Peer):
    async def get_ads(self, context_keys=()):
        asked = messages.AdRequest(context_keys=context_keys)
        return (await self.ask("GetAds", asked)).ads


class Carts(Peer):
    async def get_cart(self, user_id):
        return await self.ask("GetCart", messages.UserRequest(user_id=user_id))

    async def add_item(self, user_id, item):
        sent = messages.AddItemRequest(user_id=user_id, item=_item(item))
        await self.ask("AddItem", sent)

    async def empty_cart(self, user_id):
        await self.ask("EmptyCart", messages.UserRequest(user_id=user_id))

    async def take_out(self, user_id, items, order_id):
        sent = messages.BoughtRequest(user_id=user_id, order_id=order_id, items=items)
        await self.ask("TakeOut", sent)


class Catalog(Peer):
    async def list_products(self):
        return await self.ask("ListProducts", messages.Empty())

    async def get_product(self, product_id):
        return await self.ask("GetProduct", messages.ProductRequest(id=product_id))

    async def search_products(self, query):
        return await self.ask("SearchProducts", messages.SearchRequest(query=query))

    async def reserve(self, order_id, items):
        await self.ask("Reserve", messages.ReservationRequest(order_id=order_id, items=items))

    async def release(self, order_id, items):
        await self.ask("Release", messages.ReservationRequest(order_id=order_id, items=items))


class Currencies(Peer):
    async def get_supported_currencies(self):
        listed = await self.ask("GetSupportedCurrencies", messages.Empty())
        return CurrencyList(tuple(listed.currency_codes))

    async def convert(self, amount, to_code):
        asked = messages.ConversionRequest(amount=inexact(amount), to_code=to_code)
        return exact(await self.ask("Convert", asked))


class Recommendations(Peer):
    async def list_recommendations(self, user_id, product_ids):
        asked = messages.RecommendationRequest(user_id=user_id, product_ids=product_ids)
        return (await self.ask("ListRecommendations", asked)).product_ids


class Shipping(Peer):
    async def get_quote(self, items, address=None):
        asked = messages.QuoteRequest(items=map(_item, items), address=address)
        return exact(await self.ask("GetQuote", asked))

    async def ship_order(self, order_id, address, items):
        asked = messages.ShipmentRequest(order_id=order_id, address=address, items=items)
        return (await self.ask("ShipOrder", asked)).tracking_id


class Payments(Peer):
    async def authorize(self, amount, card):
        asked = messages.AuthorizationRequest(amount=inexact(amount), card=card)
        return (await self.ask("Authorize", asked)).payment_id

    async def charge(self, payment_id):
        return exact(await self.ask("Charge", messages.PaymentKey(payment_id=payment_id)))

    async def refund(self, payment_id):
        await self.ask("Refund", messages.PaymentKey(payment_id=payment_id))


class Emails(Peer):
    async def send_order_confirmation(self, email, order):
        letter = messages.ConfirmationRequest(email=email, order=order)
        await self.ask("SendOrderConfirmation", letter)


class Checkout(Peer):
    async def place_order(self, user_id, user_currency, address, email, card):
        buyer = messages.Buyer(
            user_id=user_id,
            user_currency=user_currency,
            address=messages.Address(**_fields(address)),
            email=email,
            card=messages.Card(**_fields(card)),
        )
        return order_of(await self.ask("PlaceOrder", buyer))

    async def get_order(self, order_id):
        found = await self.ask("GetOrder", messages.OrderKey(order_id=order_id))
        return PlacedOrder(found.user_id, found.email, order_of(found.order))

    async def newest_order(self, user_id):
        asked = messages.UserRequest(user_id=user_id)
        return (await self.ask("NewestOrder", asked)).order_id


def order_of(order) -> Order:
    """An order whose money adds up and is shown."""
    lines = (OrderItem(line.item, line.name, exact(line.cost)) for line in order.items)
    return Order(
        order.order_id,
        order.shipping_tracking_id,
        exact(order.shipping_cost),
        order.shipping_address,
        tuple(lines),
        exact(order.total),
    )


def exact(amount) -> Money:
    """Money that adds up and is shown."""
    return Money(amount.currency_code, amount.units, amount.nanos)


def inexact(amount):
    """Money to be sent; what came so is sent on as it is."""
    if isinstance(amount, messages.Money):
        return amount
    return messages.Money(
        currency_code=amount.currency_code, units=amount.units, nanos=amount.nanos
    )


def _item(item):
    if isinstance(item, messages.CartItem):
        return item
    return messages.CartItem(product_id=item.product_id, quantity=item.quantity)


def _fields(struct) -> dict:
    return {name: getattr(struct, name) for name in struct.__struct_fields__}
