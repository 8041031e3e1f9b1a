"""What others may know of the shop's letters."""

from typing import Annotated

from boutique_cart.api import ITEMS_MAX, CartItem
from boutique_currency.api import Money
from boutique_shipping.api import Address

from hanse import PUBLIC, Contract, Length, Pattern, Struct, rpc

__all__ = ["EmailAddress", "Emails", "Order", "OrderItem"]

EmailAddress = Annotated[str, Length(3, 254), Pattern(r"^[^@\s]+@[^@\s]+\.[^@\s]+$(?!\s)")]
"""Good enough to send to; whether somebody reads there only a letter can tell."""


class OrderItem(Struct, frozen=True):
    """One line of an order.

    Attributes:
        item: What, and how many.
        name: As it stood on the label when it was bought.
        cost: Of one piece, in the currency that was paid in.
    """

    item: CartItem
    name: str
    cost: Money


class Order(Struct, frozen=True):
    """What was bought.

    Attributes:
        order_id: What to call it when asking about it.
        shipping_tracking_id: What the carrier calls it.
        shipping_cost: In the currency that was paid in.
        shipping_address: Where it goes.
        items: What is in it.
        total: What was paid: every piece, and shipping.
    """

    order_id: str
    shipping_tracking_id: str
    shipping_cost: Money
    shipping_address: Address
    items: Annotated[tuple[OrderItem, ...], Length(1, ITEMS_MAX)]
    total: Money


class Emails(Contract, package="email.v1"):
    """What the shop writes to its customers. Only services call it."""

    @rpc(allow=PUBLIC)
    async def send_order_confirmation(self, email: EmailAddress, order: Order) -> None:
        """Tells a customer what was bought."""
        ...
