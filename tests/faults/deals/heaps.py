"""What is more than there is room for, and what is begun by the clock: served by hosts that are hindered."""

from __future__ import annotations

from datetime import datetime

from hanse import (
    PUBLIC,
    Database,
    Event,
    Events,
    Run,
    Schedule,
    Service,
    Workflows,
    event,
    rpc,
    subscribe,
    workflow,
)
from hanse.runtime.call.context import current
from tests.faults.deals.shop import ENTRY, Here


@event("heaps.v1", key="lane")
class Heaped(Event):
    """Something heavy; `place` counts in its lane."""

    lane: str
    place: int
    rest: str


class Heaps(Service, package="heaps.v1"):
    """Tells as much as is asked for."""

    def __init__(self, events: Events) -> None:
        self._events = events

    @rpc("POST /shop/v1/heaps", allow=PUBLIC)
    async def heap(self, lane: str, first: int, count: int, size: int) -> None:
        places = range(first, first + count)
        await self._events.emit_many([Heaped(lane, place, "x" * size) for place in places])


class Scales(Service, package="scales.v1"):
    """Writes down what it is told, when the gate is open."""

    def __init__(self, database: Database, here: Here) -> None:
        self._database, self._here = database, here

    @subscribe(Heaped, timeout=120.0)
    async def weigh(self, event: Heaped) -> None:
        await self._here.gate.wait()
        told = event.lane, "heaped", event.place, str(len(event.rest))
        await self._database.execute(ENTRY, current().site, "scales", *told)


class Bells(Service, package="bells.v1"):
    """Rings each minute."""

    def __init__(self, database: Database, workflows: Workflows) -> None:
        self._database, self._workflows = database, workflows

    @workflow(version=1, schedule=Schedule("* * * * *", missed="all"))
    async def ring(self, run: Run, time: datetime) -> None:
        await run.transaction(self._note, f"{time:%Y-%m-%d %H:%M}")

    async def _note(self, time: str) -> None:
        await self._database.execute(ENTRY, current().site, "bells", "", "rung", 0, time)
