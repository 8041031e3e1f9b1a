"""What others may know of checkout, and of the orders that come of it."""

from typing import Annotated

from boutique_cart.api import ITEMS_MAX, CartItem, UserId
from boutique_catalog.api import NoSuchProduct, OrderId, OutOfStock
from boutique_currency.api import AmountTooLarge, CurrencyCode, Money, UnsupportedCurrency
from boutique_payment.api import Card, CardExpired, CardNotAccepted, InvalidCard
from boutique_shipping.api import Address

from hanse import (
    PUBLIC,
    Aborted,
    Contract,
    Event,
    FailedPrecondition,
    Length,
    NotFound,
    Pattern,
    Struct,
    event,
    rpc,
)

__all__ = [
    "AlreadyBuying",
    "CartEmpty",
    "Checkout",
    "EmailAddress",
    "NoSuchOrder",
    "Order",
    "OrderItem",
    "OrderPlaced",
    "OrderUndone",
    "PlacedOrder",
]

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


class PlacedOrder(Struct, frozen=True):
    """An order, whose it is, and where its confirmation goes."""

    user_id: str
    email: str
    order: Order


@event("orders.v1", key="order_id")
class OrderPlaced(Event, frozen=True):
    """Somebody bought something: it is paid and on its way. Who it was stays in the order."""

    order_id: str
    total: Money


class AlreadyBuying(Aborted):
    """An order has this cart that is not over, or failed this moment; it may be tried again."""

    code = "already_buying"


class CartEmpty(FailedPrecondition):
    """There is nothing to buy."""

    code = "cart_empty"


class OrderUndone(FailedPrecondition):
    """The card could not be charged, or nobody took the parcel: all is as it was."""

    code = "order_undone"


class NoSuchOrder(NotFound):
    """There is none, or it came to nothing."""

    code = "no_such_order"


class Checkout(Contract, package="checkout.v1"):
    """Turns a cart into an order. Only services call it."""

    @rpc(
        allow=PUBLIC,
        errors=(
            AlreadyBuying, CartEmpty, NoSuchProduct, UnsupportedCurrency, AmountTooLarge,
            InvalidCard, CardNotAccepted, CardExpired, OutOfStock, OrderUndone,
        ),
    )  # fmt: skip
    async def place_order(
        self,
        user_id: UserId,
        user_currency: CurrencyCode,
        address: Address,
        email: EmailAddress,
        card: Card,
    ) -> Order:
        """Buys what is in the user's cart: reserves it, charges the card, ships, and says so.

        Answers when the order is placed. Whatever dies meanwhile, it is placed once or not at all;
        a cart that is bought twice at once is one order, and what is put in meanwhile is bought
        after that. An error leaves all as it was, but for
        `DeadlineExceeded` and `Unavailable`: then it goes on by itself.

        Args:
            user_id: Whose cart is bought.
            user_currency: What is paid in.
            address: Where the goods go.
            email: Where the confirmation goes.
            card: What is charged.
        """
        ...

    @rpc(allow=PUBLIC, errors=(NoSuchOrder,), idempotent=True)
    async def get_order(self, order_id: OrderId) -> PlacedOrder:
        """An order that was placed."""
        ...

    @rpc(allow=PUBLIC, errors=(NoSuchOrder,), idempotent=True)
    async def newest_order(self, user_id: UserId) -> str:
        """The number of the order that somebody placed last."""
        ...
