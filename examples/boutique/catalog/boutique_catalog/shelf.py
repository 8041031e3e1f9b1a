"""All that a site's shop sells, as it is shown and looked through."""

from collections.abc import Iterable

from boutique_catalog.api import Product, ProductList
from boutique_catalog.rules import found, searchable


class Shelf:
    """Products in the order they are shown; it does not change.

    Args:
        products: All of them.
    """

    def __init__(self, products: Iterable[Product]) -> None:
        self.listed = ProductList(tuple(products))
        self._by_id = {product.id: product for product in self.listed.products}
        self._searchable = tuple((searchable(product), product) for product in self.listed.products)

    def get(self, product_id: str) -> Product | None:
        """One product."""
        return self._by_id.get(product_id)

    def found(self, query: str) -> ProductList:
        """Those that hold every word of a query."""
        return ProductList(found(query, self._searchable))
