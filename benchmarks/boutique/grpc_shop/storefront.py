"""The storefront over grpc.aio stubs: aiohttp's server in front, one process, no access log.

Of aiohttp and Starlette on uvicorn, both with C parsers and uvloop, aiohttp took a little less CPU
for the mix of pages and forms here.
"""
# What it measures is only in `.venvs/bench`, where pyright does not look.
# pyright: basic, reportMissingImports=false

import os
import re
from types import SimpleNamespace
from urllib.parse import quote

import uvloop
from aiohttp import web
from boutique_cart.api import QUANTITY_MAX
from boutique_storefront.order_form import LABELS
from boutique_storefront.pages import BUY_MAX, STATIC
from boutique_storefront.visits import BASE_CURRENCY, Visitor

from benchmarks.boutique.front import SHOPPER, Front
from benchmarks.boutique.grpc_shop import clients as asked
from benchmarks.tracing import continue_trace
from hanse import Redirect

IS_SHOPPER = re.compile(SHOPPER)
TYPED_MAX = 254

routes = web.RouteTableDef()
FRONT = web.AppKey("front", Front)


@routes.get("/")
async def home(request):
    visitor = visitor_of(request, "/")
    return await answered(request, visitor, request.app[FRONT].browsing.home(visitor))


@routes.get("/products/{product_id}")
async def product(request):
    product_id = request.match_info["product_id"]
    visitor = visitor_of(request, f"/products/{quote(product_id)}")
    shown = request.app[FRONT].browsing.product(visitor, product_id)
    return await answered(request, visitor, shown)


@routes.get("/search")
async def search(request):
    words = request.query.get("q", "").strip()
    demand(len(words) <= 60)
    if not words:
        return web.Response(status=303, headers={"location": "/"})
    visitor = visitor_of(request, f"/search?q={quote(words)}")
    found = request.app[FRONT].browsing.search(visitor, words)
    return await answered(request, visitor, found)


@routes.get("/basket")
async def basket(request):
    visitor = visitor_of(request, "/basket")
    return await answered(request, visitor, request.app[FRONT].buying.basket(visitor))


@routes.post("/basket")
async def add(request):
    product_id, quantity = await line_of(request, 1, BUY_MAX)
    visitor = visitor_of(request, "/basket")
    adding = request.app[FRONT].buying.add(visitor, product_id, quantity)
    return await answered(request, visitor, adding)


@routes.post("/basket/quantity")
async def change(request):
    product_id, quantity = await line_of(request, 0, QUANTITY_MAX)
    visitor = visitor_of(request, "/basket")
    changing = request.app[FRONT].buying.change(visitor, product_id, quantity)
    return await answered(request, visitor, changing)


@routes.post("/basket/empty")
async def empty(request):
    visitor = visitor_of(request, "/basket")
    return await answered(request, visitor, request.app[FRONT].buying.empty(visitor))


@routes.get("/basket/checkout")
async def order_form(request):
    visitor = visitor_of(request, "/basket/checkout")
    return await answered(request, visitor, request.app[FRONT].buying.order_form(visitor))


@routes.post("/orders")
async def order(request):
    form = await request.post()
    typed = {name: form.get(name, "") for name in LABELS}
    demand(all(isinstance(each, str) and len(each) <= TYPED_MAX for each in typed.values()))
    visitor = visitor_of(request, "/basket/checkout")
    return await answered(request, visitor, request.app[FRONT].buying.order(visitor, typed))


@routes.get("/orders/{order_id}")
async def placed(request):
    order_id = request.match_info["order_id"]
    visitor = visitor_of(request, f"/orders/{quote(order_id)}")
    shown = request.app[FRONT].buying.placed(visitor, order_id)
    return await answered(request, visitor, shown)


@routes.post("/currency")
async def choose_currency(request):
    form = await request.post()
    currency, back = form.get("currency", ""), form.get("back", "/")
    demand(isinstance(currency, str) and len(currency) == 3)
    demand(isinstance(back, str) and len(back) <= 1000)
    continue_trace(request.headers.get("traceparent"))
    return response_of(await request.app[FRONT].choose_currency(currency, back))


async def line_of(request, least: int, most: int) -> tuple[str, int]:
    """Product and quantity of a form, checked."""
    form = await request.post()
    product_id, quantity = form.get("product_id", ""), form.get("quantity", "")
    demand(isinstance(product_id, str) and 1 <= len(product_id) <= 64)
    demand(isinstance(quantity, str) and quantity.isascii() and quantity.isdigit())
    demand(least <= int(quantity) <= most)
    return product_id, int(quantity)


def visitor_of(request, path: str) -> Visitor:
    """Who asks, by cookies that are checked."""
    shopper = request.cookies.get("shopper", "")
    currency = request.cookies.get("currency", BASE_CURRENCY)
    demand(IS_SHOPPER.match(shopper) is not None and len(currency) == 3)
    return Visitor(shopper, currency, path)


def demand(right: bool) -> None:  # noqa: FBT001  reads like assert
    if not right:
        raise web.HTTPUnprocessableEntity


async def answered(request, visitor: Visitor, making):
    continue_trace(request.headers.get("traceparent"))
    return response_of(await request.app[FRONT].answer(visitor, making))


def response_of(answer):
    if isinstance(answer, Redirect):
        response = web.Response(status=303, headers={"location": answer.to})
    else:
        headers = {"content-security-policy": answer.policy, "cache-control": answer.cache}
        response = web.Response(
            text=answer.text, status=answer.status, headers=headers, content_type="text/html"
        )
    for kept in answer.cookies:
        response.set_cookie(
            kept.name, kept.value, max_age=kept.max_age, httponly=True, samesite="Lax"
        )
    return response


async def application() -> web.Application:
    app = web.Application()
    clients = SimpleNamespace(
        ads=asked.Ads("Ad", "ad"),
        carts=asked.Carts("Cart", "cart"),
        catalog=asked.Catalog("ProductCatalog", "catalog"),
        checkout=asked.Checkout("Checkout", "checkout"),
        currencies=asked.Currencies("Currency", "currency"),
        recommendations=asked.Recommendations("Recommendation", "recommendation"),
        shipping=asked.Shipping("Shipping", "shipping"),
    )
    app[FRONT] = Front(clients)
    app.add_routes(routes)
    app.router.add_static("/static", STATIC)
    return app


if __name__ == "__main__":
    uvloop.install()
    web.run_app(
        application(),
        host="127.0.0.1",
        port=int(os.environ["BENCH_PORT"]),
        access_log=None,
        print=None,
    )
