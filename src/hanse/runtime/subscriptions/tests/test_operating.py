"""What operators do: look, try again, edit, drop, handle a part of the past once more."""

from datetime import timedelta

import pytest

from hanse import FailedPrecondition, InvalidArgument, NotFound
from hanse.runtime.events.relay.tables import own_stream
from hanse.runtime.events.tables import make_tables as make_outbox
from hanse.runtime.subscriptions.handling.claim import Feed
from hanse.runtime.subscriptions.letters import Letters
from hanse.runtime.subscriptions.overview import Overview
from hanse.runtime.subscriptions.replay import Range, begin_replay, range_between
from hanse.runtime.subscriptions.sweep import sweep


async def dead(bench, settling) -> None:
    """A dead event with one behind it."""
    bench.stage.fails["bad"] = [ValueError("no")] * 20
    await settling.settle([bench.letter("bad")])
    await settling.settle([bench.letter("later")])
    await bench.database.execute("update hanse.parked set state = 'dead' where attempt > 0")


async def test_what_is_dead_is_listed_shown_and_tried_again(bench) -> None:
    settling, letters = bench.settling(), Letters(bench.database)
    await dead(bench, settling)
    (listed,) = await letters.parked()
    assert (listed.error, listed.state, listed.key, bytes(listed.envelope)) == (
        "internal: The service failed. Its log has the cause under this trace.", "dead", "a", b"null",
    )  # fmt: skip
    assert [one.state for one in await letters.parked(waiting=True)] == ["dead", "waiting"]
    shown = await letters.show(listed.event)
    assert b'"word":"bad"' in bytes(shown.envelope)
    (state,) = await Overview(bench.database, None).subscriptions()
    assert (state.name, state.waiting, state.dead) == ("desk.v1.Desk/note", 1, 1)
    bench.stage.fails.clear()
    await letters.again(shown)
    while await bench.take_due(settling):
        pass
    assert await bench.notes() == ["bad", "later"]
    with pytest.raises(NotFound):
        await letters.again(shown)


async def test_what_is_dropped_counts_as_handled_and_lets_the_others_on(bench) -> None:
    settling, letters = bench.settling(), Letters(bench.database)
    await dead(bench, settling)
    (letter,) = await letters.parked()
    await letters.drop(letter)
    while await bench.take_due(settling):
        pass
    assert await bench.notes() == ["later"]
    assert {str(one) for one in await bench.inbox()} >= {letter.event}


async def test_what_is_edited_is_an_event_of_its_own_in_the_place_of_the_first(bench) -> None:
    settling, letters = bench.settling(), Letters(bench.database)
    await dead(bench, settling)
    (letter,) = [await letters.show(one.event) for one in await letters.parked()]
    with pytest.raises(InvalidArgument, match="JSON object"):
        await letters.edit(letter, b"[]")
    edited = await letters.edit(letter, b'{"box": "a", "word": "mended"}')
    assert (await letters.show(edited)).edited_from == letter.event != edited
    while await bench.take_due(settling):
        pass
    assert await bench.notes() == ["mended", "later"]


async def test_nothing_of_a_person_stands_in_clear_beside_what_is_sealed(bench, caplog) -> None:
    sealed = f"~.{'A' * 11}.{'A' * 40}"
    settling, letters = bench.settling(), Letters(bench.database)
    bench.stage.fails[sealed] = [InvalidArgument("No room for ada@example.com.") for _ in "ab"]
    await settling.settle([bench.letter(sealed)])
    await bench.database.execute("update hanse.parked set due_time = '-infinity'")
    (parked,) = await letters.parked(waiting=True)
    assert parked.error == "invalid_argument: its event has sealed values"
    await bench.take_due(settling)
    letter = await letters.show(parked.event)
    assert (letter.attempt, letter.error) == (2, parked.error)
    assert "key waits now: invalid_argument" in caplog.text
    assert "ada@" not in caplog.text
    with pytest.raises(FailedPrecondition, match="in clear"):
        await letters.edit(letter, b'{"box": "a", "word": "Ada"}')


async def test_of_a_fault_with_what_is_sealed_a_log_has_kind_and_place_alone(bench, caplog) -> None:
    settling = bench.settling()
    fault = ValueError("No mail to ada@example.com.")
    fault.__cause__ = ExceptionGroup("for ada@", [KeyError("ada@example.com")])
    fault.add_note("It was ada@example.com.")
    bench.stage.fails = {f"~.{'A' * 11}.{'A' * 40}": [fault], "clear": [ValueError("no box")]}
    for word in bench.stage.fails:
        await settling.settle([bench.letter(word, box=word[:1])])
    assert "ada@" not in caplog.text
    for there in ("KeyError", "ExceptionGroup", "ValueError", "in enter", "no box"):
        assert there in caplog.text


async def test_a_range_is_handled_once_more_by_one_subscription(office) -> None:
    bench = office.bench
    async with office.host() as host:
        await office.post(*(bench.letter(f"{n}", f"box{n % 2}") for n in range(10)))
        await office.settled(host)
        await begin_replay(bench.database, office.made, "room.v1.Room/keep", Range(4, 7))
        await office.post(bench.letter("new", "box0"))
        await office.settled(host)
    assert sorted(bench.stage.ran[10:]) == ["3", "4", "5", "6", "new"]
    assert [one for one in bench.stage.ran[10:] if one in "35"] == ["3", "5"]
    done = await bench.database.fetch("select done_time from hanse.event_replay")
    assert [row["done_time"] for row in done] == [bench.clock.now()]
    assert len(await bench.inbox()) == 11
    with pytest.raises(NotFound, match="no subscription"):
        await begin_replay(bench.database, office.made, "nobody", Range(1, 2))
    with pytest.raises(InvalidArgument, match="no range"):
        await begin_replay(bench.database, office.made, "room.v1.Room/keep", Range(3, 2))


async def test_a_range_that_is_not_all_there_is_refused_with_what_is(office) -> None:
    bench, name = office.bench, "room.v1.Room/keep"
    await office.post(*(bench.letter(f"{n}") for n in range(5)))
    await office.made.purge(3)
    for wanted in (Range(2, 4), Range(3, 6)):
        with pytest.raises(InvalidArgument, match=r"It holds 3 to 5, told 20.* UTC"):
            await begin_replay(bench.database, office.made, name, wanted)
    async with office.host() as host:
        await office.settled(host)
        await begin_replay(bench.database, office.made, name, Range(3, 5))
        await office.settled(host)
    assert bench.stage.ran == ["2", "3", "4"] * 2


async def test_events_are_found_by_when_they_were_told(office) -> None:
    bench, stream = office.bench, office.made
    for n in range(5):  # each a write of its own, at a time of its own
        await office.post(bench.letter(f"{n}"))
    times = [await stream.time_of(n) for n in range(1, 6)]
    for first in range(5):
        for last in range(first, 5):
            found = await range_between(stream, times[first], times[last])
            assert (times[found.first - 1], times[found.last - 1]) == (times[first], times[last])
    assert await range_between(stream, None, None) == (1, 5)
    assert await range_between(stream, times[4] - timedelta(days=1), None) == (1, 5)
    for since, until in (
        (times[4] + timedelta(days=1), None),
        (None, times[0] - timedelta(days=1)),
    ):
        with pytest.raises(NotFound, match=r"between these moments. It holds 1 to 5"):
            await range_between(stream, since, until)


async def test_a_subscription_that_nobody_has_any_more_is_forgotten(office) -> None:
    bench, letters, name = office.bench, Letters(office.bench.database), "room.v1.Room/keep"
    async with office.host() as host:
        await office.post(bench.letter("hello"))
        await office.settled(host)
        with pytest.raises(FailedPrecondition, match="Hosts read"):
            await letters.forget(name)
    assert len(await bench.inbox()) == 1
    await letters.forget(name)
    assert await bench.inbox() == set()
    with pytest.raises(NotFound):
        await letters.forget(name)


async def test_the_inbox_forgets_what_can_never_come_again_and_nothing_else(bench) -> None:
    database, settling = bench.database, bench.settling()
    await make_outbox(database)
    await own_stream(database)
    letters = [bench.letter(f"{n}", f"box{n}") for n in range(6)]
    await settling.settle(letters[:1])
    for one in letters[1:]:
        await settling.settle([one])
    await database.execute("update hanse.delivery set position = 5")
    await database.execute(
        "insert into hanse.outbox (id, partition, type, envelope) values ($1, 0, 'x', 'x')",
        letters[3].claim.event,
    )
    await database.execute("update hanse.stream set last_seq = 6")
    assert await sweep(database, Feed(1)) == 0  # marks up to 3: 4 may be told again
    await database.execute("delete from hanse.outbox")
    assert await sweep(database, Feed(1)) == 0  # a copy may stand at 6, which nobody has passed
    await database.execute("update hanse.delivery set position = 6")
    assert await sweep(database, Feed(1)) == 3
    assert await bench.inbox() == {one.claim.event for one in letters[3:]}
    assert await sweep(database, Feed(1)) == 3
    assert await bench.inbox() == set()
