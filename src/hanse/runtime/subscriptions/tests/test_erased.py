"""Who is erased while events are handled once more is shown to nobody any more."""

import asyncio
from typing import Annotated

from hanse import PUBLIC, Database, Event, Events, People, Personal, Service, event, rpc, subscribe
from hanse.runtime.data.tests.servers import PATIENCE
from hanse.runtime.subscriptions.replay import Range, begin_replay
from hanse.testing import World, acting


@event("visits.v1", person="who", key="day")
class Visited(Event):
    """Somebody was here."""

    day: str
    who: str
    name: Annotated[str, Personal(erase="row")]


class Book:
    """What was read, and a door that holds up whoever reads a name."""

    def __init__(self) -> None:
        self.read: list[str] = []
        self.door = asyncio.Event()
        self.at_it = asyncio.Event()
        self.door.set()


class Guests(Service, package="visits.v1"):
    """Writes down who was here."""

    def __init__(self, events: Events, book: Book) -> None:
        self._events = events
        self._book = book

    @rpc(allow=PUBLIC)
    async def enter(self, who: str) -> None:
        await self._events.emit(Visited("monday", who, f"name of {who}"))

    @subscribe(Visited)
    async def write(self, event: Visited) -> None:
        self._book.at_it.set()
        await self._book.door.wait()
        self._book.read.append(event.name)


async def test_who_is_erased_during_a_replay_is_shown_to_nobody_by_a_host_that_knew_the_key() -> (
    None
):
    book = Book()
    async with World(Guests, provided={Book: book}) as world, asyncio.timeout(PATIENCE):
        for who in ("ada", "bob", "eve"):
            await world.get(Guests).enter(who)
        await world.settled()
        book.door.clear()
        book.at_it.clear()
        assert world.host.post is not None
        stream = await world.host.post.stream()
        await begin_replay(world.database, stream, "visits.v1.Guests/write", Range(1, 3))
        await book.at_it.wait()
        async with Database(world.database.config) as another:  # as `hanse person erase` does
            await another.keys.open()
            with acting():
                await People.__from_database__(People, another).erase("bob")
        book.door.set()
        await world.settled()
    assert book.read == [f"name of {who}" for who in ("ada", "bob", "eve", "ada", "eve")]
