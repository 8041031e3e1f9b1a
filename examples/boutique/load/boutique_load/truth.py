"""What is right: names, prices and shipping, worked out without asking the shop."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import msgspec
from boutique_cart.api import QUANTITY_MAX, CartItem
from boutique_catalog.products import read_products
from boutique_currency.rules import converted
from boutique_shipping.rules import quote

CURRENCIES = ("EUR", "USD", "JPY", "CAD", "GBP", "TRY")
"""What the published mix chooses from."""

DOLLAR = "USD"


class Truth(msgspec.Struct, frozen=True):
    """A price list.

    Attributes:
        names: Name by product.
        dollars: Price by product, in billionths of a dollar.
    """

    names: Mapping[str, str]
    dollars: Mapping[str, int]

    def price(self, product: str, currency: str) -> int:
        """Of one piece, in billionths."""
        return _converted(self.dollars[product], currency)

    def items(self, basket: Mapping[str, int], currency: str) -> int:
        """Of all that is in a basket, in billionths."""
        return sum(self.price(product, currency) * many for product, many in basket.items())

    def shipping(self, basket: Mapping[str, int], currency: str) -> int:
        """Of a basket, in billionths."""
        return _converted(_quote(tuple(basket.values())), currency)


def read_truth() -> Truth:
    """From what the catalog sells, and the rules of currency and shipping."""
    products = read_products()
    names = {product.id: product.name for product in products}
    return Truth(names, {product.id: product.price_usd.total_nanos for product in products})


@lru_cache(maxsize=65_536)
def _converted(dollars: int, currency: str) -> int:
    return converted(dollars, DOLLAR, currency)


@lru_cache(maxsize=65_536)
def _quote(quantities: tuple[int, ...]) -> int:
    assert all(0 < each <= QUANTITY_MAX for each in quantities)
    return quote(CartItem("any", each) for each in quantities).total_nanos
