"""A world whose services tell and take events has them by a real broker, and knows when all is done."""

import asyncio

import pytest

from hanse import (
    PUBLIC,
    Collection,
    Delivery,
    Entity,
    Event,
    Events,
    Principal,
    Service,
    current,
    entity,
    event,
    rpc,
    subscribe,
)
from hanse.runtime.call.transaction_open import TransactionOpen
from hanse.testing import NotSettled, World


@entity("mail.letter")
class Letter(Entity):
    word: str


@event("post.v1", key="box")
class Posted(Event):
    """A letter was posted."""

    box: str
    word: str


@event("post.v1", key="box")
class Filed(Event):
    """It was filed."""

    box: str


class Stage:
    def __init__(self) -> None:
        self.said: list[str] = []
        self.fails = 0
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.errors: list[type[Exception]] = []


class Bell(Service):
    """Is rung."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    @rpc("POST /bell/v1/rings", allow=PUBLIC)
    async def ring(self, word: str) -> None:
        self._stage.said.append(f"ring {word} for {current().principal.id}")


class Post(Service):
    """Takes letters."""

    def __init__(self, events: Events) -> None:
        self._events = events

    @rpc("POST /post/v1/letters", allow=PUBLIC)
    async def post(self, box: str, word: str) -> None:
        await self._events.emit(Posted(box=box, word=word))


class Desk(Service, package="desk.v1"):
    """Files them, and tells so."""

    def __init__(
        self, letters: Collection[Letter], events: Events, bell: Bell, stage: Stage
    ) -> None:
        self._letters = letters
        self._events = events
        self._bell = bell
        self._stage = stage

    @subscribe(Posted)
    async def file(self, event: Posted, delivery: Delivery) -> None:
        await self._stage.go_on.wait()
        await self._bell.ring(event.word)
        await self._letters.create(Letter(word=event.word))
        if self._stage.fails:
            self._stage.fails -= 1
            raise ValueError("not today")
        try:
            await self._bell.ring("too late")
        except TransactionOpen as error:
            self._stage.errors.append(type(error))
        await self._events.emit(Filed(box=f"{event.box} of {delivery.causer}"))

    @subscribe(Filed)
    async def see(self, event: Filed) -> None:
        self._stage.said.append(f"{event.box} at {current().site} by {current().principal.id}")


@pytest.fixture
async def world():
    stage = Stage()
    async with World(Post, Desk, Bell, provided={Stage: stage}) as made:
        made.stage = stage  # pyright: ignore[reportAttributeAccessIssue]  for the tests
        yield made


async def words(world: World, site: str = "default") -> list[str]:
    assert world.database is not None
    rows = await world.database.fetch(
        "select doc->>'word' as word from mail.letter where site_id = $1 order by create_time", site
    )
    return [row["word"] for row in rows]


async def test_an_event_comes_to_its_handler_and_what_that_tells_to_others(world) -> None:
    ada = Principal("member", "ada")
    await world.get(Post, as_=ada, site="acme").post("a", "hello")
    await world.settled()
    assert await words(world, "acme") == ["hello"]
    assert world.stage.said == [
        "ring hello for desk.v1.Desk",
        "a of member:ada at acme by desk.v1.Desk",
    ]
    assert world.stage.errors == [TransactionOpen]  # after the first statement no service is called


async def test_what_failed_leaves_nothing_and_comes_again_by_the_worlds_clock(world) -> None:
    world.stage.fails = 1
    await world.get(Post).post("a", "first")
    await world.get(Post).post("a", "second")
    await world.settled()
    assert await words(world) == []
    world.clock.advance(61)
    await world.settled()
    assert await words(world) == ["first", "second"]


async def test_what_is_stuck_is_said(world) -> None:
    world.stage.go_on.clear()
    await world.get(Post).post("a", "hello")
    with pytest.raises(NotSettled) as caught:
        await world.settled(0.5)
    assert "desk.v1.Desk/file: 1 events are under way" in str(caught.value)
    assert "post.v1.Posted" in str(caught.value)
    world.stage.go_on.set()
    await world.settled()
