"""Looking around: the front, a product, a search."""

from __future__ import annotations

from asyncio import gather

from boutique_storefront.goods import Goods
from boutique_storefront.pages import Pages
from boutique_storefront.visits import Visitor, Visits
from hanse import Html


class Browsing:
    """Pages that change nothing."""

    def __init__(self, goods: Goods, visits: Visits, pages: Pages) -> None:
        self._goods = goods
        self._visits = visits
        self._pages = pages

    async def home(self, visitor: Visitor) -> Html:
        """Everything there is."""
        goods = self._goods
        visit, products, ad = await gather(self._visits.begin(visitor), goods.every(), goods.ad())
        items = await goods.priced(products, visit.currency)
        return Html(self._pages.home(visit, items, ad))

    async def product(self, visitor: Visitor, product_id: str) -> Html:
        """One product, what goes well with it, and an ad that suits."""
        goods = self._goods
        visit, product = await gather(self._visits.begin(visitor), goods.one(product_id))
        item, beside, ad = await gather(
            goods.item(product, visit.currency),
            goods.beside(visitor.shopper, (product_id,), visit.currency),
            goods.ad(product.categories, on=visitor.path),
        )
        return Html(self._pages.product(visit, item, beside, ad))

    async def search(self, visitor: Visitor, words: str) -> Html:
        """What was found."""
        visit, products = await gather(self._visits.begin(visitor), self._goods.found(words))
        items = await self._goods.priced(products, visit.currency)
        return Html(self._pages.search(visit, words, items))
