"""Carts, served by grpc.aio."""
# What it measures is only in `.venvs/bench`, where pyright does not look.
# pyright: basic, reportMissingImports=false
# ruff: noqa: N802  names of RPCs stand in the .proto

from collections import OrderedDict

from boutique_cart import api
from boutique_cart.rules import added

from benchmarks.boutique.grpc_shop import checks
from benchmarks.boutique.grpc_shop.wire import messages, rpc, serve, services

CARTS_MAX = 10_000


class Carts(services.CartServiceServicer):
    def __init__(self):
        self._carts: OrderedDict[str, api.Cart] = OrderedDict()

    @rpc(checks.addition)
    async def AddItem(self, request):
        user_id = request.user_id
        self._carts[user_id] = added(self._carts.get(user_id) or api.Cart(user_id), request.item)
        self._carts.move_to_end(user_id)
        if len(self._carts) > CARTS_MAX:
            self._carts.popitem(last=False)
        return messages.Empty()

    @rpc(checks.user)
    async def GetCart(self, request):
        cart = self._carts.get(request.user_id)
        if cart is None:
            return messages.Cart(user_id=request.user_id)
        self._carts.move_to_end(request.user_id)
        items = [
            messages.CartItem(product_id=one.product_id, quantity=one.quantity)
            for one in cart.items
        ]
        return messages.Cart(user_id=request.user_id, items=items)

    @rpc(checks.user)
    async def EmptyCart(self, request):
        self._carts.pop(request.user_id, None)
        return messages.Empty()


if __name__ == "__main__":
    serve("Cart", "cart", Carts)
