"""The boutique's own storefront over whichever clients: pages, fan-out and failures are alike.

What a peer does itself is read requests, check them, and make answers of what comes from here.
"""
# What it measures is only in `.venvs/bench`, where pyright does not look.
# pyright: basic, reportMissingImports=false

from boutique_storefront.baskets import Baskets
from boutique_storefront.browsing import Browsing
from boutique_storefront.buying import Buying
from boutique_storefront.failures import failure_of
from boutique_storefront.goods import Goods
from boutique_storefront.pages import Pages
from boutique_storefront.service import CURRENCY_SECONDS
from boutique_storefront.views import local_path
from boutique_storefront.visits import Visitor, Visits

from hanse import HanseError, Redirect, SetCookie

SHOPPER = r"^([A-Za-z0-9_-]{22})?$"


class Front:
    """What there is to see and to do."""

    def __init__(self, clients) -> None:
        pages = Pages()
        goods = Goods(clients.catalog, clients.currencies, clients.recommendations, clients.ads)
        baskets = Baskets(clients.carts, clients.shipping, goods)
        self._visits = Visits(clients.currencies, baskets, pages)
        self._currencies = clients.currencies
        self.browsing = Browsing(goods, self._visits, pages)
        self.buying = Buying(goods, baskets, clients.checkout, self._visits, pages)

    async def answer(self, visitor: Visitor, making):
        """The page, or one that says why there is none."""
        try:
            return await making
        except HanseError as error:
            return await self._visits.failed(visitor, failure_of(error))

    async def choose_currency(self, currency: str, back: str) -> Redirect:
        """Prices in another currency from now on."""
        listed = await self._currencies.get_supported_currencies()
        if currency not in listed.currency_codes:
            return Redirect(local_path(back))
        kept = SetCookie("currency", currency, max_age=CURRENCY_SECONDS)
        return Redirect(local_path(back), (kept,))
