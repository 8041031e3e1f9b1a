"""Everybody's carts, in the memory of one host."""

from collections import OrderedDict
from typing import Annotated

from boutique_cart import api
from boutique_cart.rules import added
from hanse import Range, Service, Settings, current


class CartsSettings(Settings):
    """How many carts there may be."""

    carts_max: Annotated[int, Range(1, 1_000_000)] = 10_000
    """Carts held; beyond that, the one nobody has touched for longest is forgotten."""


class Carts(Service, api.Carts):
    """Holds carts until they are bought, forgotten, or the host ends.

    Each site has carts of its own, so that a user id of one is nobody on the other.
    """

    def __init__(self, settings: CartsSettings) -> None:
        self._carts_max = settings.carts_max
        self._carts: OrderedDict[tuple[str, str], api.Cart] = OrderedDict()

    async def add_item(self, user_id: api.UserId, item: api.CartItem) -> None:
        key = (current().site, user_id)
        self._carts[key] = added(self._carts.get(key) or api.Cart(user_id), item)
        self._carts.move_to_end(key)
        if len(self._carts) > self._carts_max:
            self._carts.popitem(last=False)

    async def get_cart(self, user_id: api.UserId) -> api.Cart:
        key = (current().site, user_id)
        cart = self._carts.get(key)
        if cart is None:
            return api.Cart(user_id)
        self._carts.move_to_end(key)
        return cart

    async def empty_cart(self, user_id: api.UserId) -> None:
        self._carts.pop((current().site, user_id), None)
