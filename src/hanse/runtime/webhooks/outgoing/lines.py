"""Lines: what goes to one endpoint one after the other. Its first is sent, the others wait."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from hanse.runtime.errors import HanseError, Internal
from hanse.runtime.webhooks.outgoing.delivery import (
    UNDER_WAY_DAYS,
    DeliveryState,
    StoredDelivery,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import datetime

    from hanse.runtime.data.collection.outcome import Outcome
    from hanse.runtime.webhooks.outgoing.book import Book

WHY_MAX = 500


class Sending(msgspec.Struct, frozen=True):
    """A delivery that is on its way: what its workflow is given, which keeps it in clear.

    Attributes:
        delivery: Its id.
        endpoint: Whose it is.
        event: What is told, by its id.
        message: What has its envelope.
        line: In which it is the first.
        round: How often it was sent on its way.
    """

    delivery: str
    endpoint: str
    event: str
    message: str
    line: str
    round: int

    @property
    def run(self) -> str:
        """What its workflow is called."""
        return run_of(self.delivery, self.round)


class _Place(msgspec.Struct):
    """Where the next of a line stands.

    Attributes:
        busy: Whether one of it is on its way.
        last: The place of who waits last.
    """

    busy: bool
    last: int


class Lines:
    """Puts deliveries in line, and lets the next go when one has come to an end.

    Who changes a line holds its lock until the commit. So nobody is put behind one that ends in
    this moment, and waits there for ever.

    Args:
        book: Where they are.
        begin: Has a delivery sent, as a part of the transaction that is open.
    """

    def __init__(self, book: Book, begin: Callable[[Sending], Awaitable[object]]) -> None:
        self._book = book
        self._begin = begin

    async def add(self, deliveries: Sequence[StoredDelivery]) -> None:
        """Puts new ones in line, each behind those that wait; those that are over stay so.

        Raises:
            HanseError: As `Collection.create_many`; of the open transaction nothing is kept then.
        """
        placed = await self._placed(deliveries)
        made = await self._book.deliveries.create_many(placed)
        for one in _items(made):
            if one.state == "sending":
                await self._begin(_sending(one))

    async def add_again(self, deliveries: Sequence[StoredDelivery]) -> None:
        """Puts some in line once more that are over, or whose sending has broken off.

        Args:
            deliveries: As they were read; who was moved by somebody since stays as it is.

        Raises:
            HanseError: As `add`.
        """
        placed = await self._placed([_once_more(one) for one in await self._unmoved(deliveries)])
        changes = [
            {name: getattr(one, name) for name in ("id", "kept_from", "state", "place", "round")}
            | {"why": ""}
            for one in placed
        ]
        _items(await self._book.deliveries.update_many(changes))
        for one in placed:
            if one.state == "sending":
                await self._begin(_sending(one))

    async def end(
        self, sending: Sending, state: Literal["delivered", "failed", "skipped", "gone"],
        why: str, tries: int,
    ) -> None:  # fmt: skip
        """Says how one ended, and has the next of its line sent. It is a part of a transaction."""
        await self._lock(sending.line)
        now = self._book.database.clock.now()
        changes: dict[str, Any] = {"state": state, "why": why[:WHY_MAX], "kept_from": now}
        changes |= {"tries": tries} if tries else {}
        await self._book.deliveries.update_many([{"id": sending.delivery, **changes}])
        waiting = {"line": sending.line, "state": "waiting"}
        page = await self._book.deliveries.query(waiting, sort=["place"], page_size=1)
        for one in page.items:
            await self._book.deliveries.update(one.id, {"state": "sending"})
            await self._begin(_sending(one))

    async def _unmoved(self, deliveries: Sequence[StoredDelivery]) -> list[StoredDelivery]:
        """Those that nobody else has put in line since they were read."""
        for line in sorted({one.line for one in deliveries}):
            await self._lock(line)
        rounds = {one.id: one.round for one in deliveries}
        page = await self._book.deliveries.batch_get(list(rounds))
        return [one for one in page.items if one.round == rounds[one.id]]

    async def _placed(self, deliveries: Sequence[StoredDelivery]) -> list[StoredDelivery]:
        """Each with its place. Lines are locked in one order, so that no two wait in a circle."""
        wanted = {one.line for one in deliveries if one.state == "waiting"}
        own = {one.id for one in deliveries if one.id}
        places = {line: await self._place(line, own) for line in sorted(wanted)}
        until = self._book.database.clock.now() + timedelta(days=UNDER_WAY_DAYS)
        return [
            _put(one, places[one.line], until) if one.state == "waiting" else one
            for one in deliveries
        ]

    async def _place(self, line: str, own: set[str]) -> _Place:
        await self._lock(line)
        query = self._book.deliveries.query
        busy = await query({"line": line, "state": "sending"}, page_size=2)
        if all(one.id in own for one in busy.items):
            return _Place(busy=False, last=0)
        last = await query({"line": line, "state": "waiting"}, sort=["-place"], page_size=1)
        return _Place(busy=True, last=max((one.place for one in last.items), default=0))

    async def _lock(self, line: str) -> None:
        await self._book.database.lock(f"webhooks {line}")


def line_of(endpoint: str, key: str) -> str:
    """The line of an endpoint for events of one key, which may be long."""
    return f"{endpoint} {hashlib.blake2b(key.encode(), digest_size=16).hexdigest()}"


def run_of(delivery: str, round: int) -> str:
    """What the workflow is called that sends a delivery for the first, second, … time."""
    return f"{delivery} {round}"


def _put(one: StoredDelivery, place: _Place, until: datetime) -> StoredDelivery:
    state: DeliveryState = "waiting" if place.busy else "sending"
    place.busy, place.last = True, place.last + 1
    return msgspec.structs.replace(one, state=state, place=place.last, kept_from=until)


def _once_more(one: StoredDelivery) -> StoredDelivery:
    return msgspec.structs.replace(one, state="waiting", round=one.round + 1, why="")


def _sending(one: StoredDelivery) -> Sending:
    return Sending(one.id, one.endpoint, one.event, one.message, one.line, one.round)


def _items(outcomes: Sequence[Outcome[StoredDelivery]]) -> list[StoredDelivery]:
    for one in outcomes:
        if one.error is not None:
            raise Internal("A delivery could not be kept.").because(HanseError(one.error.detail))
    return [one.item for one in outcomes if one.item is not None]
