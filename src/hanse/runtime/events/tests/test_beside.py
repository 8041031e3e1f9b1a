"""A collection puts an event into the outbox in the statement that writes its row: both, or neither."""

import asyncio

import pytest
from msgspec.structs import replace

from hanse.runtime.data.collection.conflict import Duplicate, RevisionConflict
from hanse.runtime.data.people.people import People
from hanse.runtime.data.personal.tests.crm import Counted
from hanse.runtime.errors import FailedPrecondition, Internal, InvalidArgument, NotFound
from hanse.runtime.events.tests.board import Applied, Board, Job, JobPublished, Joined, Member, Team
from hanse.runtime.identity.principal import VISITOR
from hanse.testing.acting import acting

TOLD = JobPublished("job_1", "Cook")
SEALED = Applied("job_1", "ada@example.com", "Ada")


@pytest.fixture
async def board(postgres):
    with acting(VISITOR, site="acme"):
        board = Board(Counted(postgres.config))
        async with board.database:
            yield board


@pytest.mark.parametrize("told", [TOLD, SEALED], ids=["clear", "sealed"])
async def test_each_write_and_its_event_are_one_statement(board, told):
    await board.events.emit(SEALED)  # whose key is at hand from now on
    team = await board.teams.create(Team("sea"), event=told)
    job = await board.jobs.create(Job("Cook"))
    for kind, item, changes in (
        (board.jobs, Job("Cook"), {"state": "open"}),
        (board.teams, Team("harbour"), {"name": "quay"}),
        (board.members, Member(team.id, "Ada"), {"rank": 2}),
        (board.members, Member(team.id, "Eve"), {"name": "Eva"}),
    ):
        before = await board.told()
        board.database.outbox_wake.clear()
        board.database.since()
        made = await kind.create(item, event=told)
        changed = await kind.update(made.id, changes, event=told)
        assert (await kind.get(made.id), changed.revision) == (changed, 2)
        assert await kind.replace(changed, event=told) == await kind.get(made.id)
        await kind.delete(made.id, event=told)
        assert board.database.since() == 6
        assert len(await board.told()) == len(before) + 4
        assert board.database.outbox_wake.is_set()
        with pytest.raises(NotFound):
            await kind.get(made.id)
    assert set(await board.read(type(told))) == {told}
    assert await board.jobs.get(job.id) == job, "nothing else was touched"


@pytest.mark.parametrize("told", [TOLD, SEALED], ids=["clear", "sealed"])
async def test_what_is_brought_back_is_told_in_the_same_statement(board, told):
    await board.events.emit(SEALED)
    team = await board.teams.create(Team("sea"))
    await board.teams.delete(team.id)
    before = await board.told()
    board.database.since()
    back = await board.teams.restore(team.id, event=told)
    assert board.database.since() == 1
    assert len(await board.told()) == len(before) + 1
    assert (await board.teams.get(team.id), back.revision) == (back, 3)


@pytest.mark.parametrize("told", [TOLD, SEALED], ids=["clear", "sealed"])
async def test_a_write_that_is_refused_tells_nothing(board, told):
    team = await board.teams.create(Team("sea"))
    await board.teams.create(Team("land"))
    member = await board.members.create(Member(team.id, "Ada"))
    gone = await board.teams.create(Team("gone"))
    await board.teams.delete(gone.id)
    refused = [
        (Duplicate, board.teams.create(Team("sea"), event=told)),
        (Duplicate, board.teams.update(team.id, {"name": "land"}, event=told)),
        (InvalidArgument, board.members.create(Member(gone.id, "Eve"), event=told)),
        (InvalidArgument, board.members.update(member.id, {"team": gone.id}, event=told)),
    ]
    for kind, one in ((board.teams, team), (board.members, member)):
        refused += [
            (RevisionConflict, kind.update(one.id, {}, revision=7, event=told)),
            (RevisionConflict, kind.delete(one.id, revision=7, event=told)),
            (RevisionConflict, kind.replace(one, revision=7, event=told)),
        ]
    refused += [
        (Duplicate, board.teams.replace(Team("land"), id=team.id, event=told)),
        (FailedPrecondition, board.teams.restore(team.id, event=told)),
        (RevisionConflict, board.teams.restore(gone.id, revision=7, event=told)),
        (NotFound, board.teams.update(gone.id, {"name": "back"}, event=told)),
        (NotFound, board.teams.delete(gone.id, event=told)),
        (InvalidArgument, board.jobs.create(Job("Cook"), event=JobPublished("x", ""))),
    ]
    for error, write in refused:
        with pytest.raises(error):
            await write
    assert await board.told() == []
    assert (await board.jobs.count()).count == 0
    assert await board.teams.get(team.id) == team


async def test_a_new_one_and_what_is_told_of_it_have_one_new_key(board):
    team = await board.teams.create(Team("sea"))
    board.database.since()
    ada = await board.members.create(
        Member(team.id, "Ada Lovelace"), event=lambda one: Joined(one.id, one.name)
    )
    assert board.database.since() == 1
    assert await board.read(Joined) == [Joined(ada.id, "Ada Lovelace")]

    await People.__from_database__(People, board.database).erase(ada.id)
    assert await board.read(Joined) == [None]


async def test_whose_key_was_destroyed_meanwhile_is_told_under_a_new_one(board, postgres):
    job = await board.jobs.create(Job("Cook"), event=SEALED)
    async with Counted(postgres.config) as database:
        await database.keys.open()
        await People.__from_database__(People, database).erase(SEALED.email)

    await board.jobs.update(job.id, {"state": "open"}, revision=1, event=SEALED)
    await board.jobs.delete(job.id, revision=2, event=SEALED)
    assert await board.read(Applied) == [None, SEALED, SEALED]


async def test_what_is_brought_back_is_told_under_a_new_key_where_the_old_one_is_destroyed(
    board, postgres
):
    await board.events.emit(SEALED)
    team = await board.teams.create(Team("sea"))
    await board.teams.delete(team.id)
    async with Counted(postgres.config) as database:
        await database.keys.open()
        await People.__from_database__(People, database).erase(SEALED.email)

    await board.teams.restore(team.id, event=SEALED)
    assert await board.read(Applied) == [None, SEALED]


async def test_who_changes_one_row_at_once_is_told_in_the_order_of_the_changes(board):
    job = await board.jobs.create(Job("0"))

    async def change(number):
        told = JobPublished(job.id, str(number))
        return number, await board.jobs.update(job.id, {"state": "open"}, event=told)

    changed = await asyncio.gather(*(change(number) for number in range(20)))
    in_order = [str(number) for number, _ in sorted(changed, key=lambda one: one[1].revision)]
    assert [one.title for one in await board.read(JobPublished)] == in_order


@pytest.mark.parametrize("told", [TOLD, SEALED], ids=["clear", "sealed"])
async def test_many_new_ones_and_their_events_are_one_statement(board, told):
    await board.events.emit(SEALED)  # whose key is at hand from now on
    titles = [f"Cook {number}" for number in range(40)]
    await board.jobs.create(Job("Mate"))
    board.database.since()
    board.database.outbox_wake.clear()

    made = await board.jobs.create_many(
        [Job(title) for title in titles], event=lambda job: replace(told, job=job.id)
    )
    assert board.database.since() == 1
    assert board.database.outbox_wake.is_set()
    ids = [one.item.id for one in made]
    assert [one.job for one in await board.read(type(told))][-40:] == ids
    assert [(await board.jobs.get(one)).title for one in ids[:2]] == titles[:2]


@pytest.mark.parametrize("told", [TOLD, SEALED], ids=["clear", "sealed"])
async def test_of_many_who_is_refused_tells_nothing(board, told):
    team = await board.teams.create(Team("sea"))
    named = ["land", "sea", "", "air"]
    teams = await board.teams.create_many(
        [Team(name) for name in named], event=lambda one: replace(told, job=one.name)
    )
    assert [one.item and one.item.name for one in teams] == ["land", None, None, "air"]
    assert [one.error and one.error.code for one in teams][1:3] == ["duplicate", "invalid_argument"]

    members = [Member(team.id, "Ada"), Member(team.id.replace("0", "1"), "Eve")]
    done = await board.members.create_many(members, event=lambda one: replace(told, job=one.name))
    assert [one.error is None for one in done] == [True, False]

    jobs = await board.jobs.create_many(
        [Job("Cook"), Job("Mate")],
        event=lambda job: JobPublished(job.id, "" if job.title == "Cook" else "Mate"),
    )
    assert [one.error and one.error.code for one in jobs] == ["invalid_argument", None]
    assert [one.job for one in await board.read(type(told))][:3] == ["land", "air", "Ada"]
    assert len(await board.told()) == 4
    assert (await board.jobs.count()).count == 1


async def test_many_new_ones_and_what_is_told_of_them_have_one_new_key_each(board):
    team = await board.teams.create(Team("sea"))
    board.database.since()
    made = await board.members.create_many(
        [Member(team.id, name) for name in ("Ada", "Eve")],
        event=lambda one: Joined(one.id, one.name),
    )
    assert board.database.since() == 1
    ada, eve = (one.item for one in made)
    await People.__from_database__(People, board.database).erase(ada.id)
    assert await board.read(Joined) == [None, Joined(eve.id, "Eve")]


async def test_many_are_told_under_new_keys_where_theirs_were_destroyed_meanwhile(board, postgres):
    await board.events.emit(SEALED)
    async with Counted(postgres.config) as database:
        await database.keys.open()
        await People.__from_database__(People, database).erase(SEALED.email)
    made = await board.jobs.create_many([Job("Cook"), Job("Mate")], event=lambda _: SEALED)
    assert all(one.error is None for one in made)
    assert await board.read(Applied) == [None, SEALED, SEALED]


async def test_a_host_that_tells_nothing_says_so(board):
    board.database.outbox = None
    with pytest.raises(Internal, match="events: Events"):
        await board.jobs.create(Job("Cook"), event=TOLD)
    with pytest.raises(Internal, match="events: Events"):
        await board.jobs.create_many([Job("Cook")], event=lambda _: TOLD)
    assert (await board.jobs.count()).count == 0
