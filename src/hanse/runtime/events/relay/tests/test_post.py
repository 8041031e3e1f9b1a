"""A host with events and a broker takes part in the relay, and shows how that goes."""

import asyncio

import msgspec

from hanse.kit.clock import wait_set
from hanse.runtime.broker.broker_config import BrokerConfig
from hanse.runtime.broker.reader import Reader
from hanse.runtime.config.secret import Secret
from hanse.runtime.contract.declaration import rpc
from hanse.runtime.contract.service import Service
from hanse.runtime.data.tests.servers import PATIENCE
from hanse.runtime.events.envelope import read_envelope
from hanse.runtime.events.event import Event, event
from hanse.runtime.events.events import Events
from hanse.runtime.host import Host
from hanse.runtime.host_config import HostConfig
from hanse.runtime.identity.permission import PUBLIC
from hanse.testing.world import World


@event("post.v1", key="box")
class Letter(Event):
    """A letter came."""

    box: str


class Desk(Service, package="post.v1"):
    """Takes letters."""

    def __init__(self, events: Events) -> None:
        self._events = events

    @rpc(allow=PUBLIC)
    async def take(self, box: str) -> None:
        await self._events.emit(Letter(box))


async def test_what_a_service_tells_stands_in_the_stream_of_its_database() -> None:
    async with World(Desk) as world, asyncio.timeout(PATIENCE):
        for box in ("one", "two"):
            await world.get(Desk).take(box)

        assert world.host.post is not None
        stream = await world.host.post.stream()
        found = []
        async with Reader(stream, [stream.subject(kind="post.v1.Letter")], 1) as reader:
            while len(found) < 2:
                found += await reader.read()
        boxes = [msgspec.json.decode(read_envelope(one.data).data)["box"] for one in found]
        assert boxes == ["one", "two"]
        while "hanse_events_published_total 2" not in world.host.metrics.prometheus():
            await wait_set(asyncio.Event(), 0.01)


async def test_a_host_serves_where_its_broker_is_away(postgres) -> None:
    nowhere = BrokerConfig(url=Secret("nats://127.0.0.1:1"))
    async with Host([Desk], HostConfig(database=postgres.config, broker=nowhere)) as host:
        for box in ("one", "two", "three"):
            await host.get(Desk).take(box)
            await wait_set(asyncio.Event(), 0.05)

        assert len(await postgres.fetch("select from hanse.outbox")) == 3
