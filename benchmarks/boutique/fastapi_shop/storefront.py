"""The storefront, served by FastAPI."""
# What it measures is only in `.venvs/bench`, where pyright does not look.
# pyright: basic, reportMissingImports=false

from types import SimpleNamespace
from typing import Annotated
from urllib.parse import quote

from boutique_cart.api import QUANTITY_MAX
from boutique_storefront.pages import BUY_MAX, STATIC
from boutique_storefront.visits import BASE_CURRENCY, Visitor
from fastapi import Cookie, Form, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel, Field, StringConstraints

from benchmarks.boutique.fastapi_shop import clients as asked
from benchmarks.boutique.fastapi_shop.models import CurrencyCode, ProductId, text
from benchmarks.boutique.fastapi_shop.serving import application, join_trace, serve_openly
from benchmarks.boutique.front import SHOPPER, Front
from hanse import Redirect

Shopper = Annotated[str, StringConstraints(pattern=SHOPPER), Cookie()]
Chosen = Annotated[CurrencyCode, Cookie()]
Typed = Annotated[str, text(0, 254)]

clients = SimpleNamespace(
    ads=asked.Ads("ad"),
    carts=asked.Carts("cart"),
    catalog=asked.Catalog("catalog"),
    checkout=asked.Checkout("checkout"),
    currencies=asked.Currencies("currency"),
    recommendations=asked.Recommendations("recommendation"),
    shipping=asked.Shipping("shipping"),
)
front = Front(clients)
browsing, buying = front.browsing, front.buying
app = application(*vars(clients).values())
app.mount("/static", StaticFiles(directory=STATIC))


class Addition(BaseModel):
    product_id: ProductId
    quantity: Annotated[int, Field(ge=1, le=BUY_MAX)]


class Change(BaseModel):
    product_id: ProductId
    quantity: Annotated[int, Field(ge=0, le=QUANTITY_MAX)]


class Choice(BaseModel):
    currency: CurrencyCode
    back: Annotated[str, text(0, 1000)] = "/"


class OrderForm(BaseModel):
    email: Typed = ""
    street_address: Typed = ""
    zip_code: Typed = ""
    city: Typed = ""
    state: Typed = ""
    country: Typed = ""
    card_number: Typed = ""
    expiry_month: Typed = ""
    expiry_year: Typed = ""
    card_cvv: Typed = ""


@app.get("/")
async def home(
    request: Request, shopper: Shopper = "", currency: Chosen = BASE_CURRENCY
) -> Response:
    visitor = Visitor(shopper, currency, "/")
    return await answered(request, visitor, browsing.home(visitor))


@app.get("/products/{product_id}")
async def product(
    product_id: str, request: Request, shopper: Shopper = "", currency: Chosen = BASE_CURRENCY
) -> Response:
    visitor = Visitor(shopper, currency, f"/products/{quote(product_id)}")
    return await answered(request, visitor, browsing.product(visitor, product_id))


@app.get("/search")
async def search(
    request: Request,
    q: Annotated[str, Query(max_length=60)] = "",
    shopper: Shopper = "",
    currency: Chosen = BASE_CURRENCY,
) -> Response:
    words = q.strip()
    if not words:
        return RedirectResponse("/", 303)
    visitor = Visitor(shopper, currency, f"/search?q={quote(words)}")
    return await answered(request, visitor, browsing.search(visitor, words))


@app.get("/basket")
async def basket(
    request: Request, shopper: Shopper = "", currency: Chosen = BASE_CURRENCY
) -> Response:
    visitor = Visitor(shopper, currency, "/basket")
    return await answered(request, visitor, buying.basket(visitor))


@app.post("/basket")
async def add(
    form: Annotated[Addition, Form()],
    request: Request,
    shopper: Shopper = "",
    currency: Chosen = BASE_CURRENCY,
) -> Response:
    visitor = Visitor(shopper, currency, "/basket")
    adding = buying.add(visitor, form.product_id, form.quantity)
    return await answered(request, visitor, adding)


@app.post("/basket/quantity")
async def change(
    form: Annotated[Change, Form()],
    request: Request,
    shopper: Shopper = "",
    currency: Chosen = BASE_CURRENCY,
) -> Response:
    visitor = Visitor(shopper, currency, "/basket")
    changing = buying.change(visitor, form.product_id, form.quantity)
    return await answered(request, visitor, changing)


@app.post("/basket/empty")
async def empty(
    request: Request, shopper: Shopper = "", currency: Chosen = BASE_CURRENCY
) -> Response:
    visitor = Visitor(shopper, currency, "/basket")
    return await answered(request, visitor, buying.empty(visitor))


@app.get("/basket/checkout")
async def order_form(
    request: Request, shopper: Shopper = "", currency: Chosen = BASE_CURRENCY
) -> Response:
    visitor = Visitor(shopper, currency, "/basket/checkout")
    return await answered(request, visitor, buying.order_form(visitor))


@app.post("/orders")
async def order(
    form: Annotated[OrderForm, Form()],
    request: Request,
    shopper: Shopper = "",
    currency: Chosen = BASE_CURRENCY,
) -> Response:
    visitor = Visitor(shopper, currency, "/basket/checkout")
    return await answered(request, visitor, buying.order(visitor, form.model_dump()))


@app.get("/orders/{order_id}")
async def placed(
    order_id: str, request: Request, shopper: Shopper = "", currency: Chosen = BASE_CURRENCY
) -> Response:
    visitor = Visitor(shopper, currency, f"/orders/{quote(order_id)}")
    return await answered(request, visitor, buying.placed(visitor, order_id))


@app.post("/currency")
async def choose_currency(form: Annotated[Choice, Form()], request: Request) -> Response:
    join_trace(request)
    return response_of(await front.choose_currency(form.currency, form.back))


async def answered(request: Request, visitor: Visitor, making) -> Response:
    join_trace(request)
    return response_of(await front.answer(visitor, making))


def response_of(answer) -> Response:
    if isinstance(answer, Redirect):
        response = RedirectResponse(answer.to, 303)
    else:
        headers = {"content-security-policy": answer.policy, "cache-control": answer.cache}
        response = HTMLResponse(answer.text, answer.status, headers)
    for kept in answer.cookies:
        response.set_cookie(kept.name, kept.value, kept.max_age, httponly=True, samesite="lax")
    return response


if __name__ == "__main__":
    serve_openly(app)
