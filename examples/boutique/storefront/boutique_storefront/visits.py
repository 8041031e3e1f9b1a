"""Who asks for a page: what the browser says, and what it comes to once services were asked."""

from __future__ import annotations

from asyncio import gather
from typing import Annotated

import msgspec
from boutique_currency.api import Currencies, CurrencyCode

from boutique_storefront.baskets import Baskets
from boutique_storefront.failures import Failure
from boutique_storefront.pages import Pages
from boutique_storefront.views import Visit
from hanse import Cookie, HanseError, Html, Pattern

BASE_CURRENCY = "USD"

Shopper = Annotated[str, Pattern(r"^([A-Za-z0-9_-]{22})?$"), Cookie("shopper")]
"""Whose basket it is: drawn by chance when something is first put in, and too long to guess."""

Chosen = Annotated[CurrencyCode, Cookie("currency")]
"""The currency chosen last."""


class Visitor(msgspec.Struct, frozen=True):
    """What the browser says.

    Attributes:
        shopper: Whose basket it is; empty without one.
        currency: What prices are wanted in, if the shop has it.
        path: Of the page, to come back to.
    """

    shopper: str
    currency: str
    path: str


class Visits:
    """Makes visits of visitors, and pages of failures."""

    def __init__(self, currencies: Currencies, baskets: Baskets, pages: Pages) -> None:
        self._currencies = currencies
        self._baskets = baskets
        self._pages = pages

    async def begin(self, visitor: Visitor) -> Visit:
        """Who looks, as every page shows it."""
        listed, count = await gather(
            self._currencies.get_supported_currencies(), self._baskets.count(visitor.shopper)
        )
        codes = listed.currency_codes
        currency = visitor.currency if visitor.currency in codes else BASE_CURRENCY
        return Visit(currency, codes, visitor.path, count)

    async def failed(self, visitor: Visitor, failure: Failure) -> Html:
        """A page that says what went wrong, also where nothing else works."""
        try:
            visit = await self.begin(visitor)
        except HanseError:  # it is what the page is about
            visit = Visit(BASE_CURRENCY, (BASE_CURRENCY,), "/")
        shown = (failure.status, failure.title, failure.sentence, failure.way)
        return Html(self._pages.failure(visit, *shown), failure.status)
