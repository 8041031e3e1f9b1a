"""Carts, served by FastAPI."""
# What it measures is only in `.venvs/bench`, where pyright does not look. The boutique's rules are
# given pydantic's models: they look at attributes alone.
# pyright: basic, reportMissingImports=false, reportArgumentType=false

from collections import OrderedDict

from boutique_cart import api
from boutique_cart.rules import added
from fastapi import Request

from benchmarks.boutique.fastapi_shop.models import Cart, CartItem, UserId
from benchmarks.boutique.fastapi_shop.serving import application, join_trace, serve

CARTS_MAX = 10_000

app = application()
carts: OrderedDict[str, api.Cart] = OrderedDict()


@app.post("/carts/{user_id}/items", status_code=204)
async def add_item(user_id: UserId, item: CartItem, request: Request) -> None:
    join_trace(request)
    carts[user_id] = added(carts.get(user_id) or api.Cart(user_id), item)
    carts.move_to_end(user_id)
    if len(carts) > CARTS_MAX:
        carts.popitem(last=False)


@app.get("/carts/{user_id}")
async def get_cart(user_id: UserId, request: Request) -> Cart:
    join_trace(request)
    cart = carts.get(user_id)
    if cart is None:
        return Cart(user_id=user_id)
    carts.move_to_end(user_id)
    items = [CartItem(product_id=one.product_id, quantity=one.quantity) for one in cart.items]
    return Cart(user_id=user_id, items=items)


@app.delete("/carts/{user_id}", status_code=204)
async def empty_cart(user_id: UserId, request: Request) -> None:
    join_trace(request)
    carts.pop(user_id, None)


if __name__ == "__main__":
    serve(app, "cart")
