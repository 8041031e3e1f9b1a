"""Has events settled: handled, or parked with all of their key, whatever it takes."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING
from uuid import UUID

from hanse.kit.backoff import Backoff
from hanse.kit.clock import monotonic, wait_set
from hanse.kit.fault_points import reached
from hanse.runtime.errors import HanseError
from hanse.runtime.subscriptions.handling.claim import Feed, standings
from hanse.runtime.subscriptions.handling.handler_unit import NotDue
from hanse.runtime.subscriptions.handling.parked import Parked, told_of
from hanse.runtime.subscriptions.handling.retry import MOMENT_SECONDS, OF_THE_MOMENT

if TYPE_CHECKING:
    from collections.abc import Callable

    from hanse.runtime.data.database import Database
    from hanse.runtime.subscriptions.handling.arrived import Arrived
    from hanse.runtime.subscriptions.handling.handler import Handler

log = logging.getLogger("hanse.subscriptions")

AGAIN_FIRST_SECONDS = 0.05
AGAIN_MOST_SECONDS = 1.0

STUCK_MOST_SECONDS = 60.0
"""Between two tries of what can be neither handled nor parked."""

WAITING_MAX = 10_000
"""Keys that are known to wait; of others a handler's transaction finds it out."""


class PartitionLost(Exception):
    """This host does not hold the partition any more."""


class Settling:
    """Works on the events of one feed.

    Args:
        feed: They come by.
        handler: What they are given to.
        database: Of the host.
        holds: Whether this host holds a partition under an epoch, as far as it knows.

    Attributes:
        feed: As given.
        parked: What waits in the database.
        stuck: Partitions of events that can be neither handled nor parked, one for each.
    """

    def __init__(
        self,
        feed: Feed,
        handler: Handler,
        database: Database,
        holds: Callable[[Arrived], bool],
    ) -> None:
        self.feed = feed
        self.parked = Parked(database)
        self.stuck: list[int] = []
        self._handler = handler
        self._database = database
        self._holds = holds
        self._waiting: set[tuple[str, str]] = set()

    async def settle(self, events: list[Arrived]) -> None:
        """Handles events of one site, in order, or parks those that fail and what follows them.

        Raises:
            PartitionLost: Another host has to go on with them.
        """
        backoff = Backoff(AGAIN_FIRST_SECONDS, AGAIN_MOST_SECONDS)
        patience = Backoff(AGAIN_FIRST_SECONDS, STUCK_MOST_SECONDS)
        until = monotonic() + MOMENT_SECONDS
        if len(events) > 1:
            events = _first_copies(events)
        while events:
            self._check_held(events)
            try:
                events = await self._settled(events, until)
            except HanseError as error:
                await self._outlast(events[0], error, patience)
                continue
            if events:
                await wait_set(asyncio.Event(), backoff.next())

    async def settle_parked(self, one: Arrived) -> bool:
        """Tries an event once more whose key waits for it; whether the next one's turn has come.

        Raises:
            HanseError: The database is away.
        """
        try:
            await self._handler.run(self.feed, [one])
        except NotDue:
            found = await standings(self._database, self.feed, [one.claim])
            if not found[UUID(one.envelope.id)].handled:
                return False
        except HanseError as error:
            await self._failed_again(one, error)
            return False
        await self.parked.forget(self.feed, one)
        return True

    async def _failed_again(self, one: Arrived, error: HanseError) -> None:
        try:
            await self.parked.failed(self.feed, one, error)
        except OF_THE_MOMENT:
            raise
        except HanseError as lasting:
            patience = Backoff(STUCK_MOST_SECONDS, STUCK_MOST_SECONDS)
            await self._outlast(one, lasting, patience)

    async def _settled(self, events: list[Arrived], until: float) -> list[Arrived]:
        """Handles them or has them parked; those that remain.

        Raises:
            HanseError: They can be neither handled nor parked.
        """
        try:
            return await self._handle(events)
        except OF_THE_MOMENT as error:
            return await self._set_aside(events, error) if monotonic() >= until else events
        except HanseError as error:
            return await self._set_aside(events, error)

    async def _outlast(self, one: Arrived, error: HanseError, patience: Backoff) -> None:
        """Waits, longer each time: giving the event up would lose it, and going on its order.

        Of the failure only its kind is said: what a database says of a row holds its values.
        """
        log.error(
            "%s can neither handle event %s nor park it, and tries again and again: %s (%s). "
            "Its key waits, and the stream keeps all that follows.",
            self._handler.subscription.name,
            one.envelope.id,
            error.code,
            type(error.__cause__ or error).__name__,
        )
        self._handler.gauges.stuck(1)
        self.stuck.append(one.partition)
        try:
            await wait_set(asyncio.Event(), patience.next())
        finally:
            self._handler.gauges.stuck(-1)
            self.stuck.remove(one.partition)

    async def _handle(self, events: list[Arrived]) -> list[Arrived]:
        """Handles them; those that remain to be handled, as others were or are parked.

        Raises:
            HanseError: Their handler failed.
        """
        if not self._waiting.isdisjoint(one.order for one in events):
            # A handler would do what it does outside before its transaction is refused.
            events = await self._remaining(events)
        if not events:
            return []
        try:
            await self._handler.run(self.feed, events)
        except NotDue:
            return await self._remaining(events)
        return []

    async def _remaining(self, events: list[Arrived]) -> list[Arrived]:
        found = await standings(self._database, self.feed, [one.claim for one in events])
        remaining: list[Arrived] = []
        for one in events:
            standing = found[UUID(one.envelope.id)]
            if not standing.ours:
                raise PartitionLost
            if not standing.key_parked:
                self._waiting.discard(one.order)
            if standing.handled or standing.parked:
                continue
            if not standing.key_parked or not await self._park(one, None):
                remaining.append(one)
        return remaining

    async def _set_aside(self, events: list[Arrived], error: HanseError) -> list[Arrived]:
        """Finds the one that fails among many, and parks it; what is left if nobody could."""
        if len(events) > 1:
            middle = len(events) // 2
            await self.settle(events[:middle])
            await self.settle(events[middle:])
            return []
        try:
            return [] if await self._park(events[0], error) else await self._remaining(events)
        except OF_THE_MOMENT:  # the database is away: when it is back, the handler may do
            return events

    async def _park(self, one: Arrived, error: HanseError | None) -> bool:
        parked = await self.parked.park(self.feed, one, error)
        await reached("subscription.parked")
        if parked:
            self._remember(one)
        if parked and error is not None:
            name, event = self._handler.subscription.name, one.envelope.id
            said = told_of(one, error)
            log.warning("%s failed with event %s, whose key waits now: %s", name, event, said)
        return parked

    def _remember(self, one: Arrived) -> None:
        if len(self._waiting) >= WAITING_MAX:
            self._waiting.pop()
        self._waiting.add(one.order)

    def _check_held(self, events: list[Arrived]) -> None:
        if not all(map(self._holds, events)):
            raise PartitionLost


def _first_copies(events: list[Arrived]) -> list[Arrived]:
    """Without what came twice: of two copies only one can be noted as handled."""
    first: dict[str, Arrived] = {}
    for one in events:
        first.setdefault(one.envelope.id, one)
    return list(first.values())
