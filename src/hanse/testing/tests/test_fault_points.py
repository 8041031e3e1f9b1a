"""Fault points in a world: what goes wrong there goes wrong once, and is felt as in production."""

import asyncio
import re
from pathlib import Path
from typing import Annotated, get_args

import pytest

from hanse import (
    PUBLIC,
    Collection,
    Database,
    Entity,
    Indexed,
    Length,
    Resource,
    Service,
    entity,
    rpc,
)
from hanse.kit.fault_points import POINTS, Point, watched_connection, watched_session
from hanse.runtime.errors import Internal, Unavailable
from hanse.runtime.http.connection import Connection
from hanse.testing import FAULT_POINTS, ConnectionFailed, Faults, World


@entity("kept.notes")
class Note(Entity):
    text: Annotated[str, Length(0, 100), Indexed()]


class Notes(Resource[Note], package="kept.v1", allow=PUBLIC):
    """Notes of a site."""


class Desk(Service, package="desk.v1"):
    """Writes two notes at once, or one under a key."""

    def __init__(self, database: Database, notes: Collection[Note]) -> None:
        self._database = database
        self._notes = notes

    @rpc("POST /desk/v1/pairs", allow=PUBLIC)
    async def pair(self, first: str, second: str) -> int:
        async with self._database.transaction():
            await self._notes.create(Note(text=first))
            await self._notes.create(Note(text=second))
        return 2


async def texts(world: World) -> list[str]:
    page = await world.get(Notes).list(page_size=100)
    return sorted(note.text for note in page.items)


async def pair(world: World, first: str, second: str) -> int:
    return await world.get(Desk).pair(first, second)


def test_the_list_is_whole():
    assert list(FAULT_POINTS) == list(POINTS) == list(get_args(Point))


async def test_what_is_held_goes_on_when_it_is_let_go():
    faults = Faults()
    async with World(Notes, Desk, faults=faults) as world:
        held = faults.at("data.transaction.before_commit").hold()
        writing = asyncio.create_task(pair(world, "a", "b"))
        await held.came()
        assert await texts(world) == []
        held.release()
        assert await writing == 2
        assert await texts(world) == ["a", "b"]


@pytest.mark.parametrize("nth", [1, 3])
async def test_only_the_time_that_was_named_goes_wrong(nth):
    faults = Faults()
    async with World(Notes, Desk, faults=faults) as world:
        faults.at("data.write.before_send", nth).fail()
        failed = []
        for number in range(4):
            try:
                await world.get(Notes).create(Note(text=str(number)))
            except Unavailable:
                failed.append(number)
        assert failed == [nth - 1]
        assert await texts(world) == [str(number) for number in range(4) if number not in failed]


async def test_a_transaction_whose_connection_breaks_as_it_begins_is_begun_on_another():
    faults = Faults()
    async with World(Notes, Desk, faults=faults) as world:
        faults.at("data.transaction.begun").fail()
        assert await pair(world, "a", "b") == 2
        assert faults.reached["data.transaction.begun"] >= 2


@pytest.mark.parametrize("point", ["data.transaction.wrote", "data.transaction.before_commit"])
async def test_nothing_of_a_transaction_is_kept_that_fails_before_its_commit(point):
    faults = Faults()
    async with World(Notes, Desk, faults=faults) as world:
        faults.at(point).fail()
        with pytest.raises(Unavailable):
            await pair(world, "a", "b")
        assert await texts(world) == []
        assert await pair(world, "c", "d") == 2


async def test_what_was_committed_stays_though_nobody_was_told():
    faults = Faults()
    async with World(Notes, Desk, faults=faults) as world:
        faults.at("data.transaction.committed").fail()
        with pytest.raises(Unavailable):
            await pair(world, "a", "b")
        assert await texts(world) == ["a", "b"]


async def test_what_only_reads_is_asked_again():
    faults = Faults()
    async with World(Notes, Desk, faults=faults) as world:
        faults.at("data.read.sent").fail()
        assert await texts(world) == []
        assert faults.reached["data.read.sent"] >= 2


@pytest.mark.parametrize("point", ["answer.before_send", "answer.half_sent"])
async def test_an_answer_that_breaks_off_is_none_and_its_work_is_done(point):
    faults = Faults()
    async with World(Notes, Desk, faults=faults) as world:
        faults.at(point).fail()
        with pytest.raises(ConnectionFailed):
            await world.http().post("/kept/v1/notes", {"text": "a"})
        assert (await world.http().post("/kept/v1/notes", {"text": "b"})).status == 200
        assert await texts(world) == ["a", "b"]


async def test_an_answer_can_be_late():
    faults = Faults()
    async with World(Notes, Desk, faults=faults) as world:
        held = faults.at("answer.half_sent").hold()
        asking = asyncio.create_task(world.http().post("/kept/v1/notes", {"text": "a"}))
        await held.came()
        assert not asking.done()
        held.release()
        assert (await asking).status == 200


async def test_what_goes_wrong_under_a_key_is_what_the_test_says():
    faults = Faults()
    async with World(Notes, Desk, faults=faults) as world:
        faults.at("idempotency.answer_kept").fail(Internal("broken on purpose"))
        key = {"idempotency-key": "one"}
        body = {"first": "a", "second": "b"}
        first = await world.http().request("POST", "/desk/v1/pairs", body, key)
        again = await world.http().request("POST", "/desk/v1/pairs", body, key)
        assert (first.status, again.status) == (500, 500)
        assert faults.reached["idempotency.claimed"] == 1
        assert await texts(world) == []


async def test_a_delay_ends_by_itself():
    faults = Faults()
    async with World(Notes, Desk, faults=faults) as world:
        faults.at("data.write.sent").delay(0.001)
        await world.get(Notes).create(Note(text="a"))
        assert await texts(world) == ["a"]


async def test_nobody_stands_there_after_a_world_and_only_one_in_it():
    with Faults().watching(), pytest.raises(RuntimeError, match="Other Faults"):
        async with World(Notes, faults=Faults()):
            pass
    faults = Faults()
    async with World(Notes, Desk, faults=faults):
        pass
    before = dict(faults.reached)
    async with World(Notes, Desk) as world:
        await pair(world, "a", "b")
    assert faults.reached == before


def test_where_nobody_watches_nothing_is_put_around_anything():
    session = object()
    assert watched_session(session) is session
    assert watched_connection(Connection) is Connection


@pytest.mark.parametrize(
    ("point", "nth", "said"), [("data.nowhere", 1, "pool.connected"), ("answer.sent", 0, "first")]
)
def test_a_point_that_is_none_is_told_with_those_there_are(point, nth, said):
    with pytest.raises(ValueError, match=said):
        Faults().at(point, nth).hold()


def test_the_guide_lists_them_as_they_are():
    page = (Path(__file__).parents[4] / "docs/guide/testing-data.md").read_text()
    told = re.findall(r"^\| `([a-z_.]+)` \| (.+) \|$", page, re.MULTILINE)
    assert told == list(FAULT_POINTS.items())
