"""Orders as they are kept."""

from typing import Annotated, Literal

from boutique_cart.api import CartItem, UserId
from boutique_currency.api import Money
from boutique_shipping.api import Address

from boutique_checkout.api import EmailAddress, Order, OrderItem, PlacedOrder
from hanse import Entity, Index, Length, Personal, Unique, entity

Theirs = Personal(erase="field")
"""Who asks to be forgotten leaves an order that says what was bought, and not who bought it."""

NOWHERE = Address("-", "-", "-")


@entity(
    "orders.orders",
    Index("user_id", "state", "-create_time"),
    prefix="order",
    person="user_id",
)
class KeptOrder(Entity, frozen=True, kw_only=True):
    """An order, from the moment somebody asks for it.

    Attributes:
        user_id: Whose.
        cart: The cart in its turn, so that it is bought once; None if it came to nothing.
        payment_id: What is charged for it.
        tracking: What the carrier calls it, once it is placed.
    """

    user_id: UserId
    cart: Annotated[str, Length(0, 128), Unique()] | None
    payment_id: str
    items: tuple[OrderItem, ...]
    shipping_cost: Money
    total: Money
    email: Annotated[EmailAddress, Theirs] = "erased@example.invalid"
    address: Annotated[Address, Theirs] = NOWHERE
    state: Literal["begun", "placed", "failed"] = "begun"
    tracking: str = ""

    @property
    def wanted(self) -> tuple[CartItem, ...]:
        """What is bought, and how many of each."""
        return tuple(line.item for line in self.items)


def shown(kept: KeptOrder) -> PlacedOrder:
    """An order as others see it."""
    return PlacedOrder(
        kept.user_id,
        kept.email,
        Order(kept.id, kept.tracking, kept.shipping_cost, kept.address, kept.items, kept.total),
    )
