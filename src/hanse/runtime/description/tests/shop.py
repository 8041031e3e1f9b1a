"""A shop with everything that a service can have."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Annotated, Any

from hanse import (
    PUBLIC,
    Collection,
    Contract,
    Entity,
    Event,
    Events,
    Immutable,
    Index,
    Indexed,
    Length,
    Personal,
    Range,
    Run,
    Secret,
    Service,
    Settings,
    Struct,
    Unique,
    entity,
    event,
    rpc,
    subscribe,
    upcast,
    workflow,
)


class State(enum.Enum):
    OPEN = "open"
    PAID = "paid"


class Line(Struct, frozen=True):
    article: str
    pieces: int = 1


class Wish(Struct, frozen=True, omit_defaults=True):
    number: Annotated[str, Length(1, 20)]
    note: str = ""


@entity("shop.orders", Index("state", "-create_time"), prefix="order", person="buyer")
class Order(Entity):
    """What somebody wants."""

    number: Annotated[str, Length(1, 20), Unique(), Immutable()]
    buyer: Annotated[str, Length(0, 40), Indexed()]
    address: Annotated[str, Personal(erase="field")] = ""
    state: State = State.OPEN
    lines: tuple[Line, ...] = ()


@upcast(Order, 1)
def number_it(document: dict[str, Any]) -> dict[str, Any]:
    return {"number": document["buyer"]} | document


@event("bookshop.v1", key="order")
class OrderPaid(Event):
    """It was paid."""

    order: str
    buyer: str


class Till(Contract, package="till.v1"):
    """Takes money."""

    @rpc(allow=PUBLIC)
    async def charge(self, order: str, cents: Annotated[int, Range(1, 10**9)]) -> str: ...

    @rpc(allow=PUBLIC)
    async def refund(self, order: str) -> None: ...


class Stock(Contract):
    """Knows what is there."""

    @rpc("GET /stock/v1/articles/{article}", allow=PUBLIC)
    async def count(self, article: str) -> int: ...

    @rpc("POST /stock/v1/articles", allow=PUBLIC)
    async def add(self, article: str) -> int: ...


class OrdersSettings(Settings):
    """What a deployment says."""

    currency: Annotated[str, Length(3, 3)] = "EUR"
    key: Secret = Secret("till-in-development")
    until: datetime | None = None


class Orders(Service, package="bookshop.v1"):
    """Sells."""

    def __init__(
        self,
        orders: Collection[Order],
        events: Events,
        till: Till,
        stock: Stock,
        settings: OrdersSettings,
    ) -> None:
        self._orders, self._till = orders, till
        self._events = events
        self._stock = stock
        self._settings = settings

    @rpc("POST /shop/v1/orders", allow=PUBLIC)
    async def place(self, wish: Wish, lines: tuple[Line, ...]) -> Order:
        await count_all(self._stock, lines)
        return await self._orders.create(Order(number=wish.number, buyer="", lines=lines))

    @workflow(version=1)
    async def pay(self, run: Run, order: str) -> str:
        return await run.step(self._charge, order)

    @workflow(version=2, of="pay")
    async def pay_2(self, run: Run, order: str, quick: bool = False) -> str:
        return await run.step(self._charge, order)

    async def _charge(self, order: str) -> str:
        return await self._till.charge(order, 1)


async def count_all(stock: Stock, lines: tuple[Line, ...]) -> int:
    return sum([await stock.count(one.article) for one in lines])


class Letters(Service, package="letters.v1"):
    """Writes to buyers."""

    @subscribe(OrderPaid)
    async def thank(self, event: OrderPaid) -> None: ...
