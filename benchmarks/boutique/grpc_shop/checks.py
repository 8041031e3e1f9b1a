"""What protobuf does not check: the lengths and ranges pydantic checks for FastAPI.

The rules are those of the boutique's contracts (`examples/boutique/*/boutique_*/api.py`).
"""
# What it measures is only in `.venvs/bench`, where pyright does not look.
# pyright: basic, reportMissingImports=false

import re

from boutique_cart.api import ITEMS_MAX, QUANTITY_MAX
from boutique_currency.money import NANOS_A_UNIT, UNITS_MAX

from hanse import InvalidArgument

EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def demand(right: bool, what: str) -> None:  # noqa: FBT001 - reads like assert
    if not right:
        raise InvalidArgument(what)


def nothing(_request) -> None:
    """For requests without a field."""


def currency_code(code: str) -> None:
    demand(len(code) == 3, "currency_code: three letters wanted")


def user(request) -> None:
    demand(1 <= len(request.user_id) <= 128, "user_id: 1 to 128 characters wanted")


def money(amount) -> None:
    currency_code(amount.currency_code)
    demand(-UNITS_MAX <= amount.units <= UNITS_MAX, "units: out of range")
    demand(-NANOS_A_UNIT < amount.nanos < NANOS_A_UNIT, "nanos: out of range")
    demand(amount.units * amount.nanos >= 0, "Expected units and nanos of one sign")


def conversion(request) -> None:
    money(request.amount)
    currency_code(request.to_code)


def context_keys(request) -> None:
    demand(len(request.context_keys) <= 32, "context_keys: 32 at most")
    for key in request.context_keys:
        demand(1 <= len(key) <= 64, "context_keys: 1 to 64 characters wanted")


def product_id(given: str) -> None:
    demand(1 <= len(given) <= 64, "product_id: 1 to 64 characters wanted")


def product(request) -> None:
    product_id(request.id)


def search(request) -> None:
    demand(1 <= len(request.query) <= 100, "query: 1 to 100 characters wanted")


def near(request) -> None:
    user(request)
    demand(len(request.product_ids) <= 64, "product_ids: 64 at most")
    for given in request.product_ids:
        product_id(given)


def item(given) -> None:
    product_id(given.product_id)
    demand(1 <= given.quantity <= QUANTITY_MAX, "quantity: out of range")


def addition(request) -> None:
    user(request)
    item(request.item)


def items(listed, least: int) -> None:
    demand(least <= len(listed) <= ITEMS_MAX, "items: too few or too many")
    for given in listed:
        item(given)


def order_id(given: str) -> None:
    demand(1 <= len(given) <= 64, "order_id: 1 to 64 characters wanted")


def reservation(request) -> None:
    order_id(request.order_id)
    items(request.items, 1)


def bought(request) -> None:
    user(request)
    reservation(request)


def order_key(request) -> None:
    order_id(request.order_id)


def address(given) -> None:
    demand(1 <= len(given.street_address) <= 200, "street_address: 1 to 200 characters wanted")
    demand(1 <= len(given.city) <= 100, "city: 1 to 100 characters wanted")
    demand(1 <= len(given.country) <= 100, "country: 1 to 100 characters wanted")
    demand(len(given.zip_code) <= 16, "zip_code: 16 characters at most")
    demand(len(given.state) <= 100, "state: 100 characters at most")


def quote(request) -> None:
    items(request.items, 0)
    if request.HasField("address"):
        address(request.address)


def shipment(request) -> None:
    order_id(request.order_id)
    address(request.address)
    items(request.items, 1)


def card(given) -> None:
    demand(1 <= len(given.number) <= 32, "number: 1 to 32 characters wanted")
    demand(1 <= len(given.cvv) <= 4, "cvv: 1 to 4 characters wanted")
    demand(2000 <= given.expiration_year <= 2100, "expiration_year: out of range")
    demand(1 <= given.expiration_month <= 12, "expiration_month: out of range")


def authorization(request) -> None:
    money(request.amount)
    card(request.card)


def payment_key(request) -> None:
    demand(1 <= len(request.payment_id) <= 64, "payment_id: 1 to 64 characters wanted")


def email(given: str) -> None:
    demand(3 <= len(given) <= 254 and bool(EMAIL.fullmatch(given)), "email: not an address")


def confirmation(request) -> None:
    email(request.email)
    order = request.order
    address(order.shipping_address)
    money(order.shipping_cost)
    money(order.total)
    demand(1 <= len(order.items) <= ITEMS_MAX, "items: too few or too many")
    for line in order.items:
        item(line.item)
        money(line.cost)


def buyer(request) -> None:
    user(request)
    currency_code(request.user_currency)
    address(request.address)
    email(request.email)
    card(request.card)
