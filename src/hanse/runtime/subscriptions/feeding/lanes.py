"""Events of one key after another, of many keys at once, and never too many in memory."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any

from hanse.kit.ending import end

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from hanse.runtime.subscriptions.handling.arrived import Arrived

EVENTS_MAX = 256
BYTES_MAX = 16 * 1024 * 1024


class Lanes:
    """A lane a key.

    Args:
        work: Settles the events of one lane, in order.
        at_once: Lanes that are worked on at a time.
        batch: Events that one piece of work has at most; 0 where it is one event, and lanes are of
            keys. Where it is many, lanes are of sites, for of one site they have to be.
    """

    def __init__(
        self, work: Callable[[list[Arrived]], Awaitable[None]], *, at_once: int, batch: int
    ) -> None:
        self._work = work
        self._at_once = at_once
        self._batch = batch
        self._lanes: dict[Any, deque[Arrived]] = {}
        self._ready: deque[Any] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._working: dict[Any, list[Arrived]] = {}
        self._events = self._bytes = 0
        self._eased = asyncio.Event()

    @property
    def held(self) -> int:
        """Events that are not settled."""
        return self._events

    @property
    def working(self) -> list[Arrived]:
        """Those that are being settled."""
        return [one for events in self._working.values() for one in events]

    async def room(self) -> None:
        """Waits until another event may come."""
        while self._events >= EVENTS_MAX or self._bytes >= BYTES_MAX:
            await self._ease()

    def offer(self, one: Arrived) -> None:
        """Has an event settled after those of its lane."""
        self._events += 1
        self._bytes += len(one.sent)
        name = one.envelope.site if self._batch else one.order
        lane = self._lanes.get(name)
        if lane is None:
            lane = self._lanes[name] = deque()
            self._ready.append(name)
        lane.append(one)
        self._go_on()

    async def stop(self, seconds: float) -> None:
        """Begins nothing more, and breaks off what is not settled after so many seconds."""
        self._at_once = 0
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
        await end(tuple(self._tasks))
        self._lanes.clear()
        self._events = self._bytes = 0

    def _go_on(self) -> None:
        while self._ready and len(self._tasks) < self._at_once:
            task = asyncio.Task(self._run(self._ready.popleft()), loop=asyncio.get_running_loop())
            self._tasks.add(task)
            task.add_done_callback(self._end)

    async def _run(self, name: Any) -> None:
        """Works on what is first in a lane, which goes to the end of those that are ready."""
        lane = self._lanes[name]
        self._working[name] = events = self._first_of(lane)
        try:
            await self._work(events)
        finally:
            del self._working[name]
            self._events -= len(events)
            self._bytes -= sum(len(one.sent) for one in events)
            self._eased.set()
            if lane:
                self._ready.append(name)
            else:
                self._lanes.pop(name, None)

    def _first_of(self, lane: deque[Arrived]) -> list[Arrived]:
        events = [lane.popleft()]
        while lane and len(events) < self._batch and not (events[0].parked or lane[0].parked):
            events.append(lane.popleft())
        return events

    def _end(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.result()  # its work tells of its own failures
            self._go_on()

    async def _ease(self) -> None:
        self._eased.clear()
        await self._eased.wait()
