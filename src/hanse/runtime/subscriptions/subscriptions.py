"""All that a host's services subscribe to: begun with it, and ended with it."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Self

from hanse.kit.backoff import Backoff
from hanse.kit.clock import monotonic, wait_set
from hanse.kit.ids import trace_id
from hanse.runtime.leases.lease import SECONDS
from hanse.runtime.subscriptions.declared.subscription import Subscription
from hanse.runtime.subscriptions.feeding.feeding import Feeding, Holder
from hanse.runtime.subscriptions.handling.handler import bound
from hanse.runtime.subscriptions.registration import register
from hanse.runtime.subscriptions.tables import make_tables

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from hanse.runtime.broker.stream import EventStream
    from hanse.runtime.call.threads import Threads
    from hanse.runtime.data.database import Database
    from hanse.runtime.subscriptions.handling.claim import Feed
    from hanse.runtime.subscriptions.handling.handler import Handler, Instruments

log = logging.getLogger("hanse.subscriptions")


class Subscriptions:
    """Belongs to one host.

    Args:
        services: Its services, built.
        database: Where it is kept how far each subscription is.
        stream: Waits for the stream of that database.
        instruments: What handlers are timed and recorded with.
        threads: Of the host.
        seconds: How long it holds partitions that it does not renew.
    """

    def __init__(
        self,
        services: Iterable[object],
        database: Database,
        stream: Callable[[], Awaitable[EventStream]],
        instruments: Instruments,
        threads: Threads,
        seconds: float = SECONDS,
    ) -> None:
        self._database = database
        self._stream = stream
        self._holder = Holder(trace_id(), seconds)
        self._handlers = [
            bound(one, service, database, instruments, threads)
            for service in services
            for one in subscriptions_of(type(service))
        ]
        self._feeds: dict[str, Feed] = {}
        self._feedings: list[Feeding] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._registered = asyncio.Event()
        if self._handlers:
            database.prepare(self._register)

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        for handler in self._handlers:
            self._tasks.append(asyncio.Task(self._go_on(handler), loop=loop))
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def settle(self) -> bool:
        """Has done at once what is due; whether nothing is left of what was told by now.

        Raises:
            HanseError: Database or broker are away.
        """
        if len(self._feedings) < len(self._handlers):
            return False
        return all([await one.settle() for one in self._feedings])

    def held(self) -> int:
        """How many partitions it holds, of all subscriptions together."""
        return sum(one.held for one in self._feedings)

    def under_way(self) -> int:
        """How many events it has read that are neither handled nor parked."""
        return sum(one.under_way for one in self._feedings)

    def stuck(self) -> list[str]:
        """What is under way, for people: a sentence a subscription."""
        return [one.stuck() for one in self._feedings]

    async def _register(self) -> None:
        await make_tables(self._database)
        for handler in self._handlers:
            name = handler.subscription.name
            self._feeds[name] = await register(self._database, name)
        self._registered.set()

    async def _go_on(self, handler: Handler) -> None:
        """Feeds a handler; whatever goes wrong in it, it begins again."""
        await self._registered.wait()
        feed, backoff = self._feeds[handler.subscription.name], Backoff(most=60.0)
        while True:
            feeding = Feeding(feed, handler, self._database, self._stream, self._holder)
            self._feedings.append(feeding)
            began = monotonic()
            try:
                await feeding.run()
            except Exception:
                log.exception("%s is begun again", handler.subscription.name)
            finally:
                self._feedings.remove(feeding)
            if monotonic() - began > 60:
                backoff.reset()
            await wait_set(asyncio.Event(), backoff.next())


def subscriptions_of(service: type) -> list[Subscription]:
    """What a service subscribes to."""
    unasked = getattr(service, "__unasked__", ())
    return [one for one in unasked if isinstance(one, Subscription)]
