"""What the services here say to each other, checked on both sides of every call.

The rules are those of the boutique's contracts (`examples/boutique/*/boutique_*/api.py`).
"""
# What it measures is only in `.venvs/bench`, where pyright does not look.
# pyright: basic, reportMissingImports=false

from typing import Annotated, Self

from boutique_cart.api import ITEMS_MAX, QUANTITY_MAX
from boutique_currency.money import NANOS_A_UNIT, UNITS_MAX
from pydantic import BaseModel, Field, StringConstraints, model_validator


def text(least: int, most: int):
    return StringConstraints(min_length=least, max_length=most)


UserId = Annotated[str, text(1, 128)]
ProductId = Annotated[str, text(1, 64)]
CurrencyCode = Annotated[str, text(3, 3)]
EmailAddress = Annotated[
    str,
    StringConstraints(min_length=3, max_length=254, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$"),
]


class Money(BaseModel):
    currency_code: CurrencyCode
    units: Annotated[int, Field(ge=-UNITS_MAX, le=UNITS_MAX)]
    nanos: Annotated[int, Field(ge=1 - NANOS_A_UNIT, le=NANOS_A_UNIT - 1)] = 0

    @model_validator(mode="after")
    def _one_sign(self) -> Self:
        if self.units * self.nanos < 0:
            raise ValueError("Expected units and nanos of one sign")
        return self

    @property
    def total_nanos(self) -> int:
        return self.units * NANOS_A_UNIT + self.nanos


def money_of(currency_code: str, total_nanos: int) -> Money:
    """An amount given in billionths."""
    units, nanos = divmod(abs(total_nanos), NANOS_A_UNIT)
    sign = -1 if total_nanos < 0 else 1
    return Money(currency_code=currency_code, units=sign * units, nanos=sign * nanos)


class Conversion(Money):
    to_code: CurrencyCode


class CurrencyList(BaseModel):
    currency_codes: list[str]


class Product(BaseModel):
    id: ProductId
    name: str
    description: str
    picture: str
    price_usd: Money
    categories: list[str]


class ProductList(BaseModel):
    products: list[Product]


class Ad(BaseModel):
    redirect_url: str
    text: str


class AdList(BaseModel):
    ads: list[Ad]


class Recommended(BaseModel):
    product_ids: list[str]


class CartItem(BaseModel):
    product_id: ProductId
    quantity: Annotated[int, Field(ge=1, le=QUANTITY_MAX)]


class Cart(BaseModel):
    user_id: str
    items: list[CartItem] = []
    version: str = ""


class Bought(BaseModel):
    order_id: Annotated[str, text(1, 64)]
    items: Annotated[list[CartItem], Field(min_length=1, max_length=ITEMS_MAX)]


class Address(BaseModel):
    street_address: Annotated[str, text(1, 200)]
    city: Annotated[str, text(1, 100)]
    country: Annotated[str, text(1, 100)]
    zip_code: Annotated[str, text(0, 16)] = ""
    state: Annotated[str, text(0, 100)] = ""


class Quote(BaseModel):
    items: Annotated[list[CartItem], Field(max_length=ITEMS_MAX)]
    address: Address | None = None


class Shipment(BaseModel):
    order_id: Annotated[str, text(1, 64)]
    address: Address
    items: Annotated[list[CartItem], Field(min_length=1, max_length=ITEMS_MAX)]


class Shipped(BaseModel):
    tracking_id: str


class Card(BaseModel):
    number: Annotated[str, text(1, 32)]
    cvv: Annotated[str, text(1, 4)]
    expiration_year: Annotated[int, Field(ge=2000, le=2100)]
    expiration_month: Annotated[int, Field(ge=1, le=12)]


class Authorization(BaseModel):
    amount: Money
    card: Card


class PaymentKey(BaseModel):
    payment_id: Annotated[str, text(1, 64)]


class OrderItem(BaseModel):
    item: CartItem
    name: str
    cost: Money


class Order(BaseModel):
    order_id: str
    shipping_tracking_id: str
    shipping_cost: Money
    shipping_address: Address
    items: Annotated[list[OrderItem], Field(min_length=1, max_length=ITEMS_MAX)]
    total: Money


class PlacedOrder(BaseModel):
    user_id: str
    email: str
    order: Order


class OrderNumber(BaseModel):
    order_id: str


class Confirmation(BaseModel):
    email: EmailAddress
    order: Order


class Buyer(BaseModel):
    user_id: UserId
    user_currency: CurrencyCode
    address: Address
    email: EmailAddress
    card: Card
