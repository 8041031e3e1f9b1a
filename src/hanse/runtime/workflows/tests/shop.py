"""A shop whose checkouts are workflows, and what they did to the world outside."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from pathlib import Path

from msgspec import Struct

from hanse.runtime.contract.declaration import rpc
from hanse.runtime.contract.service import Service
from hanse.runtime.data.collection.collection import Collection
from hanse.runtime.data.database import Database
from hanse.runtime.data.entity.entity import Entity, entity
from hanse.runtime.errors import FailedPrecondition, Unavailable
from hanse.runtime.identity.permission import PUBLIC
from hanse.runtime.workflows.declaration import workflow
from hanse.runtime.workflows.retry import Retry
from hanse.runtime.workflows.run import Run
from hanse.runtime.workflows.workflows import Workflows


class Bank:
    """The world outside: it notes each payment under its key, also those that come twice.

    Args:
        ledger: Where else it notes them, for banks of several processes.
    """

    def __init__(self, ledger: Path | None = None) -> None:
        self.ledger = ledger
        self.log: list[str] = []
        self.keys: Counter[str] = Counter()
        self.fail = 0
        self.ready = asyncio.Event()
        self.ready.set()

    async def pay(self, key: str, what: str) -> None:
        self.log.append(what)
        self.keys[key] += 1
        if self.ledger is not None:
            with self.ledger.open("a") as file:
                file.write(f"{key} {what}\n")
        await self.ready.wait()
        if self.fail:
            self.fail -= 1
            raise Unavailable("The bank is closed.")


class Wanted(Struct, frozen=True):
    item: str
    price: int = 1
    wait: float = 0


class Receipt(Struct, frozen=True):
    item: str
    payment: str


class Declined(FailedPrecondition):
    code = "declined"
    price: int


@entity("shop.orders")
class Order(Entity):
    item: str


class Shop(Service, package="shop.v1"):
    def __init__(
        self, workflows: Workflows, orders: Collection[Order], database: Database, bank: Bank
    ) -> None:
        self._workflows, self._orders, self._database, self.bank = workflows, orders, database, bank

    @rpc(allow=PUBLIC, errors=(Declined,))
    async def order(self, wanted: Wanted, id: str = "", undone: bool = False) -> str:
        """Begins a checkout beside a row, and has both undone if asked to."""
        async with self._database.transaction():
            await self._orders.create(Order(item=f"asked for {wanted.item}"))
            found = await self._workflows.start(self.place, wanted, id=id)
            if undone:
                raise Declined("No.", price=wanted.price)
        return found

    @rpc(allow=PUBLIC)
    async def begin(self, wanted: Wanted, id: str = "") -> str:
        return await self._workflows.start(self.place, wanted, id=id)

    @rpc(allow=PUBLIC, errors=(Declined,))
    async def receipt(self, id: str) -> Receipt:
        return await self._workflows.result(self.place, id)

    @rpc(allow=PUBLIC)
    async def stand(self, id: str) -> str:
        return (await self._workflows.get(self.place, id)).state

    @rpc(allow=PUBLIC)
    async def items(self) -> tuple[str, ...]:
        return tuple(sorted(one.item for one in (await self._orders.query({})).items))

    @workflow(version=1)
    async def place(self, run: Run, wanted: Wanted) -> Receipt:
        payment = await run.step(self._charge, run, wanted, retry=Retry(tries=3, first=0.01))
        if wanted.wait:
            await run.sleep(timedelta(seconds=wanted.wait))
        kept = await run.transaction(self._save, wanted.item)
        return Receipt(kept, payment)

    async def _charge(self, run: Run, wanted: Wanted) -> str:
        if wanted.price > 100:
            raise Declined("Too much.", price=wanted.price)
        await self.bank.pay(run.key, wanted.item)
        return f"paid {wanted.price}"

    async def _save(self, item: str) -> str:
        return (await self._orders.create(Order(item=item))).item
