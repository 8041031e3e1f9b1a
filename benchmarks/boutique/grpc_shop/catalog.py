"""The catalog, served by grpc.aio."""
# What it measures is only in `.venvs/bench`, where pyright does not look.
# pyright: basic, reportMissingImports=false
# ruff: noqa: N802  names of RPCs stand in the .proto

from boutique_catalog.api import NoSuchProduct, Product
from boutique_catalog.rules import found, searchable
from msgspec import convert

from benchmarks.boutique.grpc_shop import checks
from benchmarks.boutique.grpc_shop.wire import messages, money_of, rpc, serve, services
from benchmarks.boutique.peer_data import shop


class Shelf:
    def __init__(self, docs):
        products = [message_of(convert(doc, Product)) for doc in docs]
        self.all = messages.ProductList(products=products)
        self.by_id = {product.id: product for product in products}
        self.searched = [(searchable(product), product) for product in products]


class Catalog(services.ProductCatalogServiceServicer):
    def __init__(self):
        self._shelf = shop.Remembered(Shelf)

    @rpc(checks.nothing)
    async def ListProducts(self, _request):
        return (await self._shelf.get()).all

    @rpc(checks.product)
    async def GetProduct(self, request):
        product = (await self._shelf.get()).by_id.get(request.id)
        if product is None:
            raise NoSuchProduct("The shop does not sell this.", product_id=request.id)
        return product

    @rpc(checks.search)
    async def SearchProducts(self, request):
        searched = (await self._shelf.get()).searched
        return messages.ProductList(products=found(request.query, searched))

    @rpc(checks.reservation)
    async def Reserve(self, request):
        await shop.reserve(request.order_id, request.items)
        return messages.Empty()

    @rpc(checks.reservation)
    async def Release(self, request):
        await shop.release(request.order_id, request.items)
        return messages.Empty()


def message_of(product):
    price = product.price_usd
    return messages.Product(
        id=product.id,
        name=product.name,
        description=product.description,
        picture=product.picture,
        price_usd=money_of(price.currency_code, price.total_nanos),
        categories=product.categories,
    )


if __name__ == "__main__":
    serve("ProductCatalog", "catalog", Catalog)
