"""The contract of the stock, the stock itself, and the cart that calls it by contract only."""

from typing import Annotated

from hanse import PUBLIC, Contract, Length, Range, Service, Struct, rpc


class Item(Struct, frozen=True):
    sku: Annotated[str, Length(1, 32)]
    quantity: Annotated[int, Range(1, 1000)]


Items = Annotated[tuple[Item, ...], Length(1, 100)]


class Reserved(Struct, frozen=True):
    lines: int
    quantity: int


class Stock(Contract):
    """What callers see of the stock."""

    @rpc("POST /stock/v1/reservations", allow=PUBLIC)
    async def reserve(self, items: Items) -> Reserved:
        """Reserves items."""
        ...  # noqa: PIE790 - what makes it a declaration for type checkers


class Warehouse(Service, Stock):
    """Serves the stock."""

    async def reserve(self, items: Items) -> Reserved:
        return Reserved(len(items), sum(item.quantity for item in items))


class Cart(Service):
    """Answers with what the stock says."""

    def __init__(self, stock: Stock) -> None:
        self._stock = stock

    @rpc("POST /cart/v1/reservations", allow=PUBLIC)
    async def reserve(self, items: Items) -> Reserved:
        """Reserves the items of a cart."""
        return await self._stock.reserve(items)
