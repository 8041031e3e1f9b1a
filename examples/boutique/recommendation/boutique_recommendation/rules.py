"""What suits what."""

from collections.abc import Collection
from zlib import crc32

from boutique_catalog.api import Product


def recommended(
    products: Collection[Product], seen: Collection[str], user_id: str, limit: int
) -> tuple[str, ...]:
    """Products that share most categories with those seen, and are none of them.

    Among equals a checksum of visitor and product decides: the same for one visitor every time,
    and over all visitors each product its turn.
    """
    near = {category for one in products if one.id in seen for category in one.categories}
    seed = crc32(user_id.encode())

    def rank(product: Product) -> tuple[int, int]:
        shared = sum(category in near for category in product.categories)
        return -shared, crc32(product.id.encode(), seed)

    others = (product for product in products if product.id not in seen)
    return tuple(product.id for product in sorted(others, key=rank)[:limit])
