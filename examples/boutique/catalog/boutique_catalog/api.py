"""What others may know of the catalog."""

from typing import Annotated

from boutique_cart.api import ITEMS_MAX, CartItem
from boutique_currency.api import Money

from hanse import PUBLIC, Contract, FailedPrecondition, Length, NotFound, Struct, rpc

__all__ = [
    "Catalog",
    "NoSuchProduct",
    "OrderId",
    "OutOfStock",
    "Product",
    "ProductId",
    "ProductList",
    "Query",
    "Wanted",
]

ProductId = Annotated[str, Length(1, 64)]
"""Lower-case words joined with hyphens, like `enamel-mug`."""

Query = Annotated[str, Length(1, 100)]
"""Words to search for."""

OrderId = Annotated[str, Length(1, 64)]
"""What goods are kept for."""

Wanted = Annotated[tuple[CartItem, ...], Length(1, ITEMS_MAX)]
"""Goods, and how many of each."""


class Product(Struct, frozen=True):
    """One thing to buy.

    Attributes:
        id: Stable; names its page and its picture.
        name: As it stands on the label.
        description: A few sentences.
        picture: Path below the storefront's address.
        price_usd: In dollars; `Currencies` says what that is elsewhere.
        categories: What it can be found under.
    """

    id: ProductId
    name: str
    description: str
    picture: str
    price_usd: Money
    categories: tuple[str, ...]


class ProductList(Struct, frozen=True):
    """Products in the order the shop shows them."""

    products: tuple[Product, ...]


class NoSuchProduct(NotFound):
    """The shop does not sell it."""

    code = "no_such_product"
    product_id: str


class OutOfStock(FailedPrecondition):
    """There are fewer of it than somebody wants."""

    code = "out_of_stock"
    product_id: str


class Catalog(Contract):
    """What the shop sells."""

    @rpc("GET /catalog/v1/products", allow=PUBLIC, concurrency=1024)
    async def list_products(self) -> ProductList:
        """All of it."""
        ...

    @rpc(
        "GET /catalog/v1/products/{product_id}",
        allow=PUBLIC,
        errors=(NoSuchProduct,),
        concurrency=1024,
    )
    async def get_product(self, product_id: ProductId) -> Product:
        """One product."""
        ...

    @rpc("GET /catalog/v1/products:search", allow=PUBLIC)
    async def search_products(self, query: Query) -> ProductList:
        """Products whose name, description or categories hold every word of the query."""
        ...

    @rpc(allow=PUBLIC, errors=(OutOfStock,), idempotent=True)
    async def reserve(self, order_id: OrderId, items: Wanted) -> None:
        """Takes goods from the shelf for an order: all of them or none, and once an order."""
        ...

    @rpc(allow=PUBLIC, idempotent=True)
    async def release(self, order_id: OrderId, items: Wanted) -> None:
        """Puts back what was taken for an order, if it was; nothing is taken for that any more."""
        ...
