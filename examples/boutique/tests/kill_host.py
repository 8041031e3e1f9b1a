"""The whole shop in a process of its own, to be killed: `python -m examples.boutique.tests.kill_host ORDER`.

The order is JSON: where database and broker are, and which file is the ledger of the world outside.
It says its URL in a line.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Literal

import msgspec
import uvloop
from boutique_checkout.api import Checkout, OrderPlaced
from boutique_currency.api import Money
from boutique_email.service import Emails
from boutique_payment.api import PaymentId
from boutique_payment.service import Payment, Payments

from examples.boutique.storefront.tests.shop_world import TEN
from hanse import (
    BrokerConfig,
    Clock,
    Collection,
    DatabaseConfig,
    Host,
    HostConfig,
    Secret,
    Service,
    subscribe,
)


class Order(msgspec.Struct, frozen=True):
    """What a host is told."""

    database: str
    pooler: Literal["none", "transaction"]
    keys: str
    broker: str
    ledger: str


class World:
    """The world outside: a file that each charge, refund and letter is a line of."""

    def __init__(self, ledger: Path) -> None:
        self._file = os.open(ledger, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def note(self, word: str, key: str) -> None:
        os.write(self._file, f"{word} {key}\n".encode())


class NotedPayments(Payments):
    """Payments that a bank outside hears of first."""

    def __init__(self, payments: Collection[Payment], clock: Clock, world: World) -> None:
        super().__init__(payments, clock)
        self._world = world

    async def charge(self, payment_id: PaymentId) -> Money:
        self._world.note("charge", payment_id)
        return await super().charge(payment_id)

    async def refund(self, payment_id: PaymentId) -> None:
        self._world.note("refund", payment_id)
        await super().refund(payment_id)


class NotedEmails(Service, package="email.v1"):
    """A post office that keeps each letter under its key: one that comes twice is one."""

    def __init__(self, checkout: Checkout, world: World) -> None:
        self._checkout = checkout
        self._world = world

    @subscribe(OrderPlaced)
    async def confirm(self, event: OrderPlaced) -> None:
        placed = await self._checkout.get_order(event.order_id)
        self._world.note("mail", placed.email)


INSTEAD = {Payments: NotedPayments, Emails: NotedEmails}


async def serve(order: Order) -> None:
    config = HostConfig(
        docs=False,
        database=DatabaseConfig(
            url=Secret(order.database), pooler=order.pooler, keys=Path(order.keys)
        ),
        broker=BrokerConfig(url=Secret(order.broker)),
    )
    services = [INSTEAD.get(one, one) for one in TEN]
    async with Host(services, config, provided={World: World(Path(order.ledger))}) as host:
        print(host.url, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(serve(msgspec.json.decode(sys.argv[1], type=Order)))
