"""Who orders, from outside: keeps a ledger of what was asked and answered, until the host is no more."""

from __future__ import annotations

import asyncio
import json
import random
from typing import Any

from hanse.kit.http import Address, Channel, ConnectionFailed, connect
from tests.faults.deals.shop import SOUR
from tests.faults.kills.ledger import Entry, Errand, Ledger

SOUR_SHARE = 0.06
BRING_SHARE = 0.5
LANES = 3


class Customer:
    """Knows what they were told, and nothing else.

    Args:
        number: Of how many there are.
        ledger: Where they note what they do, before and after.
        chance: Draws their errands.
        sour: Share of orders that are parked once.
    """

    def __init__(
        self, number: int, ledger: Ledger, chance: random.Random, sour: float = SOUR_SHARE
    ) -> None:
        self._number, self._ledger, self._chance, self._sour = number, ledger, chance, sour
        self._count = 0
        self._channel: Channel | None = None
        self._waiting: list[str] = []
        self._unknown: list[Errand] = []
        self.urls: list[str] = []
        self.done = 0

    async def work(self, over: asyncio.Event, most: int) -> None:
        """Orders, and has brought what was ordered, until it is over or was so often."""
        for _ in range(most):
            if over.is_set():
                return
            if self._waiting and self._chance.random() < BRING_SHARE:
                at = self._chance.randrange(len(self._waiting))
                await self.bring(self._waiting.pop(at))
            else:
                await self.order()

    async def order(self) -> None:
        """Something new, in a lane that others have too."""
        self._count += 1
        sour = SOUR if self._chance.random() < self._sour else ""
        name, lane = f"{self._number}-{self._count}{sour}", f"lane{self._chance.randrange(LANES)}"
        await self._place(self._errand("order", name, table=lane))

    async def _place(self, errand: Errand) -> None:
        entry = await self._do(errand, "orders", {"number": errand.name, "lane": errand.table})
        if entry.word == "done" or (entry.status == 409 and "already" in str(entry.answer)):
            self._waiting.append(errand.name)
        elif entry.word == "unknown":
            self._unknown.append(errand)

    async def bring(self, name: str) -> bool:
        """Says where; what was not answered is said once more later. Whether there was a deal."""
        errand = self._errand("bring", name, note=f"here {self._chance.randrange(9)}")
        entry = await self._do(errand, "goods", {"number": name, "where": errand.note})
        if entry.word == "unknown":
            self._waiting.append(name)
        return entry.word == "done"

    async def finish(self) -> None:
        """Takes up what nobody answered, and has all brought that is there.

        An order that is placed again would make good a deal that was begun without it, so some
        have theirs brought first.
        """
        again, self._unknown = self._unknown, []
        for errand in again:
            if self._chance.random() > BRING_SHARE or not await self.bring(errand.name):
                await self._place(errand)
        rest, self._waiting = self._waiting, []
        for name in rest:
            await self.bring(name)

    @property
    def is_waiting(self) -> bool:
        """Whether anything was not answered yet."""
        return bool(self._waiting or self._unknown)

    def close(self) -> None:
        if self._channel is not None:
            self._channel.close()
        self._channel = None

    def _errand(self, kind: str, name: str, **more: Any) -> Errand:
        return Errand(number=self._count, client=self._number, kind=kind, name=name, **more)

    async def _do(self, errand: Errand, path: str, body: dict[str, Any]) -> Entry:
        self._ledger.write(Entry(errand, "sent"))
        entry = await self._asked(errand, path, body)
        self._ledger.write(entry)
        self.done += entry.word == "done"
        return entry

    async def _asked(self, errand: Errand, path: str, body: dict[str, Any]) -> Entry:
        try:
            status, answer = await self._exchange(path, json.dumps(body).encode())
        except (ConnectionFailed, OSError):
            self.close()
            return Entry(errand, "unknown")
        said = json.loads(answer) if answer else None
        if status < 300:
            return Entry(errand, "done", status, said)
        known = status < 500 and not (status == 409 and "already" in str(said))
        return Entry(errand, "refused" if known else "unknown", status, said)

    async def _exchange(self, path: str, body: bytes) -> tuple[int, bytes]:
        if self._channel is None or self._channel.closed:
            self._channel = await connect(Address(self._chance.choice(self.urls)))
        head = f"POST /shop/v1/{path} HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n"
        head += "content-type: application/json\r\n\r\n"
        status, _, answer = await self._channel.exchange(head.encode() + body)
        return status, answer
