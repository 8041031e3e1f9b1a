"""What others may know of carts."""

from typing import Annotated

from hanse import PUBLIC, Contract, FailedPrecondition, Length, Range, Struct, rpc

__all__ = [
    "ITEMS_MAX",
    "QUANTITY_MAX",
    "Cart",
    "CartFull",
    "CartItem",
    "Carts",
    "Items",
    "TooMany",
    "UserId",
]

ITEMS_MAX = 50
"""Different products in one cart."""

QUANTITY_MAX = 99
"""Pieces of one product in one cart."""

UserId = Annotated[str, Length(1, 128)]
"""Whose cart: what the storefront gave a visitor to come back with."""


class CartItem(Struct, frozen=True):
    """So many of one product."""

    product_id: Annotated[str, Length(1, 64)]
    quantity: Annotated[int, Range(1, QUANTITY_MAX)]


Items = Annotated[tuple[CartItem, ...], Length(0, ITEMS_MAX)]
"""What is in a cart."""


class Cart(Struct, frozen=True):
    """What somebody is about to buy, in the order it was put in; each product once.

    Attributes:
        user_id: Whose.
        items: What is in it.
        turn: Another one after each order that took something out, so that in one turn it is
            bought once; empty of a cart that nobody filled.
    """

    user_id: str
    items: tuple[CartItem, ...] = ()
    turn: str = ""


class CartFull(FailedPrecondition):
    """The cart holds as many different products as it can."""

    code = "cart_full"
    limit: int


class TooMany(FailedPrecondition):
    """The cart would hold more of one product than the shop sells at once."""

    code = "too_many"
    product_id: str
    limit: int


class Carts(Contract, package="cart.v1"):
    """Everybody's carts. Only services call it: who may see a cart is the storefront's to know."""

    @rpc(allow=PUBLIC, errors=(CartFull, TooMany), concurrency=1024)
    async def add_item(self, user_id: UserId, item: CartItem) -> None:
        """Puts something in; what is there already of it becomes more."""
        ...

    @rpc(allow=PUBLIC, idempotent=True, concurrency=1024)
    async def get_cart(self, user_id: UserId) -> Cart:
        """What is in it; nothing, where nobody put anything in."""
        ...

    @rpc(allow=PUBLIC, idempotent=True)
    async def empty_cart(self, user_id: UserId) -> None:
        """Takes everything out."""
        ...

    @rpc(allow=PUBLIC, idempotent=True)
    async def take_out(self, user_id: UserId, items: Items, order_id: str) -> None:
        """Takes out what an order bought, once; what was put in meanwhile stays."""
        ...
