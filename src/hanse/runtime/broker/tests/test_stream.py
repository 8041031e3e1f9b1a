"""A stream takes what follows the last it has, once, and gives it in order to whoever asks."""

import asyncio
import os
import signal

import msgspec
import pytest

from hanse.kit.clock import wait_set
from hanse.runtime.broker.broker import Broker
from hanse.runtime.broker.broker_config import BrokerConfig
from hanse.runtime.broker.failures import BrokerAway, ReadingBroke
from hanse.runtime.broker.message import Outgoing
from hanse.runtime.broker.publisher import Publisher
from hanse.runtime.broker.reader import Reader
from hanse.runtime.broker.stream import EventStream
from hanse.runtime.config.secret import Secret

PATIENCE = float(os.environ.get("PATIENCE", "30"))


def outgoing(stream: EventStream, *numbers: int, size: int = 1) -> list[Outgoing]:
    return [
        Outgoing(f"id-{one}", stream.subject(one % 64, "a.v1.B"), str(one).encode() * size)
        for one in numbers
    ]


async def publish(
    stream: EventStream, messages: list[Outgoing], last: int, *, atomic: bool | None = None
):
    """As relays do: again where nobody answered, since what has arrived counts as arrived.

    Brokers that have just begun, or have just chosen another leader, have a moment without one.
    """
    async with asyncio.timeout(PATIENCE):
        while True:
            connection = await stream.broker.until_connected()
            publisher = Publisher(connection, atomic=stream.atomic if atomic is None else atomic)
            try:
                return await publisher.publish(messages, last)
            except BrokerAway:
                await wait_set(asyncio.Event(), 0.02)


async def read(reader: Reader, count: int) -> list[str]:
    found = []
    async with asyncio.timeout(PATIENCE):
        while len(found) < count:
            found += [message.data.decode() for message in await reader.read()]
    return found


async def test_what_is_published_is_read_in_order_from_where_one_was(stream) -> None:
    published = await publish(stream, outgoing(stream, *range(1, 501)), 0)

    assert published.sequences == list(range(1, 501))
    assert not published.refusal
    async with Reader(stream, [stream.subject()], 101, messages=100) as reader:
        assert await read(reader, 400) == [str(one) for one in range(101, 501)]
        assert reader.pending == 0
        coming = asyncio.create_task(reader.read())
        await publish(stream, outgoing(stream, 501), 500)
        assert [(one.sequence, one.partition) for one in await coming] == [(501, 501 % 64)]
    some = [stream.subject(3, "a.v1.B"), stream.subject(5)]
    async with Reader(stream, some, 1) as reader:
        assert (await read(reader, 4))[:4] == ["3", "5", "67", "69"]


async def test_whoever_else_publishes_meanwhile_nothing_stands_where_it_should_not(stream) -> None:
    # One who was stopped had read 1 to 6, another one published before it goes on.
    first = await publish(stream, outgoing(stream, 10, 1, 2), 0)
    late = await publish(stream, outgoing(stream, 1, 2, 4, 5, 6), 0)

    assert first.sequences == [1, 2, 3]
    if stream.broker.config.replicas == 1:
        assert late.sequences == [0, 0, 0, 0, 0]
        assert late.is_behind
        late = await publish(stream, outgoing(stream, 1, 2, 4, 5, 6), 3)
    # A cluster looks first whether it has one already: so it says here what others say then.
    assert late.sequences == [2, 3, 4, 5, 6]  # what is there already counts, the rest follows it
    again = await publish(stream, outgoing(stream, 10, 1), 6)
    assert again.sequences == [1, 2]
    stranger = await publish(stream, outgoing(stream, 7, 8, 9, 11), 3)
    assert stranger.sequences == [0, 0, 0, 0]
    assert stranger.is_behind
    async with Reader(stream, [stream.subject()], 1) as reader:
        assert await read(reader, 6) == ["10", "1", "2", "4", "5", "6"]


@pytest.mark.parametrize("atomic", [False, True])
async def test_behind_what_is_missing_nothing_is_stored(stream, *, atomic: bool) -> None:
    # Two believe to lead: one had read 2 before 1 was committed, the other reads all three.
    await publish(stream, outgoing(stream, 9), 0, atomic=atomic)
    await publish(stream, outgoing(stream, 2), 1, atomic=atomic)
    refused = await publish(stream, outgoing(stream, 1, 2, 3, 4), 1, atomic=atomic)

    assert refused.sequences == [0, 0, 0, 0]
    assert refused.is_behind
    again = await publish(stream, outgoing(stream, 1, 2, 3, 4), 2, atomic=atomic)
    assert again.sequences == [3, 2, 4, 5]
    async with Reader(stream, [stream.subject()], 1) as reader:
        assert await read(reader, 5) == ["9", "2", "1", "3", "4"]


async def test_what_has_no_room_is_refused_and_goes_when_there_is(stream) -> None:
    small = EventStream(
        Broker(msgspec.structs.replace(stream.broker.config, stream_bytes=1024**2)), ""
    )
    small.broker._connection, small.name = stream.broker.connection, stream.name
    await small.ensure()
    full = await publish(stream, outgoing(stream, *range(1, 10), size=200_000), 0)

    assert full.is_full
    assert full.sequences == [1, 2, 3, 4, 5, 0, 0, 0, 0]
    await stream.purge(4)
    assert (await stream.place()).first == 4
    rest = await publish(stream, outgoing(stream, 6, 7, size=200_000), 5)
    assert rest.sequences == [6, 7]


async def test_a_reader_holds_no_more_than_it_may(stream) -> None:
    await publish(stream, outgoing(stream, *range(1, 101), size=1000), 0)

    async with Reader(stream, [stream.subject()], 1, messages=10) as reader:
        assert len(await reader.read()) <= 10
        while reader.pending > 80:
            await wait_set(asyncio.Event(), 0.01)
        assert len(reader._came) == 10
    async with Reader(stream, [stream.subject()], 1, size=10_000) as reader:
        sizes = []
        while len(sizes) < 100:
            came = await reader.read()
            assert sum(len(message.data) for message in came) <= 10_000
            sizes += came


async def test_a_broker_that_is_killed_breaks_what_runs_and_comes_back(server) -> None:
    async with Broker(server.config()) as broker:
        await broker.until_connected()
        stream = EventStream(broker, "events_1")
        await stream.ensure()
        await publish(stream, outgoing(stream, *range(1, 11)), 0)
        async with Reader(stream, [stream.subject()], 1) as reader:
            await read(reader, 10)

            server.stop(keep=True)

            with pytest.raises(ReadingBroke):
                await reader.read()
        with pytest.raises(BrokerAway):
            await stream.place()
        server.start()
        async with asyncio.timeout(PATIENCE):
            await broker.until_connected()
        assert (await stream.ensure()).last == 10
        async with Reader(stream, [stream.subject()], 6) as reader:
            assert await read(reader, 5) == ["6", "7", "8", "9", "10"]


async def test_a_reader_knows_when_it_is_told_nothing_or_not_all(stream) -> None:
    await publish(stream, outgoing(stream, *range(1, 11)), 0)
    async with Reader(stream, [stream.subject()], 1) as reader:
        await read(reader, 10)
        reader._number -= 1  # as if one had not come
        await publish(stream, outgoing(stream, 11), 10)
        with pytest.raises(ReadingBroke, match="lost on the way"):
            await reader.read()
    async with Reader(stream, [stream.subject()], 1) as reader:
        await read(reader, 11)
        await stream.broker.ask(reader._consumer("DELETE"))
        with pytest.raises(ReadingBroke, match="ended the reader"):
            await reader.read()


async def test_a_broker_that_is_killed_under_what_is_being_sent_comes_back(server) -> None:
    async with Broker(server.config()) as broker:
        first = await broker.until_connected()
        os.kill(server.pid, signal.SIGSTOP)
        for _ in range(2):  # more than a socket takes
            for _ in range(48):
                await first.publish("hanse.much", b"x" * 65_536)
            await wait_set(asyncio.Event(), 0.05)
        server.stop(keep=True)
        await first.publish("hanse.more", b"x")  # nobody has read of its end yet
        server.start()
        async with asyncio.timeout(PATIENCE):
            await asyncio.shield(first.ended)
            while await broker.until_connected() is first:
                await wait_set(asyncio.Event(), 0.02)
        await EventStream(broker, "events_1").ensure()


async def test_a_broker_that_hangs_is_noticed(server) -> None:
    async with Broker(server.config(heartbeat=0.2)) as broker:
        await broker.until_connected()
        stream = EventStream(broker, "events_1")
        await stream.ensure()
        async with Reader(stream, [stream.subject()], 1) as reader:
            coming = asyncio.create_task(reader.read())
            await wait_set(asyncio.Event(), 0.5)
            assert not coming.done()
            os.kill(server.pid, signal.SIGSTOP)
            try:
                with pytest.raises(ReadingBroke, match="says nothing"):
                    async with asyncio.timeout(PATIENCE):
                        await coming
            finally:
                os.kill(server.pid, signal.SIGCONT)


async def test_who_asks_leaves_no_task_behind(server) -> None:
    """One that listens for answers would end with the call of a service that asked first."""
    async with Broker(server.config()) as broker:
        await broker.until_connected()
        before = asyncio.all_tasks()
        await broker.ask("INFO")
        assert asyncio.all_tasks() == before


def test_an_address_that_is_none_is_told_without_its_password() -> None:
    for wrong in ("http://host", "nats://u:secret@:1", "nats://u:secret@host:x", "secret"):
        with pytest.raises(ValueError, match="cannot be read") as caught:
            BrokerConfig(url=Secret(wrong))
        assert "secret" not in str(caught.value)
    with pytest.raises(ValueError, match="one of both"):
        BrokerConfig()
