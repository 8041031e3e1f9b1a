"""What the killed hosts serve: orders that are told, who is told of them, and deals that go on for each."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Annotated

from hanse import (
    PUBLIC,
    Collection,
    Database,
    Delivery,
    Entity,
    Event,
    Events,
    Length,
    Run,
    Service,
    Struct,
    Unique,
    Workflows,
    entity,
    event,
    rpc,
    subscribe,
    workflow,
)
from hanse.runtime.call.context import current
from hanse.runtime.host import Host
from hanse.testing import Faults
from hanse.testing.events.settled import until_settled
from tests.faults.deals.outside import Outside

Text = Annotated[str, Length(1, 60)]
SOUR = "-sour"
"""At the end of a number whose first taste fails, so that it is parked with all of its lane."""
SETTLE_SECONDS = 8.0

# The row is locked until the end, so places are given in the order of what is committed.
PLACE = """
insert into book.lane as l (site_id, lane, kind, count) values ($1, $2, $3, 1)
on conflict (site_id, lane, kind) do update set count = l.count + 1 returning count
"""
ENTRY = """
insert into book.entry (site_id, reader, lane, kind, place, number) values ($1, $2, $3, $4, $5, $6)
"""
TABLES = """
create schema book;
create table book.lane (
  site_id text, lane text, kind text, count int, primary key (site_id, lane, kind));
create table book.entry (
  n bigint generated always as identity primary key, site_id text, reader text, lane text,
  kind text, place int, number text);
create index on book.entry (site_id);
"""


@entity("shop.orders")
class Order(Entity):
    number: Annotated[Text, Unique()]
    lane: Text
    place: int


@entity("shop.receipts")
class Receipt(Entity):
    number: Text
    lane: Text
    place: int
    payment: str


@event("shop.v1", key="lane")
class Ordered(Event):
    """Somebody wants something; `place` counts the orders of a lane."""

    lane: str
    place: int
    number: str


@event("shop.v1", key="lane")
class Paid(Event):
    """It is paid; `place` counts the payments of a lane."""

    lane: str
    place: int
    number: str


class Wanted(Struct, frozen=True):
    number: str
    lane: str


class Shop(Service, package="shop.v1"):
    """Takes orders, and makes a deal of each."""

    def __init__(
        self,
        database: Database,
        orders: Collection[Order],
        receipts: Collection[Receipt],
        events: Events,
        workflows: Workflows,
        outside: Outside,
    ) -> None:
        self._database, self._orders, self._receipts = database, orders, receipts
        self._events, self._workflows, self._outside = events, workflows, outside

    @rpc("POST /shop/v1/orders", allow=PUBLIC)
    async def order(self, number: str, lane: str) -> int:
        """Row, event and deal are one; the place in its lane."""
        async with self._database.transaction():
            place = await self._place(lane, "ordered")
            fact = Ordered(lane, place, number)
            await self._orders.create(Order(number=number, lane=lane, place=place), event=fact)
            await self._workflows.start(self.deal, Wanted(number, lane), id=number)
        return place

    @rpc("POST /shop/v1/goods", allow=PUBLIC)
    async def bring(self, number: str, where: str) -> None:
        """Tells the deal where it is to be brought."""
        await self._workflows.signal(self.deal, number, "where", where)

    @workflow(version=1)
    async def deal(self, run: Run, wanted: Wanted) -> str:
        payment = await run.step(self._charge, run, wanted.number)
        await run.transaction(self._save, wanted, payment)
        where = await run.signal("where", str, timeout=timedelta(days=300))
        await run.step(self._send, run, wanted.number)
        return f"brought {where}"

    async def _charge(self, run: Run, number: str) -> str:
        return await self._outside.pay(run.key, number)

    async def _send(self, run: Run, number: str) -> None:
        await self._outside.pay(run.key, f"{number}/freight")

    async def _save(self, wanted: Wanted, payment: str) -> None:
        place = await self._place(wanted.lane, "paid")
        number, lane = wanted.number, wanted.lane
        receipt = Receipt(number=number, lane=lane, place=place, payment=payment)
        await self._receipts.create(receipt)
        await self._events.emit(Paid(lane, place, number))

    async def _place(self, lane: str, kind: str) -> int:
        row = await self._database.fetch_row(PLACE, current().site, lane, kind)
        assert row is not None, "it was written"
        return row["count"]


class Books(Service, package="books.v1"):
    """Writes down what it is told, four ways."""

    def __init__(self, database: Database, outside: Outside) -> None:
        self._database, self._outside = database, outside

    @subscribe(Ordered, Paid)
    async def each(self, event: Ordered | Paid) -> None:
        await self._enter("each", event)

    @subscribe(Ordered)
    async def many(self, events: tuple[Ordered, ...]) -> None:
        for one in events:
            await self._enter("many", one)

    @subscribe(Ordered)
    async def tasted(self, event: Ordered) -> None:
        """Fails at the first taste of what is sour, when its entry is written."""
        times = await self._outside.taste(event.number)
        await self._enter("tasted", event)
        if event.number.endswith(SOUR) and times == 1:
            raise ValueError(event.number)

    @subscribe(Ordered)
    async def mailed(self, event: Ordered, delivery: Delivery) -> None:
        """An effect that is outside alone."""
        await self._outside.mail(delivery.key, event.number)

    async def _enter(self, reader: str, event: Ordered | Paid) -> None:
        site, kind = current().site, type(event).__name__.lower()
        told = event.lane, kind, event.place, event.number
        await self._database.execute(ENTRY, site, reader, *told)


class JumpingClock:
    """Business time that goes on as the machine's does, and jumps when it is told to."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


class Here:
    """What is asked of a host beside its services.

    Attributes:
        clock: Its business time.
        gate: Where slow handlers wait.
        host: It, when it is made.
    """

    def __init__(self) -> None:
        self.clock = JumpingClock()
        self.gate = asyncio.Event()
        self.host: Host | None = None


class Aid(Service, package="shop.v1"):
    """Says where the host is to stop, and waits until nothing is left to be handled."""

    def __init__(self, here: Here, faults: Faults) -> None:
        self._here, self._faults = here, faults

    @rpc("POST /shop/v1/aims", allow=PUBLIC)
    async def aim(self, point: str, nth: int) -> None:
        self._faults.at(point, nth).stop()

    @rpc("POST /shop/v1/jumps", allow=PUBLIC)
    async def jump(self, seconds: int) -> None:
        """Has business time go on, or back."""
        self._here.clock.ahead += timedelta(seconds=seconds)

    @rpc("POST /shop/v1/gates", allow=PUBLIC)
    async def open_gate(self) -> None:
        self._here.gate.set()

    @rpc("POST /shop/v1/rests", allow=PUBLIC)
    async def settle(self) -> None:
        assert self._here.host is not None
        await until_settled(self._here.host, SETTLE_SECONDS)


SERVICES = (Shop, Books, Aid)
