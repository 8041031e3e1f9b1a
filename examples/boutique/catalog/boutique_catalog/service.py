"""The catalog of the shop."""

from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Annotated

from boutique_catalog import api
from boutique_catalog.products import Good, kept, read_products, shown
from boutique_catalog.rules import in_turn
from boutique_catalog.shelf import Shelf
from boutique_catalog.stock import Stock
from hanse import Clock, Collection, Database, Range, Service, Settings, current

GOODS_MAX = 1000
SITES_MAX = 100
"""Whose shelves are remembered."""

FRESH = timedelta(seconds=1)
"""For so long what was read of goods is shown again. What is left of them is never remembered."""


class CatalogSettings(Settings):
    """What a new shop begins with."""

    pieces: Annotated[int, Range(0, 1_000_000_000)] = 1_000_000
    """Of each product: load generators buy by the thousand."""


class Catalog(Service, api.Catalog):
    """Sells what its site keeps; a new shop gets the products of products.json when first asked."""

    def __init__(
        self,
        goods: Collection[Good],
        stock: Stock,
        database: Database,
        clock: Clock,
        settings: CatalogSettings,
    ) -> None:
        self._goods = goods
        self._stock = stock
        self._database = database
        self._clock = clock
        self._pieces = settings.pieces
        self._shelves: OrderedDict[str, tuple[datetime, Shelf]] = OrderedDict()

    async def list_products(self) -> api.ProductList:
        return (await self._shelf()).listed

    async def get_product(self, product_id: api.ProductId) -> api.Product:
        product = (await self._shelf()).get(product_id)
        if product is None:
            raise api.NoSuchProduct("The shop does not sell this.", product_id=product_id)
        return product

    async def search_products(self, query: api.Query) -> api.ProductList:
        return (await self._shelf()).found(query)

    async def reserve(self, order_id: api.OrderId, items: api.Wanted) -> None:
        async with self._database.transaction():
            if await self._stock.note.maybe(order_id, False) is None:
                return
            for item in in_turn(items):
                if await self._stock.take.maybe(item.product_id, item.quantity) is None:
                    raise api.OutOfStock(
                        "There are fewer of this than you want; take fewer, or something else.",
                        product_id=item.product_id,
                    )

    async def release(self, order_id: api.OrderId, items: api.Wanted) -> None:
        async with self._database.transaction():
            if await self._stock.note.maybe(order_id, True) is not None:
                return
            if await self._stock.give_up.maybe(order_id) is None:
                return
            for item in in_turn(items):
                await self._stock.put_back.execute(item.product_id, item.quantity)

    async def _shelf(self) -> Shelf:
        site, now = current().site, self._clock.now()
        read, shelf = self._shelves.get(site, (None, None))
        if shelf is None or read is None or now - read >= FRESH:
            shelf = Shelf(await self._products())
            self._shelves[site] = (now, shelf)
            if len(self._shelves) > SITES_MAX:
                self._shelves.popitem(last=False)
        return shelf

    async def _products(self) -> list[api.Product]:
        found = await self._goods.query(sort=["place"], page_size=GOODS_MAX)
        if not found.items:
            await self._open()
            found = await self._goods.query(sort=["place"], page_size=GOODS_MAX)
        return [shown(good) for good in found.items]

    async def _open(self) -> None:
        """Fills a new shop; two hosts that do it at once fill it once."""
        products = read_products()
        await self._stock.put.many((product.id, self._pieces) for product in products)
        await self._goods.create_many([kept(*placed) for placed in enumerate(products)])
