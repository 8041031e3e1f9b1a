"""Reads from the shop's pages what a shopper looks at, by their stable attributes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from html import unescape
from typing import NamedTuple

NANOS_DIGITS = 9

_PRICE = rb'<data class="price" value="([^"]*)">'
_VISIT = re.compile(rb'<body data-currency="([^"]*)" data-basket="([0-9]+)">')
_CARD = re.compile(
    rb'<li class="card" data-product="([^"]*)">[^\n]*?<span class="name">([^<]*)</span> ' + _PRICE
)
_PRODUCT = re.compile(
    rb'<article class="product" data-product="([^"]*)">.*?<h1>([^<]*)</h1>\s*' + _PRICE, re.DOTALL
)
_LINE = re.compile(
    rb'<li data-product="([^"]*)" data-quantity="([0-9]+)">.*?' + _PRICE + rb".*?" + _PRICE,
    re.DOTALL,
)
_SUM = re.compile(rb'data-sum="(items|shipping|total)"><dt>[^<]*</dt><dd>' + _PRICE)
_ORDER = re.compile(rb'data-order="([^"]+)" data-tracking="([^"]+)"')


class Unreadable(Exception):
    """The page does not say what such a page says."""


class Price(NamedTuple):
    """An amount in billionths."""

    currency: str
    nanos: int


class Shown(NamedTuple):
    """A product on a page."""

    id: str
    name: str
    price: Price


class Line(NamedTuple):
    """A line of a basket or an order."""

    quantity: int
    each: Price
    total: Price


class Sums(NamedTuple):
    """Lines by product, and what they come to."""

    lines: Mapping[str, Line]
    items: Price
    shipping: Price
    total: Price


def visit(page: bytes) -> tuple[str, int]:
    """Currency and number of pieces in the basket, as the head of every page says."""
    found = _VISIT.search(page)
    if found is None:
        raise Unreadable("the page has no head of the shop")
    return _text(found[1]), int(found[2])


def cards(page: bytes) -> list[Shown]:
    """All products of the page's grids."""
    return [
        Shown(_text(key), _text(name), price(value)) for key, name, value in _CARD.findall(page)
    ]


def product(page: bytes) -> Shown:
    """The product a page is about."""
    found = _PRODUCT.search(page)
    if found is None:
        raise Unreadable("the page is about no product")
    return Shown(_text(found[1]), _text(found[2]), price(found[3]))


def sums(page: bytes) -> Sums | None:
    """Lines and sums of a basket or an order; None where it is empty."""
    lines = {
        _text(key): Line(int(many), price(each), price(total))
        for key, many, each, total in _LINE.findall(page)
    }
    found = {name: price(value) for name, value in _SUM.findall(page)}
    if not lines and not found:
        return None
    if len(found) < len(Sums._fields) - 1:
        raise Unreadable("the page lacks items, shipping or total")
    return Sums(lines, found[b"items"], found[b"shipping"], found[b"total"])


def order(page: bytes) -> tuple[str, str]:
    """Number and tracking number of an order."""
    found = _ORDER.search(page)
    if found is None:
        raise Unreadable("the page confirms no order")
    return _text(found[1]), _text(found[2])


@lru_cache(maxsize=65_536)
def price(value: bytes) -> Price:
    """Reads `EUR 13.97`."""
    currency, _, number = value.decode().partition(" ")
    units, _, rest = number.partition(".")
    digits = units + rest.ljust(NANOS_DIGITS, "0")
    if len(rest) > NANOS_DIGITS or not (digits.isascii() and digits.isdigit() and units):
        raise Unreadable(f"{value!r} is no price")
    return Price(currency, int(digits))


@lru_cache(maxsize=4096)
def _text(escaped: bytes) -> str:
    return unescape(escaped.decode())
