"""Baskets: what a visitor is about to buy, how it changes, and what it comes to."""

from __future__ import annotations

from asyncio import gather
from collections.abc import Sequence

from boutique_cart.api import CartItem, Carts
from boutique_catalog.api import NoSuchProduct, Product
from boutique_shipping.api import Shipping

from boutique_storefront.goods import Goods
from boutique_storefront.views import Bill, bill, line
from hanse import HanseError


class Baskets:
    """A visitor's basket is the cart of that name; without a name it is empty."""

    def __init__(self, carts: Carts, shipping: Shipping, goods: Goods) -> None:
        self._carts = carts
        self._shipping = shipping
        self._goods = goods

    async def items(self, shopper: str) -> Sequence[CartItem]:
        """What is in it."""
        return (await self._carts.get_cart(shopper)).items if shopper else ()

    async def count(self, shopper: str) -> int:
        """How many pieces are in it; none, where nobody can say: it only stands in a corner."""
        try:
            return sum(item.quantity for item in await self.items(shopper))
        except HanseError:  # whoever failed has logged it
            return 0

    async def bill(self, items: Sequence[CartItem], currency: str) -> Bill:
        """What it all costs, shipping included; what the shop no longer sells is left out."""
        goods = self._goods
        products, quote = await gather(
            gather(*(self._sold(item.product_id) for item in items)),
            self._shipping.get_quote(tuple(items)),
        )
        if None in products:
            left = [item for item, sold in zip(items, products, strict=True) if sold]
            return await self.bill(left, currency)
        shown, shipping = await gather(
            goods.priced(filter(None, products), currency), goods.money(quote, currency)
        )
        lines = [line(each, item.quantity) for each, item in zip(shown, items, strict=True)]
        return bill(lines, shipping)

    async def add(self, shopper: str, product_id: str, quantity: int) -> None:
        """Puts in so many of a product that is there; `NoSuchProduct`, `CartFull`, `TooMany`."""
        await self._goods.one(product_id)
        await self._carts.add_item(shopper, CartItem(product_id, quantity))

    async def change(self, shopper: str, product_id: str, quantity: int) -> None:
        """Makes it so many of a product; 0 takes it out.

        Carts have no way to take things out but all at once, so for fewer than now the others are
        put in again. Who shops in two windows at that moment may find one change lost.
        """
        items = await self.items(shopper)
        now = next((item.quantity for item in items if item.product_id == product_id), 0)
        if quantity > now:
            await self.add(shopper, product_id, quantity - now)
        elif quantity < now:
            wanted = (
                CartItem(item.product_id, quantity) if item.product_id == product_id else item
                for item in items
                if quantity or item.product_id != product_id
            )
            await self._carts.empty_cart(shopper)
            for item in wanted:  # one after the other, so that they keep their order
                await self._carts.add_item(shopper, item)

    async def _sold(self, product_id: str) -> Product | None:
        try:
            return await self._goods.one(product_id)
        except NoSuchProduct:
            return None

    async def empty(self, shopper: str) -> None:
        """Takes everything out."""
        if shopper:
            await self._carts.empty_cart(shopper)
