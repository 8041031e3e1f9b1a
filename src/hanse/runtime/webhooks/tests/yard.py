"""A yard that tells what happens to boats, and what it tells other yards."""

from datetime import timedelta
from typing import Annotated

from hanse import PUBLIC, Events, People, Personal, Service, rpc
from hanse.runtime.events.event import Event, event
from hanse.testing import World
from hanse.webhooks import Webhooks

OPEN = {"hooks": {"http": True, "networks": ["127.0.0.0/8"]}}


@event("yard.v1", key="boat")
class BoatMoved(Event):
    """A boat is somewhere else."""

    boat: str
    to: str


@event("yard.v1", key="boat", person="owner")
class BoatSold(Event):
    """A boat has another owner."""

    boat: str
    owner: str
    name: Annotated[str, Personal(erase="row")]


@event("yard.v1", key="boat", person="owner")
class BoatPraised(Event):
    """Somebody said something of a boat."""

    boat: str
    owner: str
    words: Annotated[str, Personal(erase="field")] = ""


class Yard(Service):
    """Tells what happens to boats."""

    def __init__(self, events: Events, people: People) -> None:
        self._events = events
        self._people = people

    @rpc("POST /yard/v1/moves", allow=PUBLIC)
    async def move(self, boat: str, to: str) -> None:
        await self._events.emit(BoatMoved(boat, to))

    @rpc("POST /yard/v1/sales", allow=PUBLIC)
    async def sell(self, boat: str, owner: str, name: str) -> None:
        await self._events.emit(BoatSold(boat, owner, name))

    @rpc("POST /yard/v1/praises", allow=PUBLIC)
    async def praise(self, boat: str, owner: str, words: str) -> None:
        await self._events.emit(BoatPraised(boat, owner, words))

    @rpc("POST /yard/v1/erasures", allow=PUBLIC)
    async def erase(self, owner: str) -> None:
        await self._people.erase(owner)


class Hooks(Webhooks, events=(BoatMoved, BoatSold, BoatPraised), allow=PUBLIC):
    """What other yards are told."""


async def sent(world: World, *, after: timedelta = timedelta(0)) -> None:
    """Time passes; then all that is due was sent."""
    world.clock.advance(after)
    await world.settled()
    await world.catch_up()


async def states(world: World, endpoint: str, *, site: str = "") -> list[str]:
    """How it stands with all deliveries to an endpoint, the oldest first."""
    found = await world.get(Hooks, site=site).list_deliveries(endpoint)
    return [one.state for one in sorted(found.items, key=lambda one: one.id)]
