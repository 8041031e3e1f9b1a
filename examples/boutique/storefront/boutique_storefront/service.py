"""The storefront: pages a person shops with, in any browser, with scripts or without."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Annotated
from urllib.parse import quote

from boutique_ad.api import Ads
from boutique_cart.api import QUANTITY_MAX, Carts
from boutique_catalog.api import Catalog
from boutique_checkout.api import Checkout
from boutique_currency.api import Currencies, CurrencyCode
from boutique_recommendation.api import Recommendations
from boutique_shipping.api import Shipping

from boutique_storefront.baskets import Baskets
from boutique_storefront.browsing import Browsing
from boutique_storefront.buying import Buying
from boutique_storefront.failures import failure_of
from boutique_storefront.goods import Goods
from boutique_storefront.pages import BUY_MAX, Pages
from boutique_storefront.views import local_path
from boutique_storefront.visits import BASE_CURRENCY, Chosen, Shopper, Visitor, Visits
from hanse import (
    PUBLIC,
    HanseError,
    Html,
    Length,
    Range,
    Redirect,
    Service,
    SetCookie,
    Settings,
    form,
    page,
)

CURRENCY_SECONDS = 365 * 24 * 3600

ProductField = Annotated[str, Length(1, 64)]
Typed = Annotated[str, Length(0, 254)]
"""A field of the order form; the shop says itself what is wrong with it."""


class StorefrontSettings(Settings):
    """What a storefront is told of where it stands.

    Attributes:
        careers: Where one can apply to work here, like `/careers/`; empty if there is no such place.
    """

    careers: str = ""


class Storefront(Service, package="storefront.v1"):
    """A shop to look around in, fill a basket and buy. Why: services are there to be used.

    It asks for every price, as the published application does, also where the currency is the
    product's own: so both do the same work.
    """

    def __init__(  # noqa: PLR0913, PLR0917  a storefront stands before seven services
        self,
        ads: Ads,
        carts: Carts,
        catalog: Catalog,
        checkout: Checkout,
        currencies: Currencies,
        recommendations: Recommendations,
        shipping: Shipping,
        settings: StorefrontSettings,
    ) -> None:
        pages = Pages(careers=settings.careers)
        goods = Goods(catalog, currencies, recommendations, ads)
        baskets = Baskets(carts, shipping, goods)
        self._visits = visits = Visits(currencies, baskets, pages)
        self._browsing = Browsing(goods, visits, pages)
        self._buying = Buying(goods, baskets, checkout, visits, pages)
        self._currencies = currencies

    @page("/", allow=PUBLIC)
    async def home(
        self, shopper: Shopper = "", currency: Chosen = BASE_CURRENCY
    ) -> Html | Redirect:
        """The front of the shop."""
        visitor = Visitor(shopper, currency, "/")
        return await self._answer(visitor, self._browsing.home(visitor))

    @page("/products/{product_id}", allow=PUBLIC)
    async def product(
        self, product_id: str, shopper: Shopper = "", currency: Chosen = BASE_CURRENCY
    ) -> Html | Redirect:
        """One product."""
        visitor = Visitor(shopper, currency, f"/products/{quote(product_id)}")
        return await self._answer(visitor, self._browsing.product(visitor, product_id))

    @page("/search", allow=PUBLIC)
    async def search(
        self,
        q: Annotated[str, Length(0, 60)] = "",
        shopper: Shopper = "",
        currency: Chosen = BASE_CURRENCY,
    ) -> Html | Redirect:
        """What a search finds."""
        words = q.strip()
        if not words:
            return Redirect("/")
        visitor = Visitor(shopper, currency, f"/search?q={quote(words)}")
        return await self._answer(visitor, self._browsing.search(visitor, words))

    @page("/basket", allow=PUBLIC)
    async def basket(
        self, shopper: Shopper = "", currency: Chosen = BASE_CURRENCY
    ) -> Html | Redirect:
        """What somebody is about to buy."""
        visitor = Visitor(shopper, currency, "/basket")
        return await self._answer(visitor, self._buying.basket(visitor))

    @form("/basket", allow=PUBLIC)
    async def add(
        self,
        product_id: ProductField,
        quantity: Annotated[int, Range(1, BUY_MAX)],
        shopper: Shopper = "",
        currency: Chosen = BASE_CURRENCY,
    ) -> Html | Redirect:
        """Puts something into the basket."""
        visitor = Visitor(shopper, currency, "/basket")
        return await self._answer(visitor, self._buying.add(visitor, product_id, quantity))

    @form("/basket/quantity", allow=PUBLIC)
    async def change(
        self,
        product_id: ProductField,
        quantity: Annotated[int, Range(0, QUANTITY_MAX)],
        shopper: Shopper = "",
        currency: Chosen = BASE_CURRENCY,
    ) -> Html | Redirect:
        """More or fewer of something, or none."""
        visitor = Visitor(shopper, currency, "/basket")
        return await self._answer(visitor, self._buying.change(visitor, product_id, quantity))

    @form("/basket/empty", allow=PUBLIC)
    async def empty(
        self, shopper: Shopper = "", currency: Chosen = BASE_CURRENCY
    ) -> Html | Redirect:
        """Takes everything out of the basket."""
        visitor = Visitor(shopper, currency, "/basket")
        return await self._answer(visitor, self._buying.empty(visitor))

    @page("/basket/checkout", allow=PUBLIC)
    async def order_form(
        self, shopper: Shopper = "", currency: Chosen = BASE_CURRENCY
    ) -> Html | Redirect:
        """Where to, and how to pay."""
        visitor = Visitor(shopper, currency, "/basket/checkout")
        return await self._answer(visitor, self._buying.order_form(visitor))

    @form("/orders", allow=PUBLIC)
    async def order(  # noqa: PLR0913, PLR0917  a form has as many fields as people fill in
        self,
        email: Typed = "",
        street_address: Typed = "",
        zip_code: Typed = "",
        city: Typed = "",
        state: Typed = "",
        country: Typed = "",
        card_number: Typed = "",
        expiry_month: Typed = "",
        expiry_year: Typed = "",
        card_cvv: Typed = "",
        shopper: Shopper = "",
        currency: Chosen = BASE_CURRENCY,
    ) -> Html | Redirect:
        """Buys what is in the basket."""
        typed = {
            "email": email,
            "street_address": street_address,
            "zip_code": zip_code,
            "city": city,
            "state": state,
            "country": country,
            "card_number": card_number,
            "expiry_month": expiry_month,
            "expiry_year": expiry_year,
            "card_cvv": card_cvv,
        }
        visitor = Visitor(shopper, currency, "/basket/checkout")
        return await self._answer(visitor, self._buying.order(visitor, typed))

    @page("/orders/{order_id}", allow=PUBLIC)
    async def placed(
        self, order_id: str, shopper: Shopper = "", currency: Chosen = BASE_CURRENCY
    ) -> Html | Redirect:
        """Thanks, and what is coming."""
        visitor = Visitor(shopper, currency, f"/orders/{quote(order_id)}")
        return await self._answer(visitor, self._buying.placed(visitor, order_id))

    @form("/currency", allow=PUBLIC)
    async def choose_currency(
        self,
        currency: CurrencyCode,
        back: Annotated[str, Length(0, 1000)] = "/",
    ) -> Redirect:
        """Shows prices in another currency from now on, on the page where it was chosen."""
        listed = await self._currencies.get_supported_currencies()
        to = local_path(back)
        if currency not in listed.currency_codes:
            return Redirect(to)
        return Redirect(to, (SetCookie("currency", currency, max_age=CURRENCY_SECONDS),))

    async def _answer(
        self, visitor: Visitor, making: Awaitable[Html | Redirect]
    ) -> Html | Redirect:
        """The page, or one that says why there is none."""
        try:
            return await making
        except HanseError as error:
            return await self._visits.failed(visitor, failure_of(error))
