"""A person is erased while what was told of them is handled once more: from then on nobody is told of them."""

from __future__ import annotations

import asyncio
import os
from typing import Annotated

from hanse import PUBLIC, Event, Events, People, Personal, Service, event, rpc, subscribe
from hanse.runtime.subscriptions.replay import Range, begin_replay
from hanse.testing import World

PATIENCE = float(os.environ.get("PATIENCE", "30"))
ADA, EVE = "ada@example.com", "eve@example.com"
EACH = 100
HELD = 30
"""So many are handled once more before somebody is erased, of as many as a host reads ahead."""


@event("desk.v1", key="desk", person="email")
class Applied(Event):
    """Somebody applied."""

    desk: str
    number: int
    email: Annotated[str, Personal(erase="row")]


class Heard:
    """What was heard, and where it stops."""

    def __init__(self) -> None:
        self.all: list[tuple[int, str]] = []
        self.until = 0
        self.stopped, self.gate = asyncio.Event(), asyncio.Event()

    async def hear(self, number: int, email: str) -> None:
        if len(self.all) >= self.until > 0:
            self.stopped.set()
            await self.gate.wait()
        self.all.append((number, email))


class Desk(Service, package="desk.v1"):
    """Tells of many, and forgets one."""

    def __init__(self, events: Events, people: People, heard: Heard) -> None:
        self._events, self._people, self._heard = events, people, heard

    @rpc("POST /desk/v1/tell", allow=PUBLIC)
    async def tell(self) -> None:
        for number in range(EACH):
            for email in (ADA, EVE):
                await self._events.emit(Applied(f"desk {number % 50}", number, email))

    @rpc("POST /desk/v1/erase", allow=PUBLIC)
    async def erase(self) -> None:
        await self._people.erase(ADA)

    @subscribe(Applied)
    async def hear(self, event: Applied) -> None:
        await self._heard.hear(event.number, event.email)


async def test_who_is_erased_while_events_are_replayed_is_told_of_no_more() -> None:
    heard = Heard()
    async with World(Desk, provided={Heard: heard}) as world:
        await world.get(Desk).tell()
        await world.settled()
        everything = {(number, email) for number in range(EACH) for email in (ADA, EVE)}
        assert sorted(heard.all) == sorted(everything)

        heard.all, heard.until = [], HELD
        assert world.database is not None
        assert world.host.post is not None
        stream, wanted = await world.host.post.stream(), Range(1, 2 * EACH)
        await begin_replay(world.database, stream, "desk.v1.Desk/hear", wanted)
        async with asyncio.timeout(PATIENCE):
            await heard.stopped.wait()
        await world.get(Desk).erase()
        under_way = 16  # which had been given to the method by then
        heard.gate.set()
        await world.settled()

        assert len(heard.all) == len(set(heard.all)), "none is handled twice"
        assert {one for one in heard.all if one[1] == EVE} == {
            one for one in everything if one[1] == EVE
        }
        assert all(email != ADA for _, email in heard.all[HELD + under_way :])
        assert sum(email == ADA for _, email in heard.all) < EACH
