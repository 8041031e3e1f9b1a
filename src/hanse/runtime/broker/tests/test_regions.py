"""Events outlive the death of any broker of a region, wherever their host is connected."""

import asyncio
import json
import os
import shutil

import pytest

from hanse.fleet.engine.brokers.reach import tls_of
from hanse.fleet.engine.brokers.tests.authority import Authority
from hanse.fleet.engine.brokers.tests.cluster import Cluster
from hanse.kit.clock import wait_set
from hanse.runtime.broker.broker import Broker
from hanse.runtime.broker.connection import connect
from hanse.runtime.broker.failures import BrokerAway, ReadingBroke
from hanse.runtime.broker.message import Outgoing
from hanse.runtime.broker.publisher import Publisher
from hanse.runtime.broker.reader import Reader
from hanse.runtime.broker.stream import EventStream

PATIENCE = float(os.environ.get("PATIENCE", "60"))
QUICK = {"request_timeout": 1.0, "heartbeat": 0.3}


@pytest.fixture(scope="module")
def mortal(tmp_path_factory):
    """To be killed, one after the other."""
    with Cluster(tmp_path_factory.mktemp("mortal"), 4) as cluster:
        yield cluster


async def again(work):
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                return await work()
            except BrokerAway:
                await wait_set(asyncio.Event(), 0.02)


async def leader_of(cluster: Cluster, stream: EventStream) -> str:
    """The region whose broker decides what the stream takes."""

    async def ask() -> str:
        info = json.loads(await stream.broker.ask(f"STREAM.INFO.{stream.name}"))
        if not info["cluster"].get("leader"):
            raise BrokerAway
        return cluster.region_of(info["cluster"]["leader"])

    return await again(ask)


async def publish_all(stream: EventStream, numbers: range, each: int, done: list[int]) -> None:
    """As the relay does: what nobody knows of is sent again, behind what is there by then."""
    left = list(numbers)
    while left:
        some = left[:each]
        out = [
            Outgoing(f"id-{one}", stream.subject(one % 64, "a.v1.B"), b"%d" % one) for one in some
        ]

        async def send(out=out):
            connection = await stream.broker.until_connected()
            place = await stream.place()
            return await Publisher(connection, atomic=stream.atomic).publish(out, place.last)

        published = await again(send)
        taken = sum(1 for one in published.sequences if one)
        left = left[taken:]
        done += some[:taken]


async def read_all(stream: EventStream, count: int) -> list[int]:
    """From the first to the last, by as many readers as it takes."""
    found: dict[int, int] = {}
    async with asyncio.timeout(PATIENCE):
        while len(found) < count:
            try:
                await stream.broker.until_connected()
                start = max(found, default=0) + 1
                async with Reader(stream, [stream.subject()], start) as reader:
                    while len(found) < count:
                        found |= {one.sequence: int(one.data) for one in await reader.read()}
            except (BrokerAway, ReadingBroke):
                await wait_set(asyncio.Event(), 0.02)
    return [found[sequence] for sequence in sorted(found)]


async def outlive(mortal: Cluster, region: str, rounds: int, name: str, dying: str = "") -> None:
    """A host of a region publishes and reads while one broker dies: who decides, if none is named."""
    async with Broker(mortal.hosts(region, **QUICK)) as broker:
        await broker.until_connected()
        stream = EventStream(broker, name)
        await again(stream.ensure)
        count, done = 400 * rounds, []
        reading = asyncio.create_task(read_all(stream, count))
        sending = asyncio.create_task(publish_all(stream, range(count), 7, done))
        for number in range(rounds):
            while len(done) < 100 + 400 * number:
                await wait_set(asyncio.Event(), 0.005)
            dead = dying or await leader_of(mortal, stream)
            mortal.kill(dead)
            while len(done) < 300 + 400 * number:
                await wait_set(asyncio.Event(), 0.005)
            mortal.start(dead)
        await sending
        assert await reading == list(range(count))


async def test_a_host_publishes_and_reads_on_when_its_own_broker_is_killed(mortal) -> None:
    await outlive(mortal, "r4", 1, "events_short", "r4")


@pytest.mark.long
@pytest.mark.parametrize("region", ["r1", "r4"])
async def test_one_leader_after_the_other_is_killed(mortal, region) -> None:
    await outlive(mortal, region, 5, f"events_{region}")


async def test_who_is_nearest_is_asked_first_and_another_where_it_is_dead(mortal) -> None:
    async def server_of(region: str) -> str:
        async with asyncio.timeout(PATIENCE):
            connection = await connect(mortal.hosts(region, connect_timeout=2.0))
        name = connection._client._server_info["server_name"]
        await connection.close()
        return name

    servers = {one.region: one.server for one in mortal.plan.members}
    assert [await server_of("r2") for _ in range(3)] == [servers["r2"]] * 3
    assert await server_of("r4") == servers["r4"]
    mortal.kill("r4")
    assert await server_of("r4") == servers["r1"]
    mortal.start("r4")
    mortal.pause("r4")  # takes connections, and says nothing
    try:
        assert await server_of("r4") == servers["r1"]
    finally:
        mortal.resume("r4")


async def test_an_identity_is_read_anew_for_each_connection(mortal, tmp_path) -> None:
    own = tls_of(mortal.states["r2"], "host").identity
    kept = tmp_path / "kept.pem"
    shutil.copy(own, kept)
    first = await connect(mortal.hosts("r2"))
    stranger = tmp_path / "stranger"
    Authority().give(stranger, "r2", "host")
    shutil.copy(stranger / "host.pem", own)
    with pytest.raises((OSError, TimeoutError)):
        await connect(mortal.hosts("r2", connect_timeout=2.0))
    shutil.copy(kept, own)
    second = await connect(mortal.hosts("r2"))
    assert first.open  # who is in stays
    await first.close()
    await second.close()
