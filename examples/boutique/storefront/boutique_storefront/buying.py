"""Buying: the basket, the order form, the order."""

from __future__ import annotations

from asyncio import gather
from collections.abc import Callable, Mapping
from secrets import token_urlsafe
from types import MappingProxyType

from boutique_catalog.api import NoSuchProduct, OutOfStock
from boutique_checkout.api import CartEmpty, Checkout, NoSuchOrder, Order, PlacedOrder

from boutique_storefront.baskets import Baskets
from boutique_storefront.failures import NO_SUCH_ORDER, card_mistake, order_failure_of, sold_out
from boutique_storefront.goods import Goods
from boutique_storefront.order_form import (
    DEMO,
    address_of,
    card_of,
    clean,
    mistakes,
    shown_again,
)
from boutique_storefront.pages import Pages
from boutique_storefront.views import Bill, Item, Line, Placed, Visit, bill, line
from boutique_storefront.visits import Visitor, Visits
from hanse import HanseError, Html, Redirect, SetCookie

SHOPPER_SECONDS = 30 * 24 * 3600
NOTHING_WRONG: Mapping[str, str] = MappingProxyType({})
TO_BASKET = Redirect("/basket")
UNPROCESSABLE = 422


def new_shopper() -> str:
    """Names a basket: 128 bits of chance."""
    return token_urlsafe(16)


class Buying:
    """Pages and forms about what somebody buys."""

    def __init__(
        self, goods: Goods, baskets: Baskets, checkout: Checkout, visits: Visits, pages: Pages
    ) -> None:
        self._goods = goods
        self._baskets = baskets
        self._checkout = checkout
        self._visits = visits
        self._pages = pages
        self._new_shopper: Callable[[], str] = new_shopper

    async def basket(self, visitor: Visitor) -> Html:
        """What is in the basket, what it comes to, and what else there is."""
        visit, shown = await self._visit_and_bill(visitor)
        ids = tuple(each.item.id for each in shown.lines)
        beside = await self._goods.beside(visitor.shopper, ids, visit.currency)
        return Html(self._pages.basket(visit, shown, beside))

    async def add(self, visitor: Visitor, product_id: str, quantity: int) -> Redirect:
        """Puts something in; who comes for the first time gets a basket."""
        if visitor.shopper:
            await self._baskets.add(visitor.shopper, product_id, quantity)
            return TO_BASKET
        shopper = self._new_shopper()
        await self._baskets.add(shopper, product_id, quantity)
        return Redirect("/basket", (SetCookie("shopper", shopper, max_age=SHOPPER_SECONDS),))

    async def change(self, visitor: Visitor, product_id: str, quantity: int) -> Redirect:
        """More or fewer of something, or none."""
        if visitor.shopper:
            await self._baskets.change(visitor.shopper, product_id, quantity)
        return TO_BASKET

    async def empty(self, visitor: Visitor) -> Redirect:
        """Takes everything out."""
        await self._baskets.empty(visitor.shopper)
        return TO_BASKET

    async def order_form(self, visitor: Visitor) -> Html | Redirect:
        """Where to, and how to pay."""
        visit, shown = await self._visit_and_bill(visitor)
        if not shown.lines:
            return TO_BASKET
        return Html(self._pages.checkout(visit, shown, DEMO, NOTHING_WRONG))

    async def order(self, visitor: Visitor, typed: Mapping[str, str]) -> Html | Redirect:
        """Places the order, or says what to correct."""
        cleaned = clean(typed)
        if wrong := mistakes(cleaned):
            return await self._again(visitor, cleaned, wrong)
        if not visitor.shopper:
            return TO_BASKET
        visit = await self._visits.begin(visitor)
        try:
            placed = await self._place(visitor.shopper, visit.currency, cleaned)
        except CartEmpty:  # as after a second click on one button
            return await self._newest(visitor.shopper)
        except NoSuchProduct as error:
            await self._baskets.change(visitor.shopper, error.product_id, 0)
            return TO_BASKET
        except OutOfStock as error:
            product = await self._goods.one(error.product_id)
            return await self._visits.failed(visitor, sold_out(product.name))
        except HanseError as error:
            if wrong := card_mistake(error):
                return await self._again(visitor, cleaned, wrong)
            return await self._visits.failed(visitor, order_failure_of(error))
        return Redirect(f"/orders/{placed.order_id}")

    async def placed(self, visitor: Visitor, order_id: str) -> Html:
        """The order, for whom placed it."""
        try:
            kept = await self._checkout.get_order(order_id)
        except NoSuchOrder:
            return await self._visits.failed(visitor, NO_SUCH_ORDER)
        if not visitor.shopper or kept.user_id != visitor.shopper:  # its number alone opens nothing
            return await self._visits.failed(visitor, NO_SUCH_ORDER)
        order = kept.order
        ids = tuple(each.item.product_id for each in order.items)
        visit, products = await gather(self._visits.begin(visitor), self._goods.several(ids))
        pictures = {product.id: product.picture for product in products}
        beside = await self._goods.beside(visitor.shopper, ids, visit.currency)
        shown = bill(_lines(order, pictures), order.shipping_cost)
        return Html(self._pages.order(visit, _placed(kept), shown, beside))

    async def _newest(self, shopper: str) -> Redirect:
        try:
            return Redirect(f"/orders/{await self._checkout.newest_order(shopper)}")
        except NoSuchOrder:
            return TO_BASKET

    async def _place(self, shopper: str, currency: str, cleaned: Mapping[str, str]) -> Order:
        return await self._checkout.place_order(
            shopper, currency, address_of(cleaned), cleaned["email"], card_of(cleaned)
        )

    async def _again(
        self, visitor: Visitor, cleaned: Mapping[str, str], wrong: Mapping[str, str]
    ) -> Html | Redirect:
        """The order form with what was typed, and what is wrong at each field."""
        visit, shown = await self._visit_and_bill(visitor)
        if not shown.lines:
            return TO_BASKET
        text = self._pages.checkout(visit, shown, shown_again(cleaned), wrong)
        return Html(text, UNPROCESSABLE)

    async def _visit_and_bill(self, visitor: Visitor) -> tuple[Visit, Bill]:
        visit, items = await gather(
            self._visits.begin(visitor), self._baskets.items(visitor.shopper)
        )
        return visit, await self._baskets.bill(items, visit.currency)


def _lines(order: Order, pictures: Mapping[str, str]) -> list[Line]:
    return [
        line(
            Item(each.item.product_id, each.name, "", pictures[each.item.product_id], each.cost),
            each.item.quantity,
        )
        for each in order.items
    ]


def _placed(kept: PlacedOrder) -> Placed:
    order = kept.order
    address = order.shipping_address
    town = " ".join(filter(None, (address.city, address.state, address.zip_code)))
    parts = (address.street_address, town, address.country)
    return Placed(order.order_id, order.shipping_tracking_id, kept.email, parts)
