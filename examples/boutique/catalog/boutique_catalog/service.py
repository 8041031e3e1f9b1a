"""The catalog of the shop."""

from boutique_catalog import api
from boutique_catalog.products import read_products
from boutique_catalog.rules import found, searchable
from hanse import Service


class Catalog(Service, api.Catalog):
    """Knows the products it came with."""

    def __init__(self) -> None:
        products = read_products()
        self._all = api.ProductList(products)
        self._by_id = {product.id: product for product in products}
        self._searchable = tuple((searchable(product), product) for product in products)

    async def list_products(self) -> api.ProductList:
        return self._all

    async def get_product(self, product_id: api.ProductId) -> api.Product:
        product = self._by_id.get(product_id)
        if product is None:
            raise api.NoSuchProduct("The shop does not sell this.", product_id=product_id)
        return product

    async def search_products(self, query: api.Query) -> api.ProductList:
        return api.ProductList(found(query, self._searchable))
