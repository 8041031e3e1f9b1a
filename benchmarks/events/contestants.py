"""Who competes with events: their processes, their broker, and where their rows are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from benchmarks.data.contestants import run_module
from benchmarks.events import servers
from benchmarks.events.order import Told

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from benchmarks.data.postgres import Postgres
    from benchmarks.events.servers import Broker

HANSE = "hanse"
OUTBOX = "faststream_outbox"
AFTER_COMMIT = "faststream_after_commit"
CELERY = "celery"


class Contestant(msgspec.Struct, frozen=True, kw_only=True):
    """One of them.

    Attributes:
        name: Also of its database.
        module: Its processes.
        tables: What makes its tables, when it is run without an order.
        broker: What it sends events by.
        mode: As the module names it.
        handlers: Processes that book.
        relays: Whether an outbox is sent on by a process of its own.
        batches: Whether it books many events in one transaction.
        slow: Whether it is given fewer orders, so that a round ends in time.
        orders: Rows by SQL: number, cents, and the transaction that wrote it.
        bookings: The same.
    """

    name: str
    module: str
    tables: str
    broker: Callable[[], AbstractContextManager[Broker]]
    mode: str = ""
    handlers: int = 1
    relays: bool = False
    batches: bool = False
    slow: bool = False
    orders: str = "select number, cents, xmin as by from orders"
    bookings: str = "select number, cents, xmin as by from bookings"

    def make_tables(self, postgres: Postgres) -> None:
        """As the contestant itself makes them, in a database that rounds copy.

        Raises:
            ServerError: It cannot.
        """
        postgres.create(self.name)
        settings = {"BENCH_POSTGRES": postgres.host, "BENCH_DATABASE": self.name}
        run_module(self.tables, {**settings, "BENCH_ORDER": ""})

    def behind(self, batch: int) -> list[Told]:
        """Its processes that place no orders."""
        relay = [Told(role="relay", mode=self.mode)] if self.relays else []
        return [*relay, *[Told(role="handle", mode=self.mode, batch=batch)] * self.handlers]


_FASTSTREAM = "benchmarks.events.faststream_app"
_TABLES = "benchmarks.events.tables"

_DOCUMENTS = """
select (doc->>'number')::bigint as number, (doc->>'cents')::bigint as cents, xmin as by
from {table}
"""

CONTESTANTS = [
    Contestant(
        name=HANSE,
        module="benchmarks.events.hanse_app",
        tables="benchmarks.events.hanse_app",
        broker=servers.nats,
        batches=True,
        orders=_DOCUMENTS.format(table="shop.orders"),
        bookings=_DOCUMENTS.format(table="books.bookings"),
    ),
    Contestant(
        name=OUTBOX,
        module=_FASTSTREAM,
        tables=_TABLES,
        broker=servers.nats,
        mode="outbox",
        relays=True,
        batches=True,
    ),
    Contestant(
        name=AFTER_COMMIT,
        module=_FASTSTREAM,
        tables=_TABLES,
        broker=servers.nats,
        mode="after_commit",
        batches=True,
    ),
    Contestant(
        name=CELERY,
        module="benchmarks.events.celery_app",
        tables=_TABLES,
        broker=servers.redis,
        handlers=2,
        slow=True,
    ),
]
