"""Hanse: a host whose service places orders, or one whose service books them.

Everything is on that a host has on in production: leases of partitions, the inbox, order of each
customer, retries, traces. Orders and their events are one statement; booking is the handler's
transaction. Whichever of the two hosts holds the lease sends on what lies in the outbox.
"""

import asyncio
import os
import sys
from collections.abc import Sequence

import uvloop

from benchmarks.events.order import placed, told
from benchmarks.events.writer import said, write
from benchmarks.workflows.hanse_app import database
from hanse import (
    PUBLIC,
    BrokerConfig,
    Collection,
    Database,
    Entity,
    Event,
    Events,
    Host,
    HostConfig,
    Secret,
    Service,
    entity,
    event,
    rpc,
    subscribe,
)
from hanse.testing import acting

BATCH = 100
PARTITIONS = 64
HELD = """
select count(*)::int as held from hanse.delivery d join hanse.subscriber s
  using (subscription, replay_epoch, holder) where s.until_time > clock_timestamp()
"""


@entity("shop.orders")
class Order(Entity, frozen=True, kw_only=True):
    number: int
    customer: str
    cents: int


@entity("books.bookings")
class Booking(Entity, frozen=True, kw_only=True):
    number: int
    customer: str
    cents: int


@event("shop.v1", key="customer")
class OrderPlaced(Event, frozen=True):
    """An order was placed."""

    number: int
    customer: str
    cents: int


class Shop(Service, package="shop.v1"):
    """Places orders."""

    def __init__(self, orders: Collection[Order], events: Events) -> None:
        self.orders, self.events = orders, events
        made.append(self)

    @rpc(allow=PUBLIC)
    async def ping(self) -> None:
        """A service has at least one method."""

    async def place(self, numbers: Sequence[int]) -> None:
        with acting():
            if len(numbers) == 1:
                await self.place_one(numbers[0])
            else:
                await self.place_many(numbers)

    async def place_one(self, number: int) -> None:
        new = order(number)
        await self.orders.create(new, event=fact(new))

    async def place_many(self, numbers: Sequence[int]) -> None:
        for done in await self.orders.create_many([order(one) for one in numbers], event=fact):
            assert done.error is None, done.error


def order(number: int) -> Order:
    one = placed(number)
    return Order(number=one.number, customer=one.customer, cents=one.cents)


def fact(one: Order) -> OrderPlaced:
    return OrderPlaced(number=one.number, customer=one.customer, cents=one.cents)


class Books(Service, package="books.v1"):
    """Books orders, one by one."""

    def __init__(self, bookings: Collection[Booking], database: Database) -> None:
        self.bookings, self.database = bookings, database
        ready.append(self)

    @subscribe(OrderPlaced)
    async def book(self, one: OrderPlaced) -> None:
        await self.bookings.create(booking(one))


class BulkBooks(Service, package="books.v1"):
    """Books many orders at once."""

    def __init__(self, bookings: Collection[Booking], database: Database) -> None:
        self.bookings, self.database = bookings, database
        ready.append(self)

    @subscribe(OrderPlaced, batch=BATCH)
    async def book(self, orders: tuple[OrderPlaced, ...]) -> None:
        for done in await self.bookings.create_many([booking(one) for one in orders]):
            assert done.error is None, done.error


def booking(one: OrderPlaced) -> Booking:
    return Booking(number=one.number, customer=one.customer, cents=one.cents)


made: list[Shop] = []
ready: list[Books | BulkBooks] = []
"""What the host has made."""


async def all_held() -> None:
    """Until events would be read."""
    while True:
        row = await ready[0].database.fetch_row(HELD)
        if row is not None and row["held"] >= PARTITIONS:
            return
        await asyncio.sleep(0.05)


async def main() -> None:
    asked = told()
    url = os.environ.get("BENCH_NATS")
    broker = BrokerConfig(url=Secret(url), stream_bytes=2 * 1024**3) if url else None
    config = HostConfig(port=None, database=database(), broker=broker)
    if asked is None:  # it only makes its tables
        async with Host([Shop], config):
            return
    books = Books if asked.batch == 1 else BulkBooks
    async with Host([Shop if asked.role == "write" else books], config):
        if asked.role == "write":
            await write(made[0], asked)
        else:
            await all_held()
            await said("ready")
            await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    uvloop.run(main())
