"""What the shop sells: as it is kept, and as it stands in products.json."""

from pathlib import Path
from typing import Annotated

import msgspec
from boutique_currency.api import Money

from boutique_catalog.api import Product, ProductId
from hanse import Entity, Immutable, Indexed, Unique, entity

FILE = Path(__file__).with_name("products.json")


@entity("catalog.products")
class Good(Entity, frozen=True, kw_only=True):
    """A product as the shop keeps it.

    Attributes:
        product_id: What everybody else knows it by.
        place: Where it stands among the others.
    """

    product_id: Annotated[ProductId, Unique(), Immutable()]
    place: Annotated[int, Indexed()]
    name: str
    description: str
    picture: str
    price_usd: Money
    categories: tuple[str, ...]


def read_products() -> tuple[Product, ...]:
    """All products a new shop has, in the order it shows them.

    Raises:
        ValueError: Something in the file is no product, or two have one id.
    """
    products = msgspec.json.decode(FILE.read_bytes(), type=tuple[Product, ...])
    if len({product.id for product in products}) < len(products):
        raise ValueError(f"Two products in {FILE.name} have one id; give each its own.")
    return products


def kept(place: int, product: Product) -> Good:
    """A product as the shop keeps it."""
    return Good(
        product_id=product.id,
        place=place,
        name=product.name,
        description=product.description,
        picture=product.picture,
        price_usd=product.price_usd,
        categories=product.categories,
    )


def shown(good: Good) -> Product:
    """A product as others see it."""
    return Product(
        good.product_id,
        good.name,
        good.description,
        good.picture,
        good.price_usd,
        good.categories,
    )
