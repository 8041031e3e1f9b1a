"""The service that a lost fleet ran: orders that are told and delivered, each effect noted outside too."""

DEALS = '''
"""Takes orders, tells of them, and goes on with each until it is delivered."""

import asyncio
import json
import os
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated
from uuid import uuid4

from hanse import (
    PUBLIC, Collection, Database, Delivery, Entity, Event, Events, Length, People, Personal, Run,
    Searchable, Service, Struct, Unique, Workflows, current, entity, event, rpc, subscribe, workflow
)

LEDGER = "{ledger}"
TABLE = """
create table if not exists noted (
  site_id text collate "C", what text, number text, nonce text, n bigint generated always as identity,
  primary key (site_id, n))
"""


def done(what: str, number: str, key: str, nonce: str = "") -> str:
    """Does it, outside; what it is called by there."""
    nonce = nonce or uuid4().hex
    with open(LEDGER, "a") as file:
        file.write(json.dumps([what, number, key, nonce]) + chr(10))
    return nonce


@entity("deals.orders", person="email")
class Order(Entity):
    number: Annotated[str, Length(1, 60), Unique()]
    email: Annotated[str, Length(0, 254), Searchable(), Personal(erase="field")] = ""


@event("deals.v1", key="lane")
class Ordered(Event):
    number: str
    lane: str


class Noted(Struct, frozen=True):
    what: str
    number: str
    nonce: str


class Deals(Service):
    """Takes orders."""

    def __init__(
        self,
        database: Database,
        orders: Collection[Order],
        workflows: Workflows,
        people: People,
        events: Events,
    ) -> None:
        self._database, self._orders, self._events = database, orders, events
        self._workflows, self._people = workflows, people
        database.prepare(self._make_table)

    async def _make_table(self) -> None:
        await self._database.execute(TABLE)

    @rpc("POST /deals/v1/orders", allow=PUBLIC)
    async def order(self, number: str, lane: str) -> str:
        """Row, event and deal are one."""
        async with self._database.transaction():
            order = Order(number=number, email=f"{{number}}@example.org")
            await self._orders.create(order, event=Ordered(number, lane))
            await self._workflows.start(self.deliver, number, id=number)
        return number

    @rpc("POST /deals/v1/arrivals", allow=PUBLIC)
    async def arrive(self, number: str) -> None:
        await self._workflows.signal(self.deliver, number, "arrived", True)

    @rpc("POST /deals/v1/erasures", allow=PUBLIC)
    async def erase(self, number: str) -> int:
        return len((await self._people.erase(f"{{number}}@example.org")).touched)

    @rpc("GET /deals/v1/emails", allow=PUBLIC)
    async def emails(self) -> Mapping[str, str]:
        rows = await self._database.fetch(
            "select doc->>'number' as number from deals.orders where site_id = $1", current().site
        )
        numbers = [row["number"] for row in rows]
        found = dict[str, str]()
        for at in range(0, len(numbers), 100):
            page = await self._orders.query({{"number": {{"$in": numbers[at:at + 100]}}}}, page_size=100)
            found |= {{one.number: one.email for one in page.items}}
        return found

    @rpc("GET /deals/v1/notes", allow=PUBLIC)
    async def notes(self) -> tuple[Noted, ...]:
        """All that was written down of what was done."""
        rows = await self._database.fetch(
            "select what, number, nonce from noted where site_id = $1 order by n", current().site
        )
        return tuple(Noted(*row) for row in rows)

    @subscribe(Ordered)
    async def told(self, event: Ordered, delivery: Delivery) -> None:
        """Writes first: if it was told before, its inbox row says so, and nothing is done outside."""
        nonce = uuid4().hex
        await self._note("told", event.number, nonce)
        done("told", event.number, delivery.key, nonce)

    @subscribe(Ordered)
    async def filed(self, event: Ordered, delivery: Delivery) -> None:
        """Does it first, and so perhaps again, under its key. It is slow with one lane, so that its
        place stays behind what it has handled of others."""
        if event.lane == "0" and not os.path.exists(LEDGER + ".fast"):
            await asyncio.sleep(1)
        await self._note("filed", event.number, done("filed", event.number, delivery.key))

    @workflow(version=1)
    async def deliver(self, run: Run, number: str) -> None:
        await run.transaction(self._note, "paid", number, await run.step(self._pay, run, number))
        await run.signal("arrived", bool, timeout=timedelta(days=300))
        await run.transaction(self._note, "sent", number, await run.step(self._send, run, number))

    async def _pay(self, run: Run, number: str) -> str:
        return done("paid", number, run.key)

    async def _send(self, run: Run, number: str) -> str:
        return done("sent", number, run.key)

    async def _note(self, what: str, number: str, nonce: str) -> None:
        await self._database.execute(
            "insert into noted values ($1, $2, $3, $4)", current().site, what, number, nonce
        )
'''
