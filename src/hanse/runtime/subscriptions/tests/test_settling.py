"""An event is handled once, or parked with what follows it, whatever goes wrong on the way."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from msgspec.structs import replace

from hanse import Aborted, InvalidArgument, Unavailable
from hanse.runtime.data.tests.servers import PATIENCE
from hanse.runtime.subscriptions.handling.retry import AFTER
from hanse.runtime.subscriptions.handling.settling import PartitionLost
from hanse.runtime.subscriptions.tests.conftest import MORNING


async def test_the_effect_is_done_once_however_often_the_event_comes(bench) -> None:
    settling, letter = bench.settling(), bench.letter("hello")
    for _ in range(2):
        await settling.settle([letter])
    assert await bench.notes() == ["hello"]
    assert await bench.inbox() == {UUID(letter.envelope.id)}
    (delivery,) = {one.key for one in bench.stage.deliveries}
    assert delivery == f"desk.v1.Desk/note/{letter.envelope.id}"


async def test_of_two_hosts_with_one_event_one_does_it(bench) -> None:
    letter = bench.letter("race")
    first, second = bench.settling(), bench.settling()
    bench.stage.waits["race"] = asyncio.Event()
    racers = [asyncio.create_task(one.settle([letter])) for one in (first, second)]
    await asyncio.wait_for(bench.stage.entered.wait(), PATIENCE)
    bench.stage.waits["race"].set()
    await asyncio.wait_for(asyncio.gather(*racers), PATIENCE)
    assert (await bench.notes(), bench.stage.ran) == (["race"], ["race"])


async def test_what_writes_nothing_is_done_once_too(bench) -> None:
    settling, letter = bench.settling("glance"), bench.letter("hello")
    for _ in range(2):
        await settling.settle([letter])
    assert len(await bench.inbox()) == 1


async def test_a_failed_handler_leaves_nothing_and_has_its_key_wait(bench) -> None:
    settling = bench.settling()
    bench.stage.fails["bad"] = [ValueError("no"), ValueError("no")]
    for word, box in (("bad", "a"), ("later", "a"), ("other", "b"), ("last", "a")):
        await settling.settle([bench.letter(word, box)])
    assert await bench.notes() == ["other"]
    assert len(await bench.inbox()) == 1
    assert await bench.parked() == [
        ("bad", 1, "waiting"),
        ("later", 0, "waiting"),
        ("last", 0, "waiting"),
    ]
    assert await bench.take_due(settling) == 0
    bench.clock.advance(AFTER[0])
    assert await bench.take_due(settling) == 1
    assert await bench.parked() == [
        ("bad", 2, "waiting"),
        ("later", 0, "waiting"),
        ("last", 0, "waiting"),
    ]
    bench.clock.advance(AFTER[1])
    assert [await bench.take_due(settling) for _ in range(4)] == [1, 1, 1, 0]
    assert await bench.notes() == ["other", "bad", "later", "last"]
    assert await bench.parked() == []


async def test_who_does_not_know_yet_that_a_key_waits_finds_it_in_the_transaction(bench) -> None:
    bench.stage.fails["bad"] = [ValueError("no")]
    await bench.settling().settle([bench.letter("bad")])
    await bench.settling().settle([bench.letter("later")])
    await bench.settling("gather").settle([bench.letter("other", "b"), bench.letter("last")])
    assert await bench.notes() == ["other"]
    assert [word for word, _, _ in await bench.parked()] == ["bad", "later", "last"]


async def test_a_site_does_not_wait_for_anothers_key(bench) -> None:
    settling = bench.settling()
    bench.stage.fails["bad"] = [ValueError("no")]
    await settling.settle([bench.letter("bad", "a", "one")])
    await asyncio.wait_for(settling.settle([bench.letter("good", "a", "two")]), PATIENCE)
    assert (await bench.notes("one"), await bench.notes("two")) == ([], ["good"])


async def test_after_two_days_nobody_tries_any_more(bench) -> None:
    settling = bench.settling()
    bench.stage.fails["bad"] = [ValueError("no")] * 20
    await settling.settle([bench.letter("bad")])
    await settling.settle([bench.letter("later")])
    for wait in AFTER:
        bench.clock.advance(wait)
        assert await bench.take_due(settling) == 1
    assert sum(AFTER, timedelta()) <= timedelta(days=2)
    bench.clock.advance(timedelta(days=30))
    assert await bench.take_due(settling) == 0
    assert await bench.parked() == [("bad", len(AFTER) + 1, "dead"), ("later", 0, "waiting")]


async def test_failures_of_the_moment_are_tried_again_where_they_are(bench) -> None:
    settling = bench.settling()
    bench.stage.fails["slow"] = [Unavailable("not now"), Aborted("once more")]
    await asyncio.wait_for(settling.settle([bench.letter("slow")]), PATIENCE)
    assert (await bench.notes(), bench.stage.tries["slow"]) == (["slow"], 3)
    assert await bench.parked() == []


async def test_who_lost_the_partition_does_nothing_and_parks_nothing(bench) -> None:
    settling = bench.settling()
    bench.stage.fails["bad"] = [ValueError("no")]
    bad = bench.letter("bad")
    await bench.hold(2)
    for letter in (bench.letter("hello"), bad):
        with pytest.raises(PartitionLost):
            await settling.settle([letter])
    assert (await bench.notes(), await bench.inbox(), await bench.parked()) == ([], set(), [])
    assert bench.stage.ran == []


async def test_who_lost_it_while_a_handler_fails_parks_nothing(bench) -> None:
    settling = bench.settling()
    bench.stage.fails["bad"] = [ValueError("no")]
    bench.stage.waits["bad"] = asyncio.Event()
    task = asyncio.create_task(settling.settle([bench.letter("bad")]))
    await asyncio.wait_for(bench.stage.entered.wait(), PATIENCE)
    await bench.hold(2)
    bench.stage.waits["bad"].set()
    with pytest.raises(PartitionLost):
        await asyncio.wait_for(task, PATIENCE)
    assert await bench.parked() == []


async def test_what_a_host_breaks_off_at_its_end_has_not_failed(bench) -> None:
    settling = bench.settling()
    bench.stage.waits["slow"] = asyncio.Event()
    task = asyncio.create_task(settling.settle([bench.letter("slow")]))
    await asyncio.wait_for(bench.stage.entered.wait(), PATIENCE)
    task.cancel()
    await asyncio.wait((task,))
    assert task.cancelled()
    assert (await bench.notes(), await bench.inbox(), await bench.parked()) == ([], set(), [])


async def test_what_is_canceled_inside_a_handler_has_failed_like_anything_else(bench) -> None:
    """Nobody ends the host: passed over, it would come when its partition is taken anew, too late."""
    settling = bench.settling()
    bench.stage.fails["hung up"] = [asyncio.CancelledError()] * 2
    for word in ("hung up", "later"):
        await settling.settle([bench.letter(word)])
    assert await bench.parked() == [("hung up", 1, "waiting"), ("later", 0, "waiting")]
    bench.clock.advance(AFTER[0])
    assert await bench.take_due(settling) == 1
    assert await bench.parked() == [("hung up", 2, "waiting"), ("later", 0, "waiting")]
    assert await bench.notes() == []


async def test_a_batch_is_one_transaction_and_splits_down_to_what_fails(bench) -> None:
    settling = bench.settling("gather")
    bench.stage.fails["c"] = [ValueError("no")] * 9
    await settling.settle(
        [bench.letter(word, box) for word, box in zip("abcdefgh", "12343678", strict=True)]
    )
    assert await bench.notes() == list("abdfgh")  # e is of c's key, and waits
    assert await bench.parked() == [("c", 1, "waiting"), ("e", 0, "waiting")]
    assert bench.stage.batches[0] == tuple("abcdefgh")
    assert bench.stage.batches[1] == tuple("abcd")
    assert len(await bench.inbox()) == 6


async def test_a_batch_is_in_the_locale_of_its_events_where_they_have_one(bench) -> None:
    settling = bench.settling("gather")
    for locales in (("de", "de"), ("de", "fr")):
        letters = [bench.letter(f"{one}") for one in locales]
        await settling.settle(
            [replace(one, envelope=replace(one.envelope, locale=locale))
             for one, locale in zip(letters, locales, strict=True)]
        )  # fmt: skip
    assert bench.stage.locales == ["de", "en"]


async def test_of_a_batch_with_a_lost_partition_nothing_is_done(bench) -> None:
    ours, lost = bench.letter("a", "1"), bench.letter("b", "2")
    text = "update hanse.delivery set epoch = 2 where partition = $1"
    await bench.database.execute(text, lost.partition)
    with pytest.raises(PartitionLost):
        await bench.settling("gather").settle([ours, lost])
    assert (await bench.notes(), await bench.inbox(), await bench.parked()) == ([], set(), [])


async def test_two_copies_in_a_batch_are_one(bench) -> None:
    settling, letters = bench.settling("gather"), [bench.letter("a"), bench.letter("b")]
    copies = [replace(one, seq=one.seq + 2) for one in letters]
    await asyncio.wait_for(settling.settle([*letters, *copies]), PATIENCE)
    assert (await bench.notes(), bench.stage.batches) == (["a", "b"], [("a", "b")])


@pytest.mark.parametrize("text", ["no such thing: a\0b", "half a letter: \ud800"])
async def test_whatever_it_failed_with_an_event_is_parked(bench, text) -> None:
    settling = bench.settling()
    bench.stage.fails["bad"] = [InvalidArgument(text)] * 2
    await asyncio.wait_for(settling.settle([bench.letter("bad")]), PATIENCE)
    bench.clock.advance(AFTER[0])
    assert await bench.take_due(settling) == 1
    assert await bench.parked() == [("bad", 2, "waiting")]


@pytest.mark.parametrize("again", [False, True], ids=["first", "parked"])
async def test_what_can_be_neither_handled_nor_parked_is_held_seen_and_tried_less_and_less(
    bench, caplog, again
) -> None:
    """It was tried each second for ever, by another host each time, and nobody saw it."""
    settling, letter = bench.settling(), bench.letter("bad")
    bench.stage.fails["bad"] = [ValueError("no")] * 20
    if again:
        await settling.settle([letter])
        bench.clock.advance(AFTER[0])
    never = "add constraint never check (attempt = {}) not valid"
    await bench.database.execute(f"alter table hanse.parked {never.format(int(again))}")
    work = bench.take_due(settling) if again else settling.settle([letter])
    task = asyncio.create_task(work)
    stuck = 'hanse_events_stuck{subscription="desk.v1.Desk/note"} 1'
    async with asyncio.timeout(PATIENCE):
        while stuck not in bench.instruments.metrics.prometheus():
            await asyncio.sleep(0.01)
    assert "can neither handle event" in caplog.text
    assert "acme" not in caplog.text
    await asyncio.wait_for(settling.settle([bench.letter("other", "b")]), PATIENCE)
    await bench.database.execute("alter table hanse.parked drop constraint never")
    if again:
        task.cancel()
        await asyncio.wait((task,))
    else:
        await asyncio.wait_for(task, PATIENCE)
    assert stuck not in bench.instruments.metrics.prometheus()
    assert (await bench.notes(), await bench.parked()) == (["other"], [("bad", 1, "waiting")])


async def test_what_it_does_not_subscribe_to_is_parked(bench) -> None:
    settling, letter = bench.settling(), bench.letter("odd")
    odd = replace(letter, envelope=replace(letter.envelope, type="post.v1.Parcel"))
    await asyncio.wait_for(settling.settle([odd]), PATIENCE)
    assert (bench.stage.ran, await bench.parked()) == ([], [("odd", 1, "waiting")])


async def test_what_waits_behind_another_is_not_looked_at(bench) -> None:
    """Thousands may, and each of them would be read at each look."""
    await bench.database.execute(
        "insert into hanse.parked select 1, 0, gen_random_uuid(), 'one', 'a' || n % 3, 5, n, 't', "
        "'', 0, $1, $1, case when n < 3 then 'dead' else 'waiting' end, '' "
        "from generate_series(0, 2999) n",
        MORNING,
    )
    await bench.database.execute("analyze hanse.parked")
    async with bench.database.transaction():
        assert await bench.take_due(bench.settling()) == 0
        read = await bench.database.fetch(
            "select coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) as n "
            "from pg_stat_xact_user_tables where relid = 'hanse.parked'::regclass"
        )
    assert 3 <= read[0]["n"] < 30


async def test_what_waits_behind_another_is_not_begun(bench) -> None:
    settling, letters = bench.settling(), [bench.letter(word) for word in ("bad", "later", "last")]
    bench.stage.fails["bad"] = [ValueError("no")]
    for letter in letters[:2]:
        await settling.settle([letter])
    assert [one.id for one in bench.stage.deliveries] == [letters[0].envelope.id]
    bench.clock.advance(AFTER[0])
    assert [await bench.take_due(settling) for _ in range(3)] == [1, 1, 0]
    await settling.settle(letters[2:])
    assert await bench.notes() == ["bad", "later", "last"]


async def test_a_handled_event_is_work_of_its_host_and_one_that_fails_is_a_fault(bench) -> None:
    settling = bench.settling()
    bench.stage.fails["bad"] = [ValueError("no"), ValueError("no")]
    for word, box in (("good", "a"), ("bad", "b")):
        await settling.settle([bench.letter(word, box)])
    told = bench.instruments.tally.figures({})
    assert (told.requests, told.refused) == (1 + told.failed, 0)
    assert {client for *_, client in told.failures} == {"service:desk.v1.Desk"}
