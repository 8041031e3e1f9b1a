"""What tests of the relay have: events written by hand, and what stands in the stream."""

import asyncio
import signal
import subprocess
import sys
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from uuid import UUID

import msgspec
import psutil

from hanse.kit.clock import wait_set
from hanse.kit.uuid7 import Uuid7Source
from hanse.runtime.broker.broker import Broker
from hanse.runtime.broker.failures import StreamRefused
from hanse.runtime.broker.reader import Reader
from hanse.runtime.broker.stream import EventStream
from hanse.runtime.data.database import Database
from hanse.runtime.data.tests.servers import PATIENCE
from hanse.runtime.events.envelope import Envelope, read_envelope, write_envelope
from hanse.runtime.events.relay.gauges import RelayGauges
from hanse.runtime.events.relay.relay import Relay
from hanse.runtime.events.relay.tables import own_stream
from hanse.runtime.events.relay.tests import relay_process
from hanse.runtime.events.tables import make_tables
from hanse.runtime.telemetry.metrics import Metrics

TYPE = "post.v1.Sent"
_ids = Uuid7Source()


async def until(true) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await true():
            await wait_set(asyncio.Event(), 0.02)


async def emit(database: Database, *titles: str, size: int = 0) -> list[UUID]:
    """Writes events into the outbox, as `Events` does."""
    await make_tables(database)
    rows = []
    for title in titles:
        drawn = _ids.draw(datetime.now(UTC))
        data = msgspec.Raw(msgspec.json.encode({"title": title, "rest": "x" * size}))
        envelope = Envelope(
            "1.0",
            str(drawn),
            "/post.v1",
            TYPE,
            datetime.now(UTC),
            "default",
            "application/json",
            data,
        )
        rows.append((drawn, envelope.partition, TYPE, write_envelope(envelope)))
    await database.execute(
        "insert into hanse.outbox (id, partition, type, envelope)"
        " select * from unnest($1::uuid[], $2::smallint[], $3::text[], $4::bytea[])",
        *map(list, zip(*rows, strict=True)),
    )
    return [row[0] for row in rows]


async def forgotten(database: Database) -> bool:
    """Whether nothing lies in the outbox."""
    return not await database.fetch("select from hanse.outbox")


async def stream_of(database: Database, broker: Broker) -> EventStream:
    return EventStream(broker, (await own_stream(database)).name)


async def told(database: Database, broker: Broker, count: int, since: int = 1) -> list[str]:
    """Titles of so many events of the stream, and of those that stand there besides."""
    return [title for _, title in await standing(database, broker, count, since)]


async def standing(database: Database, broker: Broker, count: int, since: int = 1) -> list:
    stream, found = await stream_of(database, broker), []

    async def there() -> bool:
        try:
            return (await stream.place()).messages >= count
        except StreamRefused:  # nobody has made it yet
            return False

    await until(there)
    async with Reader(stream, [stream.subject()], since) as reader:
        while reader.pending:
            for message in await reader.read():
                title = (
                    msgspec.json.decode(read_envelope(message.data).data)["title"]
                    if message.data
                    else ""
                )
                found.append((message.sequence, title))
    return found


@asynccontextmanager
async def relaying(
    database: Database, broker: Broker, *, alone: str = "relay", seconds: float = 1.0
):
    """A relay as another host has it, on connections of its own."""
    async with AsyncExitStack() as stack:
        own = await stack.enter_async_context(Database(database.config))
        link = await stack.enter_async_context(Broker(broker.config))
        relay = Relay(own, link, RelayGauges(own, Metrics()), lease_seconds=seconds)
        relay._lease.name = alone
        relay.begin()
        stack.push_async_callback(relay.end)
        yield own, relay


class RelayProcess:
    """A relay in a process of its own, stopped at a point."""

    def __init__(self, database: Database, broker: Broker, point: str) -> None:
        urls = database.config.url.reveal(), broker.config.url.reveal()
        command = [sys.executable, relay_process.__file__, *urls, "1", point]
        self.process = subprocess.Popen(command)

    async def stopped(self) -> None:
        process = psutil.Process(self.process.pid)

        async def is_stopped() -> bool:
            return process.status() == psutil.STATUS_STOPPED

        await until(is_stopped)

    def go_on(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
