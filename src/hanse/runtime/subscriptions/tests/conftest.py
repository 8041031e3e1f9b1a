"""A desk that takes events, and a stage where tests tell it what to do."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from uuid import UUID, uuid4

import msgspec
import pytest_asyncio

from hanse import Database, Service
from hanse.kit.clock import ManualClock
from hanse.runtime.background import Surroundings
from hanse.runtime.broker.broker import Broker
from hanse.runtime.broker.failures import BrokerAway
from hanse.runtime.broker.message import Outgoing
from hanse.runtime.broker.publisher import Publisher
from hanse.runtime.broker.stream import EventStream
from hanse.runtime.call.context import current
from hanse.runtime.call.deadline import Deadlines
from hanse.runtime.call.threads import Threads
from hanse.runtime.data.tests.servers import *  # noqa: F403  fixtures are found by being there
from hanse.runtime.data.tests.servers import PATIENCE
from hanse.runtime.events.envelope import Envelope, partition_of, write_envelope
from hanse.runtime.events.event import Event, event
from hanse.runtime.instruments import Instruments
from hanse.runtime.subscriptions.declared.declaration import subscribe
from hanse.runtime.subscriptions.declared.delivery import Delivery
from hanse.runtime.subscriptions.feeding.part import Holder
from hanse.runtime.subscriptions.feeding.partitions import Partitions
from hanse.runtime.subscriptions.feeding.tenure import Tenure
from hanse.runtime.subscriptions.handling.arrived import Arrived
from hanse.runtime.subscriptions.handling.claim import Feed
from hanse.runtime.subscriptions.handling.handler import bound
from hanse.runtime.subscriptions.handling.settling import Settling
from hanse.runtime.subscriptions.subscriptions import Post, Subscriptions
from hanse.runtime.subscriptions.tables import make_tables
from hanse.runtime.telemetry.metrics import Metrics
from hanse.runtime.telemetry.span import SpanBuffer
from hanse.testing.servers.nats_server import NatsServer, shared_broker

MORNING = datetime(2026, 1, 1, 9, tzinfo=UTC)
LEASE_SECONDS = 3.0
NOTE = "insert into desk.note (site_id, word) values ($1, $2)"


@event("post.v1", key="box")
class Letter(Event):
    """A letter came."""

    box: str
    word: str


class Stage:
    """What tests and handlers tell each other."""

    def __init__(self) -> None:
        self.ran: list[str] = []
        self.tries: Counter[str] = Counter()
        self.batches: list[tuple[str, ...]] = []
        self.locales: list[str] = []
        self.deliveries: list[Delivery] = []
        self.fails: dict[str, list[Exception]] = {}
        self.waits: dict[str, asyncio.Event] = {}
        self.entered = asyncio.Event()

    async def enter(self, word: str) -> None:
        self.tries[word] += 1
        self.entered.set()
        if word in self.waits:
            await self.waits[word].wait()
        if self.fails.get(word):
            raise self.fails[word].pop(0)
        self.ran.append(word)


class Desk(Service, package="desk.v1"):
    """Takes letters."""

    def __init__(self, database: Database, stage: Stage) -> None:
        self._database = database
        self._stage = stage

    @subscribe(Letter, timeout=5.0)
    async def note(self, event: Letter, delivery: Delivery) -> None:
        self._stage.deliveries.append(delivery)
        await self._database.execute(NOTE, current().site, event.word)
        await self._stage.enter(event.word)

    @subscribe(Letter)
    async def glance(self, event: Letter) -> None:
        """Writes nothing."""
        await self._stage.enter(event.word)

    @subscribe(Letter, batch=8)
    async def gather(self, events: tuple[Letter, ...]) -> None:
        self._stage.batches.append(tuple(one.word for one in events))
        self._stage.locales.append(current().locale)
        for one in events:
            await self._database.execute(NOTE, current().site, one.word)
            await self._stage.enter(one.word)


class Room(Service, package="room.v1"):
    """Keeps letters."""

    def __init__(self, database: Database, stage: Stage) -> None:
        self._database = database
        self._stage = stage

    @subscribe(Letter)
    async def keep(self, event: Letter) -> None:
        await self._stage.enter(event.word)
        await self._database.execute(NOTE, current().site, event.word)


class Bench:
    """One subscription at a time, to which events are handed in."""

    def __init__(self, database: Database, clock: ManualClock) -> None:
        self.database = database
        self.clock = clock
        self.stage = Stage()
        self.instruments = Instruments(Deadlines(), Metrics(), SpanBuffer(100))
        self.held: dict[int, int] = {}
        self._seq = 0

    def settling(self, name: str = "note") -> Settling:
        subscription = next(one for one in Desk.__unasked__ if one.method.name == name)
        desk = Desk(self.database, self.stage)
        handler = bound(subscription, desk, self.database, self.instruments, Threads(1))
        return Settling(Feed(1), handler, self.database, lambda one: True)

    def letter(self, word: str, box: str = "a", site: str = "one", **changed) -> Arrived:
        self._seq += 1
        envelope = Envelope(
            "1.0", str(uuid4()), "/post.v1", "post.v1.Letter", MORNING, site,
            "application/json", msgspec.Raw(msgspec.json.encode(Letter(box=box, word=word))),
            subject=box, causer="member:ada",
        )  # fmt: skip
        arrived = Arrived(envelope, write_envelope(envelope), self._seq, partition_of(site, box), 1)
        return msgspec.structs.replace(arrived, **changed)

    async def hold(self, epoch: int = 1) -> None:
        await self.database.execute("update hanse.delivery set epoch = $1", epoch)

    async def notes(self, site: str = "one") -> list[str]:
        rows = await self.database.fetch(
            "select word from desk.note where site_id = $1 order by n", site
        )
        return [row["word"] for row in rows]

    async def inbox(self) -> set[UUID]:
        return {row["event"] for row in await self.database.fetch("select event from hanse.inbox")}

    async def parked(self) -> list[tuple[str, int, str]]:
        rows = await self.database.fetch(
            "select convert_from(envelope, 'UTF8')::jsonb->'data'->>'word' as word, attempt, state "
            "from hanse.parked order by stream_seq"
        )
        return [(row["word"], row["attempt"], row["state"]) for row in rows]

    async def take_due(self, settling: Settling) -> int:
        """Tries what is due of the parked, as a host does; how many."""
        held = dict.fromkeys(range(64), 1)
        due = await settling.parked.due(settling.feed, held)
        for one in due:
            await settling.settle_parked(one)
        return len(due)


def held_by(
    host: str, bench: Bench, feed: Feed = Feed(1), *, seconds: float = LEASE_SECONDS
) -> Partitions:
    """What a host holds of a feed, which does no more than that."""
    tenure = Tenure(bench.database, Holder(host, seconds))
    return Partitions(bench.database, feed, tenure)


class Office:
    """A stream with letters, and hosts that read it."""

    def __init__(self, bench: Bench, stream: EventStream) -> None:
        self.bench = bench
        self.made = stream
        self.last = 0

    async def post(self, *letters: Arrived) -> None:
        """Publishes them, as the relay does."""
        publisher = Publisher(self.made.broker.connection, atomic=self.made.atomic)
        outgoing = [
            Outgoing(
                one.envelope.id,
                self.made.subject(one.partition, one.envelope.type),
                one.sent,
            )
            for one in letters
        ]
        published = await publisher.publish(outgoing, self.last)
        self.last = published.sequences[-1]

    @asynccontextmanager
    async def host(
        self, stage: Stage | None = None, way: Post | None = None, seconds: float = LEASE_SECONDS
    ) -> AsyncGenerator[Subscriptions]:
        """One that has the room."""
        database, instruments = self.bench.database, self.bench.instruments
        host = Subscriptions(database, seconds)
        host.join(Surroundings(way or self, instruments, Threads(1)))
        room = Room(database, stage or self.bench.stage)
        for model in Room.__unasked__:
            host.serve(room, model)
        async with database, host:
            yield host

    async def stream(self) -> EventStream:
        return self.made

    async def settled(self, *hosts: Subscriptions) -> None:
        async with asyncio.timeout(PATIENCE):
            while not await self._are_settled(hosts):
                await asyncio.sleep(0.02)

    async def _are_settled(self, hosts: tuple[Subscriptions, ...]) -> bool:
        with suppress(BrokerAway):
            return all([await one.settle() for one in hosts])
        return False

    async def shares(self) -> list[int]:
        """How many partitions each host holds."""
        rows = await self.bench.database.fetch(
            "select count(*) as n from hanse.delivery where subscription > 1 and holder is not null "
            "group by holder order by n"
        )
        return [row["n"] for row in rows]

    async def until_shares(self, *wanted: int) -> None:
        async with asyncio.timeout(PATIENCE):
            while await self.shares() != list(wanted):
                await asyncio.sleep(0.05)

    async def positions(self) -> set[int]:
        rows = await self.bench.database.fetch(
            "select position from hanse.delivery where subscription > 1"
        )
        return {row["position"] for row in rows}


@asynccontextmanager
async def office_at(server: NatsServer, bench: Bench) -> AsyncGenerator[Office]:
    async with Broker(server.config(heartbeat=0.5)) as broker:
        await broker.until_connected()
        stream = EventStream(broker, f"events_{uuid4().hex[:12]}")
        await stream.ensure()
        yield Office(bench, stream)
        await stream.delete()


@pytest_asyncio.fixture
async def office(bench: Bench) -> AsyncIterator[Office]:
    async with office_at(shared_broker(), bench) as made:
        yield made


@pytest_asyncio.fixture
async def bench(postgres: Database) -> AsyncIterator[Bench]:
    clock = ManualClock(MORNING)
    postgres.clock = clock
    await make_tables(postgres)
    await postgres.execute("create schema desk")
    await postgres.execute(
        "create table desk.note (n bigint generated always as identity, site_id text, word text)"
    )
    await postgres.execute(
        "insert into hanse.subscription (name, create_time) values ('desk.v1.Desk/note', $1)",
        MORNING,
    )
    await postgres.execute(
        "insert into hanse.delivery (subscription, partition, position, epoch) "
        "select 1, n, 0, 1 from generate_series(0, 63) n"
    )
    yield Bench(postgres, clock)


__all__ = ["Bench", "Desk", "Letter", "Room", "Stage", "bench", "held_by", "office", "office_at"]
