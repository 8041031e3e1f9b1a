"""The catalog, served by FastAPI."""
# What it measures is only in `.venvs/bench`, where pyright does not look. The boutique's rules are
# given pydantic's models: they look at attributes alone.
# pyright: basic, reportMissingImports=false, reportArgumentType=false

from typing import Annotated

from boutique_catalog.api import NoSuchProduct
from boutique_catalog.rules import found, searchable
from fastapi import Query, Request
from pydantic import TypeAdapter

from benchmarks.boutique.fastapi_shop.models import Bought, Product, ProductId, ProductList
from benchmarks.boutique.fastapi_shop.serving import application, join_trace, serve
from benchmarks.boutique.peer_data import shop

app = application()


class Shelf:
    def __init__(self, docs) -> None:
        self.products = TypeAdapter(list[Product]).validate_python(docs)
        self.by_id = {product.id: product for product in self.products}
        self.searched = [(searchable(product), product) for product in self.products]


shelf = shop.Remembered(Shelf)


@app.get("/products")
async def list_products(request: Request) -> ProductList:
    join_trace(request)
    return ProductList(products=(await shelf.get()).products)


@app.get("/products/{product_id}")
async def get_product(product_id: ProductId, request: Request) -> Product:
    join_trace(request)
    product = (await shelf.get()).by_id.get(product_id)
    if product is None:
        raise NoSuchProduct("The shop does not sell this.", product_id=product_id)
    return product


@app.get("/search")
async def search_products(
    query: Annotated[str, Query(min_length=1, max_length=100)], request: Request
) -> ProductList:
    join_trace(request)
    return ProductList(products=list(found(query, (await shelf.get()).searched)))


@app.post("/reservations", status_code=204)
async def reserve(wanted: Bought, request: Request) -> None:
    join_trace(request)
    await shop.reserve(wanted.order_id, wanted.items)


@app.post("/releases", status_code=204)
async def release(wanted: Bought, request: Request) -> None:
    join_trace(request)
    await shop.release(wanted.order_id, wanted.items)


if __name__ == "__main__":
    serve(app, "catalog")
