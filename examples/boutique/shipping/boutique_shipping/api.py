"""What others may know of shipping."""

from typing import Annotated

from boutique_cart.api import ITEMS_MAX, CartItem
from boutique_currency.api import Money

from hanse import PUBLIC, Contract, Length, Struct, rpc

__all__ = ["Address", "Items", "OrderId", "Shipping", "SomeItems"]

Items = Annotated[tuple[CartItem, ...], Length(0, ITEMS_MAX)]
"""What to ship; for a quote it may be nothing."""

SomeItems = Annotated[tuple[CartItem, ...], Length(1, ITEMS_MAX)]
"""What to ship, and there is something."""

OrderId = Annotated[str, Length(1, 64)]
"""What is in one parcel."""


class Address(Struct, frozen=True):
    """Where something is to go. Postal codes are text: some have letters, some begin with 0."""

    street_address: Annotated[str, Length(1, 200)]
    city: Annotated[str, Length(1, 100)]
    country: Annotated[str, Length(1, 100)]
    zip_code: Annotated[str, Length(0, 16)] = ""
    state: Annotated[str, Length(0, 100)] = ""


class Shipping(Contract):
    """Brings what was bought to where it is wanted."""

    @rpc("POST /shipping/v1/quotes", allow=PUBLIC, idempotent=True, concurrency=1024)
    async def get_quote(self, items: Items, address: Address | None = None) -> Money:
        """What it costs to ship, in dollars; nothing, where there is nothing to ship."""
        ...

    @rpc(allow=PUBLIC, idempotent=True)
    async def ship_order(self, order_id: OrderId, address: Address, items: SomeItems) -> str:
        """Sends it off; answers the number it can be tracked by. An order is one parcel."""
        ...
