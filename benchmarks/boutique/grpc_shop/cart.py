"""Carts, served by grpc.aio."""
# What it measures is only in `.venvs/bench`, where pyright does not look.
# pyright: basic, reportMissingImports=false
# ruff: noqa: N802  names of RPCs stand in the .proto

from boutique_cart.api import CartItem
from boutique_cart.rules import added, taken

from benchmarks.boutique.grpc_shop import checks
from benchmarks.boutique.grpc_shop.wire import messages, rpc, serve, services
from benchmarks.boutique.peer_data import shop


class Carts(services.CartServiceServicer):
    @rpc(checks.addition)
    async def AddItem(self, request):
        item = CartItem(request.item.product_id, request.item.quantity)
        await shop.change_cart(
            request.user_id, lambda items, order_id: (added(items, item), order_id)
        )
        return messages.Empty()

    @rpc(checks.user)
    async def GetCart(self, request):
        held, version = await shop.cart(request.user_id)
        items = [
            messages.CartItem(product_id=one.product_id, quantity=one.quantity) for one in held
        ]
        return messages.Cart(user_id=request.user_id, items=items, version=version)

    @rpc(checks.user)
    async def EmptyCart(self, request):
        await shop.change_cart(request.user_id, lambda _, order_id: ((), order_id))
        return messages.Empty()

    @rpc(checks.bought)
    async def TakeOut(self, request):
        def without(items, order_id):
            if order_id == request.order_id:
                return None
            return taken(items, request.items), request.order_id

        await shop.change_cart(request.user_id, without)
        return messages.Empty()


if __name__ == "__main__":
    serve("Cart", "cart", Carts)
