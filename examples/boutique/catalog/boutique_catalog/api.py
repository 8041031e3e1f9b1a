"""What others may know of the catalog."""

from typing import Annotated

from boutique_currency.api import Money

from hanse import PUBLIC, Contract, Length, NotFound, Struct, rpc

__all__ = ["Catalog", "NoSuchProduct", "Product", "ProductId", "ProductList", "Query"]

ProductId = Annotated[str, Length(1, 64)]
"""Lower-case words joined with hyphens, like `enamel-mug`."""

Query = Annotated[str, Length(1, 100)]
"""Words to search for."""


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
