"""What a host tells of its business is counted once it is committed, each event once."""

from __future__ import annotations

from typing import Annotated

import pytest

from hanse import (
    PUBLIC,
    Collection,
    Database,
    Entity,
    Event,
    Events,
    HanseError,
    Length,
    Service,
    entity,
    event,
    rpc,
)
from hanse.runtime.data.entity.marks import Unique

NOTED, CLOSED = "paper.v1.Noted", "paper.v1.Closed"


@entity("paper.note")
class Note(Entity):
    title: Annotated[str, Length(1, 100), Unique()]


@event("paper.v1", key="title")
class Noted(Event):
    """A note is there."""

    title: str


@event("paper.v1", key="title")
class Closed(Event):
    """A note is closed."""

    title: str


class Paper(Service, package="paper.v1"):
    """Tells in every way there is."""

    def __init__(self, database: Database, notes: Collection[Note], events: Events) -> None:
        self._database = database
        self._notes = notes
        self._events = events

    @rpc(allow=PUBLIC)
    async def note(self, title: str) -> None:
        await self._notes.create(Note(title), event=Noted(title))

    @rpc(allow=PUBLIC)
    async def note_many(self, titles: tuple[str, ...]) -> int:
        done = await self._notes.create_many(
            [Note(one) for one in titles], event=lambda one: Noted(one.title)
        )
        return sum(one.error is None for one in done)

    @rpc(allow=PUBLIC)
    async def close(self, titles: tuple[str, ...]) -> None:
        if len(titles) == 1:
            await self._events.emit(Closed(titles[0]))
        else:
            await self._events.emit_many([Closed(one) for one in titles])

    @rpc(allow=PUBLIC)
    async def undo(self, title: str) -> None:
        async with self._database.transaction():
            await self._notes.create(Note(title), event=Noted(title))
            await self._events.emit(Closed(title))
            raise ValueError

    @rpc(allow=PUBLIC)
    async def part(self, title: str) -> None:
        async with self._database.transaction():
            await self._events.emit(Closed(title))
            try:
                async with self._database.transaction(savepoint=True):
                    await self._notes.create(Note(title), event=Noted(title))
                    raise ValueError
            except ValueError:
                pass
            await self._events.emit(Closed(title))


@pytest.fixture
async def paper(begin, postgres):
    return await begin(Paper, database=postgres.config)


async def test_each_event_is_counted_once_however_it_is_told(paper):
    service = paper.host.get(Paper)
    assert (await paper.figures()).signals == {NOTED: 0, CLOSED: 0}
    await service.note("a")
    assert await service.note_many(("b", "c", "a")) == 2
    await service.close(("a",))
    await service.close(("b", "c"))
    assert (await paper.figures()).signals == {NOTED: 3, CLOSED: 3}


async def test_what_is_undone_was_never_told(paper):
    service = paper.host.get(Paper)
    await service.note("a")
    for title in ("a", "b"):
        with pytest.raises(HanseError):
            await (service.note if title == "a" else service.undo)(title)
    assert (await paper.figures()).signals == {NOTED: 1, CLOSED: 0}
    await service.part("c")
    assert (await paper.figures()).signals == {NOTED: 1, CLOSED: 2}
