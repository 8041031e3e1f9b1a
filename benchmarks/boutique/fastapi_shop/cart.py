"""Carts, served by FastAPI."""
# What it measures is only in `.venvs/bench`, where pyright does not look. The boutique's rules are
# given pydantic's models: they look at attributes alone.
# pyright: basic, reportMissingImports=false, reportArgumentType=false

from boutique_cart.rules import added, taken
from fastapi import Request

from benchmarks.boutique.fastapi_shop.models import Bought, Cart, CartItem, UserId
from benchmarks.boutique.fastapi_shop.serving import application, join_trace, serve
from benchmarks.boutique.peer_data import shop

app = application()


@app.post("/carts/{user_id}/items", status_code=204)
async def add_item(user_id: UserId, item: CartItem, request: Request) -> None:
    join_trace(request)
    await shop.change_cart(user_id, lambda items, order_id: (added(items, item), order_id))


@app.get("/carts/{user_id}")
async def get_cart(user_id: UserId, request: Request) -> Cart:
    join_trace(request)
    held, version = await shop.cart(user_id)
    items = [CartItem(product_id=one.product_id, quantity=one.quantity) for one in held]
    return Cart(user_id=user_id, items=items, version=version)


@app.delete("/carts/{user_id}", status_code=204)
async def empty_cart(user_id: UserId, request: Request) -> None:
    join_trace(request)
    await shop.change_cart(user_id, lambda _, order_id: ((), order_id))


@app.post("/carts/{user_id}/bought", status_code=204)
async def take_out(user_id: UserId, bought: Bought, request: Request) -> None:
    join_trace(request)

    def without(items, order_id):
        if order_id == bought.order_id:
            return None
        return taken(items, bought.items), bought.order_id

    await shop.change_cart(user_id, without)


if __name__ == "__main__":
    serve(app, "cart")
