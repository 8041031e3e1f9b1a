"""Everybody's carts."""

from collections.abc import Callable
from typing import Annotated, Any

from boutique_cart import api
from boutique_cart.rules import added, taken
from hanse import (
    Collection,
    Duplicate,
    Entity,
    Retention,
    RevisionConflict,
    Service,
    Unique,
    entity,
)

TRIES = 10
"""How often somebody may come between, as in two windows of one browser."""


@entity("cart.carts", prefix="cart", retention=Retention(days=90, since="update_time"))
class Kept(Entity, frozen=True, kw_only=True):
    """Somebody's cart.

    Attributes:
        user_id: Whose.
        items: What is in it.
        order_id: The last order that took something out.
    """

    user_id: Annotated[api.UserId, Unique()]
    items: tuple[api.CartItem, ...] = ()
    order_id: str = ""


class Carts(Service, api.Carts):
    """Keeps carts until they are bought, or nobody has touched them for a season."""

    def __init__(self, carts: Collection[Kept]) -> None:
        self._carts = carts

    async def get_cart(self, user_id: api.UserId) -> api.Cart:
        kept = await self._found(user_id)
        return api.Cart(user_id, kept.items, _turn(kept)) if kept else api.Cart(user_id)

    async def add_item(self, user_id: api.UserId, item: api.CartItem) -> None:
        await self._change(user_id, lambda kept: {"items": added(kept.items, item)})

    async def empty_cart(self, user_id: api.UserId) -> None:
        await self._change(user_id, lambda kept: {"items": ()} if kept.items else {})

    async def take_out(self, user_id: api.UserId, items: api.Items, order_id: str) -> None:
        def without(kept: Kept) -> dict[str, Any]:
            if kept.order_id == order_id:
                return {}
            return {"items": taken(kept.items, items), "order_id": order_id}

        await self._change(user_id, without)

    async def _found(self, user_id: str) -> Kept | None:
        page = await self._carts.query({"user_id": user_id}, page_size=1)
        return page.items[0] if page.items else None

    async def _change(self, user_id: str, change: Callable[[Kept], dict[str, Any]]) -> None:
        """Changes a cart as it is; if somebody does it meanwhile, as it is then."""
        for left in reversed(range(TRIES)):
            found = await self._found(user_id)
            kept = found or Kept(user_id=user_id)
            changes = change(kept)
            if not changes:
                return
            try:
                if found is None:
                    await self._carts.create(Kept(user_id=user_id, **changes))
                else:
                    await self._carts.update(kept.id, changes, revision=kept.revision)
            except (Duplicate, RevisionConflict):
                if not left:
                    raise
            else:
                return


def _turn(kept: Kept) -> str:
    return f"{kept.id}.{kept.order_id}"
