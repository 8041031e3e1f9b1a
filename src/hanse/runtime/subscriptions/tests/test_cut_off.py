"""A host that does not reach the broker leaves its partitions to those that do, until it does again."""

import asyncio
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest

from hanse.runtime.broker.broker import Broker
from hanse.runtime.broker.broker_config import BrokerConfig
from hanse.runtime.broker.stream import EventStream
from hanse.runtime.config.secret import Secret
from hanse.runtime.data.tests.servers import PATIENCE
from hanse.runtime.events.envelope import PARTITIONS
from hanse.runtime.subscriptions.tables import make_tables
from hanse.runtime.subscriptions.tests.conftest import Bench, held_by
from hanse.runtime.subscriptions.tests.forwarder import HOST, Forwarder
from hanse.testing.servers.nats_server import shared_broker

QUICK = {"heartbeat": 0.2, "request_timeout": 0.2, "connect_timeout": 0.5}
LEASE_SECONDS = 0.6


class Way:
    """Of a host's events, by another connection than the others have."""

    def __init__(self, broker: Broker, name: str) -> None:
        self._broker = broker
        self._name = name

    async def stream(self) -> EventStream:
        await self._broker.until_connected()
        return EventStream(self._broker, self._name)


@asynccontextmanager
async def way_through(forwarder: Forwarder, name: str):
    server = urlsplit(shared_broker().url)
    url = Secret(f"nats://{server.username}:{server.password}@{HOST}:{forwarder.port}")
    async with Broker(BrokerConfig(url=url, **QUICK)) as broker:
        yield Way(broker, name)


async def until_noted(bench: Bench, number: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while len(await bench.notes()) < number:
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("break_off", [Forwarder.cut, Forwarder.hold_back])
async def test_what_a_host_cannot_read_another_handles_until_it_can(office, break_off) -> None:
    bench = office.bench
    words = [[(f"{n} {row}", f"box{n}") for n in range(32)] for row in "abcd"]
    async with (
        Forwarder(urlsplit(shared_broker().url).port) as forwarder,
        way_through(forwarder, office.made.name) as way,
        office.host(seconds=LEASE_SECONDS),
        office.host(way=way, seconds=LEASE_SECONDS),
    ):
        await office.until_shares(32, 32)
        await office.post(*(bench.letter(*one) for one in words[0]))
        await until_noted(bench, 32)

        break_off(forwarder)
        await office.post(*(bench.letter(*one) for one in words[1] + words[2]))
        await until_noted(bench, 96)
        await office.until_shares(64)

        forwarder.mend()
        await office.until_shares(32, 32)
        await office.post(*(bench.letter(*one) for one in words[3]))
        await until_noted(bench, 128)
    notes = await bench.notes()
    for n in range(32):
        assert [one for one in notes if one.startswith(f"{n} ")] == [f"{n} {row}" for row in "abcd"]


async def test_a_host_that_begins_says_that_it_reads_when_it_has_reached_the_broker(office) -> None:
    async def said() -> list[bool]:
        rows = await office.bench.database.fetch("select reads from hanse.subscriber")
        return [row["reads"] for row in rows]

    async with Forwarder(urlsplit(shared_broker().url).port) as forwarder:
        forwarder.cut()
        async with (
            way_through(forwarder, office.made.name) as way,
            office.host(way=way),
            asyncio.timeout(PATIENCE),
        ):
            while not (first := await said()):
                await asyncio.sleep(0.02)
            assert first == [False]
            forwarder.mend()
            while await said() != [True]:
                await asyncio.sleep(0.02)


async def test_where_none_reaches_the_broker_all_have_their_shares(bench) -> None:
    one, two = [held_by(name, bench, seconds=60.0) for name in ("one", "two")]

    async def kept(*, reads: tuple[bool, bool]) -> tuple[int, int]:
        for _ in range(2):
            for each, does in zip((one, two), reads, strict=True):
                await each.keep(reads=does)
                await each.release_drained()
        return len(one.held), len(two.held)

    half = PARTITIONS // 2
    assert await kept(reads=(True, True)) == (half, half)
    assert await kept(reads=(False, True)) == (0, PARTITIONS)
    assert await kept(reads=(False, False)) == (half, half)
    epochs = [held.epoch for each in (one, two) for held in each.held.values()]
    assert await kept(reads=(False, False)) == (half, half)
    assert [held.epoch for each in (one, two) for held in each.held.values()] == epochs
    assert await kept(reads=(True, False)) == (PARTITIONS, 0)


@pytest.mark.parametrize("lacks", [("share",), ("share", "reads")])
async def test_the_table_of_an_earlier_release_becomes_todays(bench, lacks) -> None:
    for column in lacks:
        await bench.database.execute(f"alter table hanse.subscriber drop column {column}")
    await make_tables(bench.database)
    partitions = held_by("one", bench, seconds=60.0)
    assert await partitions.keep(reads=False)
