"""The catalog, served by grpc.aio."""
# What it measures is only in `.venvs/bench`, where pyright does not look.
# pyright: basic, reportMissingImports=false
# ruff: noqa: N802  names of RPCs stand in the .proto

from boutique_catalog.api import NoSuchProduct
from boutique_catalog.products import read_products
from boutique_catalog.rules import found, searchable

from benchmarks.boutique.grpc_shop import checks
from benchmarks.boutique.grpc_shop.wire import messages, money_of, rpc, serve, services


class Catalog(services.ProductCatalogServiceServicer):
    def __init__(self):
        products = [message_of(product) for product in read_products()]
        self._all = messages.ProductList(products=products)
        self._by_id = {product.id: product for product in products}
        self._searched = [(searchable(product), product) for product in products]

    @rpc(checks.nothing)
    async def ListProducts(self, _request):
        return self._all

    @rpc(checks.product)
    async def GetProduct(self, request):
        product = self._by_id.get(request.id)
        if product is None:
            raise NoSuchProduct("The shop does not sell this.", product_id=request.id)
        return product

    @rpc(checks.search)
    async def SearchProducts(self, request):
        return messages.ProductList(products=found(request.query, self._searched))


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
