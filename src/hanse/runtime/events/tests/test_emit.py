"""An event is kept with what it tells of or not at all, in its envelope, and read as it was."""

import asyncio
from datetime import UTC, datetime

import msgspec
import pytest
from msgspec.structs import replace

from hanse.runtime.data.database import Database
from hanse.runtime.data.people.people import People
from hanse.runtime.data.personal.subject_key import BrokenSeal
from hanse.runtime.errors import InvalidArgument, ResourceExhausted
from hanse.runtime.events.envelope import (
    PARTITIONS,
    UnreadableEvent,
    partition_of,
    read_envelope,
    write_envelope,
)
from hanse.runtime.events.reading import Reader
from hanse.runtime.events.tests.board import Applied, Board, Job, JobPublished
from hanse.runtime.identity.principal import Principal
from hanse.testing.acting import acting

MEMBER = Principal("member", "ada")


@pytest.fixture
async def board(postgres):
    with acting(MEMBER, site="acme", locale="de"):
        board = Board(Database(postgres.config))
        async with board.database:
            yield board


async def test_an_event_lies_in_its_envelope_and_is_read_as_it_was(board):
    emitted = await board.events.emit(JobPublished("job_1", "Shipwright"))

    (row,) = await board.database.fetch("select * from hanse.outbox")
    sent = msgspec.json.decode(row["envelope"])
    assert (str(row["id"]), row["type"]) == (emitted, "board.v1.JobPublished")
    assert row["partition"] == partition_of("acme", "job_1") < PARTITIONS
    trace = sent.pop("traceparent")
    assert len(trace.split("-")[1]) == 32
    assert abs(datetime.fromisoformat(sent.pop("time")) - datetime.now(UTC)).seconds < 3600
    assert sent == {
        "specversion": "1.0",
        "id": emitted,
        "source": "/board.v1",
        "type": "board.v1.JobPublished",
        "site": "acme",
        "datacontenttype": "application/json",
        "data": {"job": "job_1", "title": "Shipwright", "text": ""},
        "subject": "job_1",
        "locale": "de",
        "causer": "member:ada",
    }
    assert await board.read(JobPublished) == [JobPublished("job_1", "Shipwright")]


async def test_write_and_event_are_kept_together_or_not_at_all(board):
    with pytest.raises(ZeroDivisionError):
        async with board.database.transaction():
            job = await board.jobs.create(Job("Cook"))
            await board.events.emit(JobPublished(job.id, job.title))
            raise ZeroDivisionError
    assert (await board.jobs.count()).count == len(await board.told()) == 0
    assert not board.database.outbox_wake.is_set()

    async with board.database.transaction():
        job = await board.jobs.create(Job("Cook"))
        await board.events.emit(JobPublished(job.id, job.title))
        assert not board.database.outbox_wake.is_set(), "nobody sees it yet"
    assert board.database.outbox_wake.is_set()
    assert (await board.jobs.count()).count == len(await board.told()) == 1


async def test_who_changes_one_row_at_once_is_told_in_the_order_of_the_changes(board):
    job = await board.jobs.create(Job("0"))

    async def change():
        async with board.database.transaction():
            changed = await board.jobs.update(job.id, {"state": "open"})
            await board.events.emit(JobPublished(job.id, str(changed.revision)))

    await asyncio.gather(*(change() for _ in range(20)))
    told = [int(one.title) for one in await board.read(JobPublished)]
    assert told == list(range(2, 22))


async def test_what_is_personal_leaves_sealed_and_is_opened_until_its_person_is_erased(board):
    applied = Applied("job_1", "ada@example.com", "Ada Lovelace")
    await board.events.emit(applied)

    (row,) = await board.database.fetch("select envelope from hanse.outbox")
    assert b"job_1" in row["envelope"]
    assert not [one for one in (b"ada@", b"Lovelace") if one in row["envelope"]]
    assert await board.read(Applied) == [applied]

    people = People.__from_database__(People, board.database)
    await people.erase("ada@example.com")
    assert await board.read(Applied) == [None]


async def test_what_is_too_large_names_the_field_and_the_way_out(board):
    with pytest.raises(InvalidArgument, match="`title`: expected"):
        await board.events.emit(JobPublished("job_1", "x" * 101))
    with pytest.raises(InvalidArgument, match="`text` has 300002 of them: keep it in an entity"):
        await board.events.emit(JobPublished("job_1", "x", "x" * 300_000))
    with pytest.raises(InvalidArgument, match="`job` orders it, and has 501 characters; 500"):
        await board.events.emit(JobPublished("x" * 501, "x"))
    assert await board.told() == []


async def test_where_nobody_takes_events_on_no_more_are_taken_in(postgres):
    config = replace(postgres.config, outbox_bytes=1_000_000)
    with acting(MEMBER, site="acme"):
        async with Board(Database(config)).database as database:
            board, upkeep = Board(database), database.upkeep
            await board.events.begin()
            for number in range(6):
                await board.events.emit(JobPublished("job_1", "Cook", f"{number}" * 200_000))
            await upkeep.catch_up()
            with pytest.raises(ResourceExhausted, match="wait to be told"):
                await board.events.emit(JobPublished("job_1", "Cook"))
            with pytest.raises(ResourceExhausted):
                await board.jobs.create(Job("Cook"), event=JobPublished("job_1", "Cook"))
            assert (await board.jobs.count()).count == 0

            await database.execute("delete from hanse.outbox where seq < 5")
            await upkeep.catch_up()
            await board.events.emit(JobPublished("job_1", "Cook"))


async def test_many_are_told_in_their_order_all_or_none(board):
    applied = [Applied("job_1", f"{who}@example.com", who) for who in ("ada", "bob", "ada", "eve")]
    told = [JobPublished("job_1", "Cook"), *applied, JobPublished("job_1", "Baker")]
    ids = await board.events.emit_many(told)
    assert [one.id for one in await board.told()] == list(ids)
    assert await board.read(Applied) == applied
    assert await board.events.emit_many([]) == ()

    with pytest.raises(InvalidArgument):
        await board.events.emit_many([told[0], JobPublished("job_1", "")])
    with pytest.raises(InvalidArgument, match="1000 at most"):
        await board.events.emit_many([told[0]] * 1001)
    assert len(await board.told()) == len(told)


async def test_two_sites_are_apart_in_one_outbox(board):
    applied = Applied("job_1", "ada@example.com", "Ada Lovelace")
    await board.events.emit(applied)
    with acting(MEMBER, site="other"):
        await board.events.emit(applied)
        await People.__from_database__(People, board.database).erase("ada@example.com")

    mine, theirs = await board.told()
    assert (mine.site, theirs.site) == ("acme", "other")
    assert await board.read(Applied) == [applied, None]
    await board.database.keys.fetch("acme", ["ada@example.com"])
    reader = Reader(Applied, board.database.keys)
    for moved in (replace(mine, id=theirs.id), replace(theirs, site="acme", data=mine.data)):
        with pytest.raises(BrokenSeal):
            await reader.read([moved])


async def test_a_reader_knows_less_or_more_than_who_emitted(board):
    await board.events.emit(JobPublished("job_1", "Cook"))
    (sent,) = await board.told()
    body = msgspec.json.decode(write_envelope(sent))
    reader = Reader(JobPublished, board.database.keys)

    body["data"] |= {"salary": 7, "deep": {"er": [1]}}
    body["later"] = "an attribute of a later release"
    del body["data"]["text"]
    assert await reader.read([read_envelope(msgspec.json.encode(body))]) == [
        JobPublished("job_1", "Cook")
    ]
    for broken in ({"job": "job_1"}, {"job": "job_1", "title": ""}, 7):
        unlike = msgspec.json.encode(body | {"data": broken})
        with pytest.raises(UnreadableEvent, match="is no board.v1.JobPublished"):
            await reader.read([read_envelope(unlike)])
    for broken in (b"", b"{}", b"[1]", b"\xff", b'{"id": 7}'):
        with pytest.raises(UnreadableEvent):
            read_envelope(broken)


async def test_a_key_that_no_database_keeps_is_refused(board):
    with acting(), pytest.raises(InvalidArgument, match="`job` orders it, and has U"):
        await board.events.emit(JobPublished(job="a\0b", title="t"))
