"""All that a host's services subscribe to: begun with it, and ended with it."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol, Self

from hanse.kit.backoff import Backoff
from hanse.kit.clock import monotonic, wait_set
from hanse.kit.ending import end
from hanse.kit.ids import trace_id
from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.runtime.errors import HanseError
from hanse.runtime.leases.lease import SECONDS
from hanse.runtime.subscriptions.declared.subscription import Subscription
from hanse.runtime.subscriptions.feeding.feeding import Feeding
from hanse.runtime.subscriptions.feeding.missing import Missing
from hanse.runtime.subscriptions.feeding.part import Holder, Part
from hanse.runtime.subscriptions.feeding.tenure import Tenure
from hanse.runtime.subscriptions.handling.claim import Feed
from hanse.runtime.subscriptions.handling.handler import bound
from hanse.runtime.subscriptions.registration import register
from hanse.runtime.subscriptions.replay import finish, open_replays
from hanse.runtime.subscriptions.tables import make_tables

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hanse.runtime.broker.stream import EventStream
    from hanse.runtime.call.threads import Threads
    from hanse.runtime.data.database import Database
    from hanse.runtime.subscriptions.handling.handler import Handler, Instruments

LOOK_SECONDS = 2.0
"""Between two looks whether something is to be handled once more."""

AGAIN_MOST_SECONDS = 60.0

ENDING_SECONDS = 10.0
"""For handlers that run and partitions that are given back, before it is asked to end once more."""

log = logging.getLogger("hanse.subscriptions")


class Surroundings(Protocol):
    """What is asked of a host besides its database."""

    @property
    def instruments(self) -> Instruments: ...

    @property
    def threads(self) -> Threads: ...

    @property
    def post(self) -> Post | None: ...


class Post(Protocol):
    """The way of a host's events."""

    async def stream(self) -> EventStream:
        """Waits for the stream of the database."""
        ...


class Subscriptions:
    """Belongs to one host: what its services subscribe to, and how it comes to them.

    Args:
        database: Where it is kept how far each subscription is.
        seconds: How long the host holds partitions that it does not renew.
    """

    def __init__(self, database: Database, seconds: float = SECONDS) -> None:
        self._database = database
        self._tenure = Tenure(database, Holder(trace_id(), seconds))
        self._host: Surroundings | None = None
        self._handlers: list[Handler] = []
        self._by_number: dict[int, Handler] = {}
        self._feedings: list[Feeding] = []
        self._running: dict[Feed, asyncio.Task[None]] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._task: asyncio.Task[None] | None = None
        self._registered = asyncio.Event()
        self._look = asyncio.Event()
        database.prepare(self._register)

    @classmethod
    def __from_database__(cls, kind: Any, database: Database) -> Self:
        return cls(database)

    def join(self, host: Surroundings) -> None:
        """See `Guest.join`.

        Raises:
            ConfigurationError: The host has no broker.
        """
        if host.post is None:
            raise ConfigurationError(
                "Its services subscribe to events, and this host has no broker; write [broker] in "
                "hanse.toml and give its url, or HostConfig(broker=BrokerConfig(url=…))"
            )
        self._host = host

    def serve(self, service: object, model: Subscription) -> None:
        """See `Runner.serve`."""
        assert self._host is not None, "it has joined a host"
        instruments, threads = self._host.instruments, self._host.threads
        self._handlers.append(bound(model, service, self._database, instruments, threads))

    async def __aenter__(self) -> Self:
        self._task = asyncio.Task(self._run(), loop=asyncio.get_running_loop())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            await end((self._task,), again=ENDING_SECONDS)

    async def settle(self) -> bool:
        """Has done at once what is due; whether nothing is left of what was told by now.

        Raises:
            HanseError: Database or broker are away.
        """
        if not self._registered.is_set():
            return False
        wanted = await self._wanted()
        self._look.set()
        settled = [await one.settle() for one in self._feedings]
        return all(settled) and len(settled) == len(wanted) == len(self._by_number)

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
            feed = await register(self._database, handler.subscription.name)
            self._by_number[feed.subscription] = handler
        self._registered.set()

    async def _run(self) -> None:
        """Reads what comes, and what somebody wants to have once more."""
        await self._registered.wait()
        try:
            while True:
                with suppress(HanseError):  # the database tells itself that it is away
                    self._reconcile(await self._wanted())
                await wait_set(self._look, LOOK_SECONDS)
                self._look.clear()
        finally:
            self._reconcile({})
            if self._ending:
                await asyncio.wait(self._ending)

    async def _wanted(self) -> dict[Feed, Part]:
        wanted = {Feed(number): Part(Feed(number)) for number in self._by_number}
        for part in await open_replays(self._database, list(wanted)):
            if not await finish(self._database, part.feed):
                wanted[part.feed] = part
        return wanted

    def _reconcile(self, wanted: Mapping[Feed, Part]) -> None:
        for feed in [feed for feed in self._running if feed not in wanted]:
            task = self._running.pop(feed)
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)
            task.cancel()
        for feed in wanted.keys() - self._running.keys():
            going = self._go_on(wanted[feed], self._by_number[feed.subscription])
            self._running[feed] = asyncio.Task(going, loop=asyncio.get_running_loop())

    async def _go_on(self, part: Part, handler: Handler) -> None:
        """Feeds a handler; whatever goes wrong in it, it begins again."""
        assert self._host is not None
        assert self._host.post is not None
        name, there = handler.subscription.name, self._host.post.stream
        missing = Missing(name, self._database, handler.gauges, there)
        backoff = Backoff(most=AGAIN_MOST_SECONDS)
        while True:
            feeding = Feeding(part, handler, self._database, missing.stream, self._tenure)
            self._feedings.append(feeding)
            began = monotonic()
            try:
                await feeding.run()
            except Exception:
                log.exception("%s is begun again", name)
            finally:
                self._feedings.remove(feeding)
            if monotonic() - began > AGAIN_MOST_SECONDS:
                backoff.reset()
            await wait_set(asyncio.Event(), backoff.next())


def subscriptions_of(service: type) -> list[Subscription]:
    """What a service subscribes to."""
    unasked = getattr(service, "__unasked__", ())
    return [one for one in unasked if isinstance(one, Subscription)]
