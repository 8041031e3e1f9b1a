"""What was committed is told, in order and once, whoever dies, stops or is away meanwhile."""

import asyncio
from datetime import timedelta

from hanse.kit.clock import wait_set
from hanse.runtime.broker.broker import Broker
from hanse.runtime.data.database import Database
from hanse.runtime.data.tests.servers import OWN_VERSION
from hanse.runtime.events.relay.purge import purge
from hanse.runtime.events.relay.tables import missed, own_stream, settled_stream
from hanse.runtime.events.relay.tail import Tail
from hanse.runtime.events.relay.tests.post import (
    RelayProcess,
    emit,
    forgotten,
    relaying,
    standing,
    stream_of,
    told,
    until,
)
from hanse.runtime.subscriptions.tables import make_tables as make_subscriptions

A_SECOND = 1_000_000_000


def titles(first: int, last: int) -> list[str]:
    return [str(one) for one in range(first, last + 1)]


async def test_what_is_committed_late_is_told_too(postgres, broker) -> None:
    await emit(postgres, "0")
    async with relaying(postgres, broker):
        async with Database(postgres.config) as slow, slow.transaction():
            await emit(slow, "1")  # has its number, and is not there yet
            await emit(postgres, "2")
            assert await told(postgres, broker, 2) == ["0", "2"]
            await until(lambda: forgotten(postgres))

        assert await told(postgres, broker, 3) == ["0", "2", "1"]


async def test_of_two_hosts_one_tells_and_the_other_wakes_it_and_follows(postgres, broker) -> None:
    woken = asyncio.Event()

    async def hear(_) -> None:
        woken.set()

    stream = await stream_of(postgres, broker)
    await broker.connection.subscribe(f"hanse.wake.{stream.name}", hear)
    async with relaying(postgres, broker, seconds=30.0) as (first, leader):
        await emit(first, "1")
        assert await told(postgres, broker, 1) == ["1"]
        async with relaying(postgres, broker) as (second, _):
            await emit(second, "2")

            async def has_woken() -> bool:
                second.outbox_wake.set()
                await wait_set(woken, 0.1)
                return woken.is_set()

            await until(has_woken)
            assert await told(postgres, broker, 2) == ["1", "2"]
            await leader.end()  # as a host that ends: another leads at once
            await emit(second, "3")
            assert await told(postgres, broker, 3) == ["1", "2", "3"]


async def test_two_that_both_believe_to_lead_break_no_order(postgres, broker) -> None:
    async with relaying(postgres, broker, alone="one"), relaying(postgres, broker, alone="other"):
        for first in range(1, 1500, 30):
            await emit(postgres, *titles(first, first + 29))

        assert await told(postgres, broker, 1500) == titles(1, 1500)
        await until(lambda: forgotten(postgres))


async def test_who_was_stopped_with_old_news_tells_nothing_out_of_order(postgres, broker) -> None:
    async with Database(postgres.config) as slow:
        late = slow.transaction()
        await emit(postgres, "0")
        await late.__aenter__()
        await emit(slow, "late")
        await emit(postgres, *titles(1, 100))
        stopped = RelayProcess(postgres, broker, "relay.taken")
        try:
            await stopped.stopped()
            await late.__aexit__(None, None, None)

            async with relaying(postgres, broker):
                everything = ["0", "late", *titles(1, 100)]
                assert await told(postgres, broker, 102) == everything
                stopped.go_on()
                await emit(postgres, *titles(101, 200))
                await told(postgres, broker, 202)
            await emit(postgres, *titles(201, 300))  # the other leads again
            assert await told(postgres, broker, 302) == ["0", "late", *titles(1, 300)]
            await until(lambda: forgotten(postgres))
        finally:
            stopped.kill()


async def test_killed_between_telling_and_forgetting_it_is_told_once(postgres, broker) -> None:
    await emit(postgres, *titles(1, 300))
    killed = RelayProcess(postgres, broker, "relay.published")
    await killed.stopped()
    killed.kill()
    assert len(await postgres.fetch("select from hanse.outbox")) == 300

    async with relaying(postgres, broker):
        await emit(postgres, *titles(301, 310))
        assert await told(postgres, broker, 310) == titles(1, 310)
        await until(lambda: forgotten(postgres))
    assert (await own_stream(postgres)).last == 310


async def test_later_than_the_broker_remembers_it_is_told_twice_and_not_lost(
    postgres, broker
) -> None:
    await emit(postgres, "1", "2")
    killed = RelayProcess(postgres, broker, "relay.published")
    await killed.stopped()
    killed.kill()
    stream = await stream_of(postgres, broker)
    forgets = stream._config() | {"duplicate_window": A_SECOND // 10}
    await broker.ask(f"STREAM.UPDATE.{stream.name}", forgets)
    await wait_set(asyncio.Event(), 0.5)

    async with relaying(postgres, broker):
        await emit(postgres, "3")
        found = await told(postgres, broker, 3)
        await until(lambda: forgotten(postgres))
    # Its id is the same, by which whoever handles it knows it.
    assert found in (["1", "2", "3"], ["1", "2", "1", "2", "3"])
    assert (await own_stream(postgres)).last == len(found)


async def test_a_broker_that_is_killed_gets_all_once_it_is_back(postgres, server) -> None:
    async with Broker(server.config()) as broker:
        await broker.until_connected()
        async with relaying(postgres, broker):
            for first in range(1, 1000, 50):
                await emit(postgres, *titles(first, first + 49))
                if first == 301:
                    server.stop(keep=True)
                if first == 601:
                    server.start()
            await until(lambda: forgotten(postgres))
            await broker.until_connected()
            assert await told(postgres, broker, 1000) == titles(1, 1000)


async def test_where_there_is_no_room_events_wait_until_others_are_handled(
    postgres, server
) -> None:
    await make_subscriptions(postgres)
    await postgres.execute(
        "with made as (insert into hanse.subscription (name, create_time) values ('a', now())"
        " returning id) insert into hanse.delivery (subscription, partition, position)"
        " select id, 0, 0 from made"
    )
    async with Broker(server.config(stream_bytes=2**20)) as broker:
        await broker.until_connected()
        async with relaying(postgres, broker):
            await emit(postgres, *titles(1, 20), size=100_000)
            found = await standing(postgres, broker, 9)
            assert len(found) < 20
            assert not await forgotten(postgres)

            async def handled() -> bool:
                await postgres.execute(
                    "update hanse.delivery set position = $1",
                    (await (await stream_of(postgres, broker)).place()).last,
                )
                return await forgotten(postgres)

            await until(handled)
            assert (await standing(postgres, broker, 1))[-1] == (20, "20")


async def test_sequences_are_never_given_twice_whatever_the_broker_lost(postgres, broker) -> None:
    async with relaying(postgres, broker):
        await emit(postgres, *titles(1, 5))
        await until(lambda: forgotten(postgres))
    await (await stream_of(postgres, broker)).delete()
    async with relaying(postgres, broker):
        await emit(postgres, "6")
        assert await standing(postgres, broker, 1) == [(6, "6")]
        await until(lambda: forgotten(postgres))
    # As if it had kept the first six of a thousand.
    await postgres.execute("update hanse.stream set last_seq = 1000")
    async with relaying(postgres, broker):
        await emit(postgres, "7")
        await until(lambda: forgotten(postgres))
        assert (await standing(postgres, broker, 1))[-1] == (1001, "7")


async def test_what_lags_is_put_back_where_the_stream_is_gone(postgres, broker, caplog) -> None:
    """As on a new machine after a restore, or with a disk of the broker's that was lost."""
    await make_subscriptions(postgres)
    await emit(postgres, *titles(1, 40), size=150_000)
    async with relaying(postgres, broker):
        await until(lambda: forgotten(postgres))
    await postgres.execute(
        "with made as (insert into hanse.subscription (name, create_time) values ('a', now())"
        " returning id) insert into hanse.delivery (subscription, partition, position)"
        " select id, p, 3 + p from made, generate_series(0, 1) as p"
    )
    await Tail(postgres, broker, lambda: True).look()
    assert not await postgres.fetch("select from hanse.stream_tail"), "nothing is old"
    await Tail(postgres, broker, lambda: False, timedelta()).look()
    assert not await postgres.fetch("select from hanse.stream_tail"), "another leads"
    for _ in range(2):
        await Tail(postgres, broker, lambda: True, timedelta()).look()
    before = await standing(postgres, broker, 40)
    await emit(postgres, "41")
    async with relaying(postgres, broker):
        await until(lambda: forgotten(postgres))
    await (await stream_of(postgres, broker)).delete()

    async with relaying(postgres, broker):
        await emit(postgres, "42")
        found = await standing(postgres, broker, 39, 4)
        await until(lambda: forgotten(postgres))
    assert found == [*before[3:], (41, ""), (42, "42")]
    assert "37 events that somebody has not handled yet are put back" in caplog.text
    assert "has lost up to 1 events" in caplog.text

    await postgres.execute("update hanse.delivery set position = 30")
    await Tail(postgres, broker, lambda: True, timedelta()).look()
    kept = [row["seq"] for row in await postgres.fetch("select seq from hanse.stream_tail")]
    assert sorted(kept) == [*range(31, 41), 42]


async def test_what_a_restore_has_undone_is_not_handled(postgres, broker) -> None:
    await emit(postgres, *titles(1, 5))
    kept = await postgres.fetch(
        "select id, partition, type, envelope from hanse.outbox order by seq"
    )
    async with relaying(postgres, broker):
        await until(lambda: forgotten(postgres))
        assert await settled_stream(postgres) == (await own_stream(postgres)).name
    # As a database that was restored to when 2 was told, and 3 written.
    await postgres.execute("update hanse.stream set last_seq = 2, life = '0000000F'")
    await postgres.execute(
        "insert into hanse.outbox (id, partition, type, envelope) values ($1, $2, $3, $4)", *kept[2]
    )
    assert await settled_stream(postgres) is None

    async with relaying(postgres, broker):
        await emit(postgres, "6")
        await until(lambda: forgotten(postgres))
        assert await told(postgres, broker, 4) == ["1", "2", "3", "6"]
        assert await settled_stream(postgres) is not None
    assert [await missed(postgres, *some) for some in ((3, 5), (1, 5), (1, 6))] == [0, 2, 3]


async def test_a_copy_of_a_database_has_a_stream_of_its_own(postgres, servers, broker) -> None:
    async with relaying(postgres, broker):
        await emit(postgres, "1")
        await until(lambda: forgotten(postgres))
    name = (await own_stream(postgres)).name
    await postgres._access.pool.close()

    server = servers.server(OWN_VERSION)
    url = await server.create(postgres.config.url.reveal())
    async with Database(server.config(url)) as copy:
        assert await settled_stream(copy) is None
        assert (await own_stream(copy)).name != name
    server.drop(url)


async def test_a_database_that_was_moved_says_what_it_gives_up(postgres, broker, caplog) -> None:
    await make_subscriptions(postgres)
    await emit(postgres, *titles(1, 5))
    async with relaying(postgres, broker):
        await until(lambda: forgotten(postgres))
    await postgres.execute(
        "with made as (insert into hanse.subscription (name, create_time) values ('a', now())"
        " returning id) insert into hanse.delivery (subscription, partition, position)"
        " select id, p, 2 + p from made, generate_series(0, 1) as p"
    )
    await postgres.execute("update hanse.stream set home = 'where it was'")

    await emit(postgres, "6")
    async with relaying(postgres, broker):
        assert await standing(postgres, broker, 1) == [(6, "6")]

    assert "up to 3 events are given up" in caplog.text
    assert "sync_interval" not in caplog.text


async def test_what_all_have_handled_goes_when_its_time_is_over(postgres, broker) -> None:
    await make_subscriptions(postgres)
    await emit(postgres, *titles(1, 20))
    async with relaying(postgres, broker):
        await until(lambda: forgotten(postgres))
    stream = await stream_of(postgres, broker)
    await postgres.execute(
        "with made as (insert into hanse.subscription (name, create_time) values ('a', now())"
        " returning id) insert into hanse.delivery (subscription, partition, position)"
        " select id, p, 7 + p from made, generate_series(0, 1) as p"
    )

    await purge(postgres, stream)
    assert (await stream.place()).first == 1
    await purge(postgres, stream, timedelta(0))
    assert (await stream.place()).first == 8
    await postgres.execute("update hanse.delivery set position = 20")
    since = await stream.time_of(15)
    assert since is not None
    await purge(postgres, stream, timedelta(0))
    assert (await stream.place()).messages == 0
