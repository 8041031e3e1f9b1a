"""What the shop shows: products with their prices, what goes well with them, and a word beside."""

from __future__ import annotations

from asyncio import gather
from collections.abc import Iterable, Sequence

from boutique_ad.api import Ads
from boutique_catalog.api import Catalog, Product
from boutique_currency.api import Currencies, Money
from boutique_recommendation.api import Recommendations

from boutique_storefront.views import SUGGESTIONS_MAX, Item, Sign, local_path
from hanse import HanseError

ANYBODY = "visitor"
"""For whom is recommended who has no basket yet."""


class Goods:
    """Asks four services. What a page can do without is left out where its service fails."""

    def __init__(
        self,
        catalog: Catalog,
        currencies: Currencies,
        recommendations: Recommendations,
        ads: Ads,
    ) -> None:
        self._catalog = catalog
        self._currencies = currencies
        self._recommendations = recommendations
        self._ads = ads

    async def every(self) -> Sequence[Product]:
        """All products."""
        return (await self._catalog.list_products()).products

    async def one(self, product_id: str) -> Product:
        """One product; `NoSuchProduct` if there is none."""
        return await self._catalog.get_product(product_id)

    async def several(self, product_ids: Iterable[str]) -> Sequence[Product]:
        """Products, asked for at once."""
        return await gather(*map(self._catalog.get_product, product_ids))

    async def found(self, words: str) -> Sequence[Product]:
        """What a search finds."""
        return (await self._catalog.search_products(words)).products

    async def money(self, amount: Money, currency: str) -> Money:
        """An amount in the visitor's currency."""
        return await self._currencies.convert(amount, currency)

    async def priced(self, products: Iterable[Product], currency: str) -> Sequence[Item]:
        """Products as the pages show them, all prices asked for at once."""
        listed = tuple(products)
        convert = self._currencies.convert
        prices = await gather(*(convert(product.price_usd, currency) for product in listed))
        return [_item(product, price) for product, price in zip(listed, prices, strict=True)]

    async def item(self, product: Product, currency: str) -> Item:
        """One product as the pages show it."""
        return _item(product, await self._currencies.convert(product.price_usd, currency))

    async def beside(
        self, shopper: str, product_ids: Sequence[str], currency: str
    ) -> Sequence[Item]:
        """What goes well with these; nothing, where nobody can say."""
        try:
            suggested = await self._recommendations.list_recommendations(
                shopper or ANYBODY, tuple(product_ids)
            )
            return await self.priced(await self.several(suggested[:SUGGESTIONS_MAX]), currency)
        except HanseError:  # whoever failed has logged it; the page is whole without
            return ()

    async def ad(self, categories: tuple[str, ...] = (), *, on: str = "/") -> Sign | None:
        """An ad that suits and leads elsewhere; none, where there is none to be had."""
        try:
            ads = await self._ads.get_ads(categories)
        except HanseError:  # as above
            return None
        signs = (Sign(ad.text, local_path(ad.redirect_url)) for ad in ads)
        return next((sign for sign in signs if sign.link != on), None)


def _item(product: Product, price: Money) -> Item:
    return Item(product.id, product.name, product.description, product.picture, price)
