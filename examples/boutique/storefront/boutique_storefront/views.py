"""What the pages show, as values: whoever has these can render the shop, with or without Hanse."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import add

import msgspec
from boutique_currency.money import Money

SUGGESTIONS_MAX = 4
"""Other goods shown beside what somebody looks at: a row of the grid."""


class Visit(msgspec.Struct, frozen=True):
    """Who looks, and from where; every page shows it in its head.

    Attributes:
        currency: Code of the currency prices are shown in.
        currencies: Codes of all there are to choose from.
        path: The page's own path, to come back to when the currency changes.
        count: Pieces in the basket.
    """

    currency: str
    currencies: tuple[str, ...]
    path: str = "/"
    count: int = 0


class Item(msgspec.Struct, frozen=True):
    """A product with its price in the visitor's currency."""

    id: str
    name: str
    description: str
    picture: str
    price: Money


class Line(msgspec.Struct, frozen=True):
    """So many of one product, and what they cost together."""

    item: Item
    quantity: int
    total: Money


class Bill(msgspec.Struct, frozen=True):
    """Lines and what they sum up to.

    Attributes:
        lines: What is bought.
        pieces: How many things that are.
        items: What they cost together.
        shipping: What bringing them costs.
        total: Both.
    """

    lines: tuple[Line, ...]
    pieces: int
    items: Money
    shipping: Money
    total: Money


class Placed(msgspec.Struct, frozen=True):
    """An order that was placed.

    Attributes:
        id: What the shop calls it.
        tracking: What the carrier calls it.
        email: Where the confirmation goes.
        address: Where the goods go, a line each.
    """

    id: str
    tracking: str
    email: str
    address: tuple[str, ...]


class Sign(msgspec.Struct, frozen=True):
    """An ad: a sentence and a path of the shop it leads to."""

    text: str
    link: str


def line(item: Item, quantity: int) -> Line:
    """So many of it."""
    return Line(item, quantity, item.price * quantity)


def bill(lines: Sequence[Line], shipping: Money) -> Bill:
    """Sums up; all prices are in the currency of `shipping`."""
    items = reduce(add, (each.total for each in lines), Money(shipping.currency_code, 0))
    pieces = sum(each.quantity for each in lines)
    return Bill(tuple(lines), pieces, items, shipping, items + shipping)


def local_path(text: str) -> str:
    """The text if it is a path of this shop, else the front page.

    A browser takes two slashes, and a slash with a backslash, for another host.
    """
    plain = text.isascii() and text.isprintable() and " " not in text and "\\" not in text
    return text if plain and text.startswith("/") and not text.startswith("//") else "/"
