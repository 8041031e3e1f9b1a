"""The way of a host's events: its broker, its part in the relay, and the stream to read from."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self

from hanse.kit.backoff import Backoff
from hanse.kit.clock import wait_set
from hanse.kit.ending import end
from hanse.runtime.broker.broker import Broker
from hanse.runtime.broker.stream import EventStream
from hanse.runtime.errors import HanseError
from hanse.runtime.events.relay.gauges import RelayGauges
from hanse.runtime.events.relay.relay import Relay
from hanse.runtime.events.relay.tables import settled_stream
from hanse.runtime.events.relay.tail import Tail

if TYPE_CHECKING:
    from hanse.runtime.broker.broker_config import BrokerConfig
    from hanse.runtime.data.database import Database
    from hanse.runtime.telemetry.metrics import Metrics

LOOK_MOST_SECONDS = 1.0


class Post:
    """Of one host. It is entered after its database and never waits: a host serves without it.

    Args:
        config: Which broker.
        database: Whose outbox is told.
        metrics: Where its numbers are shown.

    Attributes:
        broker: The connection.
    """

    def __init__(self, config: BrokerConfig, database: Database, metrics: Metrics) -> None:
        self._database = database
        self.broker = Broker(config)
        relay = self._relay = Relay(database, self.broker, RelayGauges(database, metrics))
        self._tail = Tail(database, self.broker, lambda: relay.leads)
        self._keeping: tuple[asyncio.Task[None], ...] = ()

    async def __aenter__(self) -> Self:
        await self.broker.__aenter__()
        self._relay.begin()
        self._keeping = (asyncio.Task(self._tail.run(), loop=asyncio.get_running_loop()),)
        return self

    async def __aexit__(self, *_: object) -> None:
        await end(self._keeping)
        await self._relay.end()
        await self.broker.__aexit__()

    async def stream(self) -> EventStream:
        """Waits until there is a stream that can be read, however long that takes."""
        backoff = Backoff(most=LOOK_MOST_SECONDS)
        while True:
            try:
                name = await settled_stream(self._database)
            except HanseError:  # the database tells itself that it is away
                name = None
            if name is not None:
                await self.broker.until_connected()
                return EventStream(self.broker, name)
            await wait_set(asyncio.Event(), backoff.next())


def post_of(
    config: BrokerConfig | None, database: Database | None, metrics: Metrics
) -> Post | None:
    """The way of a host's events; None where it has no broker, or nothing to tell."""
    return Post(config, database, metrics) if config and database is not None else None
