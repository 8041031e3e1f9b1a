"""Events are read from the stream by the hosts that hold its partitions, and by no other."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from hanse.runtime.broker.reader import Reader
from hanse.runtime.data.tests.servers import PATIENCE
from hanse.runtime.events.envelope import PARTITIONS, write_envelope
from hanse.runtime.events.relay.tables import note_struck, own_stream
from hanse.runtime.subscriptions.feeding.partitions import Held, share_of
from hanse.runtime.subscriptions.feeding.progress import Progress
from hanse.runtime.subscriptions.feeding.reading import Reading
from hanse.runtime.subscriptions.handling.claim import Feed
from hanse.runtime.subscriptions.handling.retry import AFTER
from hanse.runtime.subscriptions.tests.conftest import Stage, held_by, office_at
from hanse.testing.servers.nats_server import NatsServer


async def test_all_that_was_told_is_handled_once_and_in_the_order_of_each_key(office) -> None:
    bench = office.bench
    words = [(f"{n % 7} {n}", f"box{n % 7}", ("one", "two")[n % 2]) for n in range(100)]
    letters = [bench.letter(*word) for word in words]
    async with office.host() as host:
        await office.post(*letters[:60])
        await office.post(*letters[60:])
        await office.settled(host)
    for site in ("one", "two"):
        notes = await bench.notes(site)
        assert sorted(notes) == sorted(word for word, _, where in words if where == site)
        for box in range(7):
            told = [word for word, name, where in words if (name, where) == (f"box{box}", site)]
            assert [note for note in notes if note in told] == told
    assert await office.positions() == {100}


async def test_who_comes_later_goes_on_where_the_first_was(office) -> None:
    bench = office.bench
    async with office.host() as host:
        await office.post(bench.letter("first"))
        await office.settled(host)
    await office.post(bench.letter("meanwhile"))
    async with office.host() as host:
        await office.post(bench.letter("last"))
        await office.settled(host)
    assert bench.stage.ran == ["first", "meanwhile", "last"]


@pytest.mark.long
async def test_an_event_writes_how_far_its_partition_is_and_of_no_other(office) -> None:
    bench = office.bench
    moved = "select from hanse.delivery where subscription > 1 and position = $1"
    async with office.host() as host, asyncio.timeout(PATIENCE):
        await office.post(bench.letter("first"))
        await office.settled(host)
        while await office.positions() != {1}:  # all were passed by, and are not for five seconds
            await asyncio.sleep(0.01)

        await office.post(bench.letter("next"))

        while not (rows := await bench.database.fetch(moved, 2)):
            await asyncio.sleep(0.01)
        assert len(rows) == 1


async def test_a_host_that_ends_lets_its_handlers_end_and_gives_its_partitions_back(office) -> None:
    bench = office.bench
    bench.stage.waits["slow"] = asyncio.Event()
    async with office.host():
        await office.post(bench.letter("slow", "a"), bench.letter("next", "a"))
        await asyncio.wait_for(bench.stage.entered.wait(), PATIENCE)
        asyncio.get_running_loop().call_later(2.0, bench.stage.waits["slow"].set)
    assert await bench.notes() == ["slow"]
    assert (await office.shares(), await bench.parked()) == ([], [])


async def test_a_broker_that_is_killed_loses_nothing_and_nothing_comes_twice(bench) -> None:
    with NatsServer() as server:
        async with office_at(server, bench) as office, office.host() as host:
            await office.post(*(bench.letter(f"{n}", "box") for n in range(3)))
            await office.settled(host)
            server.stop(keep=True)
            async with asyncio.timeout(PATIENCE):
                while office.made.broker.connected:
                    await asyncio.sleep(0.02)
                server.start()
                await office.made.broker.until_connected()
            await office.post(*(bench.letter(f"{n}", "box") for n in range(3, 6)))
            await office.settled(host)
    assert bench.stage.ran == list("012345")


async def test_hosts_share_the_partitions_and_nothing_is_handled_by_two(office) -> None:
    bench, others = office.bench, Stage()
    async with office.host() as first:
        await office.post(*(bench.letter(f"a{n}", f"box{n}") for n in range(64)))
        await office.settled(first)
        await office.until_shares(64)
        async with office.host(others) as second:
            await office.until_shares(32, 32)
            await office.post(*(bench.letter(f"b{n}", f"box{n}") for n in range(64)))
            await office.settled(first, second)
            assert len(others.ran) > 10
            assert sorted(others.ran + bench.stage.ran[64:]) == sorted(f"b{n}" for n in range(64))
        await office.until_shares(64)
    assert len(await bench.notes()) == 128
    assert await office.shares() == []


async def test_a_partition_is_given_away_when_nothing_of_it_is_under_way(office) -> None:
    bench, others = office.bench, Stage()
    slow = bench.letter("slow", "box63")
    bench.stage.waits["slow"] = asyncio.Event()
    async with office.host() as first:
        await office.post(
            bench.letter("quick"), *(bench.letter(f"{n}", f"box{n}") for n in range(63)), slow
        )
        await asyncio.wait_for(bench.stage.entered.wait(), PATIENCE)
        async with office.host(others) as second:
            await office.until_shares(32 - (slow.partition >= 32), 32 + (slow.partition >= 32))
            bench.stage.waits["slow"].set()
            await office.until_shares(32, 32)
            await office.settled(first, second)
    assert (others.ran, len(bench.stage.ran)) == ([], 65)


async def test_what_is_stuck_keeps_no_partition_from_who_is_to_have_it(office) -> None:
    """Nobody would read it: who is to give it away takes nothing new of it, and has not drained it."""
    bench, others = office.bench, Stage()
    bench.stage.waits["bad"] = asyncio.Event()
    bench.stage.fails["bad"] = [ValueError("no")] * 100
    never = "alter table hanse.parked add constraint never check (false) not valid"
    async with office.host() as first:
        await office.post(*(bench.letter("bad", f"{n}", partition=n) for n in (0, 63)))
        await asyncio.wait_for(bench.stage.entered.wait(), PATIENCE)
        await bench.database.execute(never)
        async with office.host(others) as second:
            await office.until_shares(31, 33)  # one of the two waits for its handler to end
            bench.stage.waits["bad"].set()
            await office.until_shares(32, 32)
            await office.post(*(bench.letter("other", f"other{n}", partition=n) for n in (0, 63)))
            async with asyncio.timeout(PATIENCE):
                while "other" not in others.ran:
                    await asyncio.sleep(0.02)
            await bench.database.execute("alter table hanse.parked drop constraint never")
            bench.stage.fails.clear()
            await office.settled(first, second)


async def test_a_key_is_handled_one_after_the_other_and_others_meanwhile(office) -> None:
    bench = office.bench
    bench.stage.waits["a1"] = asyncio.Event()
    async with office.host() as host:
        await office.post(*(bench.letter(word, word[0]) for word in ("a1", "a2", "b1", "c1", "a3")))
        async with asyncio.timeout(PATIENCE):
            while len(bench.stage.ran) < 2:
                await asyncio.sleep(0.02)
        assert sorted(bench.stage.ran) == ["b1", "c1"]
        assert max(await office.positions()) >= 0
        bench.stage.waits["a1"].set()
        await office.settled(host)
    assert [word for word in bench.stage.ran if word[0] == "a"] == ["a1", "a2", "a3"]


async def test_who_is_slow_reads_slowly(office) -> None:
    bench = office.bench
    go_on = asyncio.Event()
    letters = [bench.letter(f"{n}", f"box{n % 20}") for n in range(600)]
    bench.stage.waits = dict.fromkeys(map(str, range(600)), go_on)
    async with office.host() as host:
        await office.post(*letters)
        async with asyncio.timeout(PATIENCE):
            while host.under_way() < 256:
                await asyncio.sleep(0.02)
        await asyncio.sleep(0.2)
        assert host.under_way() == 256
        assert sum(bench.stage.tries.values()) == 16
        go_on.set()
        await office.settled(host)
    assert len(await bench.notes()) == 600


async def test_who_lost_a_partition_and_does_not_know_handles_nothing(office) -> None:
    bench = office.bench
    async with office.host() as host:
        await office.post(bench.letter("before"))
        await office.settled(host)
        await bench.database.execute(
            "insert into hanse.subscriber select id, 0, 'another', now() + interval '1 minute' "
            "from hanse.subscription"
        )
        await bench.database.execute(
            "update hanse.delivery set epoch = epoch + 1, holder = 'another'"
        )
        await office.post(bench.letter("after"))
        async with asyncio.timeout(PATIENCE):
            while host.held() != 0:
                await asyncio.sleep(0.02)
    assert await bench.notes() == ["before"]
    assert len(await bench.inbox()) == 1


async def test_what_was_let_slip_and_taken_again_is_not_for_who_read_it_before(office) -> None:
    """It passed over what came in between, and what comes now would hide that."""
    reading = Reading(office.made, Reader(office.made, [], 1), {3: 1, 4: 1})
    held = {3: Held(2, Progress(4), 4), 4: Held(1, Progress(4), 4), 5: Held(1, Progress(4), 4)}
    assert [reading.begin(held, number, 9) for number in (3, 4, 4, 5, 6)] == [None, 1, *[None] * 3]
    assert [held[number].progress.seen for number in (3, 4, 5)] == [4, 9, 4]


async def test_what_no_database_keeps_is_passed_over_and_holds_nothing_up(office) -> None:
    bench = office.bench
    odd = [bench.letter("zero", "a\0b"), bench.letter("nobody")]
    odd[1] = replace(odd[1], sent=write_envelope(replace(odd[1].envelope, id="no id")))
    after = [bench.letter("after", box=f"box{n}", partition=odd[n].partition) for n in (0, 1)]
    async with office.host() as host:
        await office.post(*odd, *after)
        await office.settled(host)
    assert bench.stage.ran == ["after"] * 2
    assert await office.positions() == {4}


async def test_what_waited_behind_another_follows_it_at_once(office) -> None:
    bench, words = office.bench, [f"{n}" for n in range(12)]
    bench.stage.fails["0"] = [ValueError("no")]
    async with office.host() as host:
        await office.post(*map(bench.letter, words))
        await office.settled(host)
        bench.clock.advance(AFTER[0])
        await host.settle()
        async with asyncio.timeout(PATIENCE):
            while len(notes := await bench.notes()) < len(words):
                await asyncio.sleep(0.02)
    assert notes == words


async def test_who_let_a_partition_slip_is_not_whole_until_it_is_taken_again(bench) -> None:
    partitions = held_by("host", bench)
    assert await partitions.keep()
    assert partitions.whole
    partitions.lose(3, partitions.held[3].epoch)
    assert not partitions.whole
    assert await partitions.keep()
    assert partitions.whole


async def test_what_a_host_let_slip_and_has_no_room_for_is_anothers_at_once(bench) -> None:
    """It would stay its holder in the database and read none of it, and nobody else could take it."""
    first, second = [held_by(one, bench, seconds=60.0) for one in ("first", "second")]
    await first.keep()
    await second.keep()  # from now on each is to have the half
    for number in (3, 40, 63):
        first.lose(number, first.held[number].epoch)
    await first.keep()
    await first.release_drained()
    await second.keep()
    assert sorted([*first.held, *second.held]) == list(range(PARTITIONS))
    assert len(first.held) == len(second.held)


async def test_what_a_host_does_not_know_to_hold_becomes_anothers(bench) -> None:
    first, second = [held_by(one, bench, seconds=60.0) for one in ("first", "second")]
    await first.keep()
    for number in (3, 40, 63):
        del first.held[number]  # as where the answer to taking it was lost
    await second.keep()  # from now on each is to have the half
    (row,) = await bench.database.fetch("select clock_timestamp() + interval '1 minute' as until")
    await first.keep()
    await first.release_drained()
    over = "update hanse.delivery set until_time = clock_timestamp() where until_time < $1"
    await bench.database.execute(over, row["until"])  # as if a minute had passed
    await second.keep()
    assert sorted([*first.held, *second.held]) == list(range(PARTITIONS))


async def test_what_the_stream_has_no_more_is_said_and_counted_once(office, caplog) -> None:
    bench, name = office.bench, "room.v1.Room/keep"
    await own_stream(bench.database)
    async with office.host() as host:
        await office.post(*(bench.letter(f"{n}", f"box{n}") for n in range(3)))
        await office.settled(host)
    await office.post(*(bench.letter(f"{n}", f"box{n}") for n in range(3, 9)))
    await office.made.purge(8)
    for _ in range(2):
        async with office.host() as host:
            await office.settled(host)
    assert bench.stage.ran == ["0", "1", "2", "7", "8"]
    assert f"{name} was at event 3, and the stream begins at 8: up to 4 events" in caplog.text
    assert caplog.text.count("it will never handle them") == 1
    counted = f'hanse_events_missed_total{{subscription="{name}"}} 4'
    assert counted in bench.instruments.metrics.prometheus()


async def test_what_a_restore_has_undone_is_missed_by_nobody(office, caplog) -> None:
    bench = office.bench
    await own_stream(bench.database)
    async with office.host() as host:
        await office.post(*(bench.letter(f"{n}", f"box{n}") for n in range(3)))
        await office.settled(host)
    await office.post(*(bench.letter(f"{n}", f"box{n}") for n in range(3, 6)))
    await note_struck(bench.database, 4, 6)  # as the relay does, which takes them out then
    await office.made.purge(7)
    await office.post(bench.letter("new"))
    async with office.host() as host:
        await office.settled(host)
    assert bench.stage.ran == ["0", "1", "2", "new"]
    assert "begins at" not in caplog.text


async def test_a_host_has_its_share_of_a_feed_only_while_it_reads_that_one(bench) -> None:
    """One that reads the past only, or what comes only, would keep the other's from who does."""
    await bench.database.execute(
        "insert into hanse.delivery (subscription, replay_epoch, partition, position) "
        "select 1, 1, n, 0 from generate_series(0, 63) n"
    )
    replay = held_by("one", bench, Feed(1, 1))
    live = held_by("two", bench)
    for _ in range(2):
        await replay.keep()
        await live.keep()
    for one in (replay, live):
        assert len(one.held) == PARTITIONS
        assert not any(held.leaving for held in one.held.values())


async def test_a_replay_that_ends_leaves_its_host_to_what_comes(bench) -> None:
    await bench.database.execute(
        "insert into hanse.delivery (subscription, replay_epoch, partition, position) "
        "select 1, 1, n, 0 from generate_series(0, 63) n"
    )
    live, replay = (held_by("host", bench, Feed(1, n)) for n in (0, 1))
    await live.keep()
    await replay.keep()
    for ending, left in ((replay, 1), (live, 0)):
        await ending.leave()
        assert len(await bench.database.fetch("select from hanse.subscriber")) == left


@given(st.permutations(range(10)), st.integers(0, 10))
def test_a_position_is_below_all_that_is_not_settled(order, count) -> None:
    progress = Progress(4)
    assert [progress.begin(seq * 3 + 5) for seq in range(10)] == [True] * 10
    for settled in order[:count]:
        progress.settle(settled * 3 + 5)
    left = [seq * 3 + 5 for seq in order[count:]]
    progress.pass_by(40)
    assert progress.position == min(left, default=41) - 1
    assert not progress.begin(32)
    assert progress.is_idle == (not left)


@given(st.sets(st.text(max_size=3), min_size=1, max_size=80))
def test_all_shares_together_are_all_partitions(hosts) -> None:
    live = dict.fromkeys(hosts, 1.0)
    shares = [share_of(host, live) for host in hosts]
    assert sum(shares) == PARTITIONS
    assert max(shares) - min(shares) <= 1
    assert share_of("nobody", live) == 0


@given(
    st.dictionaries(st.text(max_size=3), st.sampled_from([0.0, 0.01, 0.1, 0.3, 0.5]), max_size=2),
    st.sets(st.text(min_size=4, max_size=5), min_size=1, max_size=20),
)
def test_who_is_judged_gets_no_more_than_its_share_and_the_others_the_rest(judged, settled) -> None:
    live = {**judged, **dict.fromkeys(settled, 1.0)}

    shares = {host: share_of(host, live) for host in live}

    assert sum(shares.values()) == PARTITIONS
    for host, share in judged.items():
        assert shares[host] - PARTITIONS * share < 1, "no more than it takes to have some"
        assert bool(shares[host]) == bool(share)
    of_settled = [shares[host] for host in settled]
    assert max(of_settled) - min(of_settled) <= 1


async def test_partitions_follow_the_share_of_who_is_judged(bench) -> None:
    settled, canary = (held_by(name, bench) for name in ("a", "b"))

    async def held(share: float) -> list[int]:
        for _ in range(3):
            for one, part in ((settled, 1.0), (canary, share)):
                bench.database.share = lambda part=part: part
                await one.keep()
                await one.release_drained()
        return [len(settled.held), len(canary.held)]

    assert await held(0.0) == [PARTITIONS, 0]
    assert await held(0.25) == [PARTITIONS * 3 // 4, PARTITIONS // 4]
    assert await held(0.0) == [PARTITIONS, 0]


async def test_what_a_dead_host_holds_by_a_clock_that_was_ahead_is_free(bench) -> None:
    ahead = "set until_time = clock_timestamp() + make_interval(secs => $1)"
    await bench.database.execute("insert into hanse.subscriber values (1, 0, 'dead', now())")
    await bench.database.execute("update hanse.delivery set holder = 'dead'")
    partitions = held_by("alive", bench)
    await bench.database.execute(f"update hanse.subscriber {ahead}", 5.0)
    assert not await partitions.keep()
    await bench.database.execute(f"update hanse.subscriber {ahead} where holder = 'dead'", 3600.0)
    assert await partitions.keep()
    assert len(partitions.held) == PARTITIONS
