"""What the shop sells, as it stands in products.json."""

from pathlib import Path

import msgspec

from boutique_catalog.api import Product

FILE = Path(__file__).with_name("products.json")


def read_products() -> tuple[Product, ...]:
    """All products, in the order the shop shows them.

    Raises:
        ValueError: Something in the file is no product, or two have one id.
    """
    products = msgspec.json.decode(FILE.read_bytes(), type=tuple[Product, ...])
    if len({product.id for product in products}) < len(products):
        raise ValueError(f"Two products in {FILE.name} have one id; give each its own.")
    return products
