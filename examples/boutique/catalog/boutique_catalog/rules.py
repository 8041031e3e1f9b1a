"""How products are found, and in which order they are taken from the shelf."""

from collections.abc import Iterable

from boutique_cart.api import CartItem

from boutique_catalog.api import Product


def searchable(product: Product) -> str:
    """All that a product can be found by."""
    return " ".join((product.name, product.description, *product.categories)).casefold()


def found(query: str, products: Iterable[tuple[str, Product]]) -> tuple[Product, ...]:
    """Products that hold every word of a query, in the order they came.

    Args:
        query: Words; how they are capitalized does not matter.
        products: Each with what it can be found by.
    """
    words = query.casefold().split()
    return tuple(product for text, product in products if words and all(w in text for w in words))


def in_turn(items: Iterable[CartItem]) -> list[CartItem]:
    """Goods in the one order everybody takes them in, so that no two orders wait for each other."""
    return sorted(items, key=lambda item: item.product_id)
