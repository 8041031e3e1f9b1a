"""What goes wrong at fault points: the n-th time that one is reached, once."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

from hanse.kit.clock import wait_set
from hanse.kit.fault_points import POINTS, Point

T = TypeVar("T")

What = Callable[[], Awaitable[None]]
"""What happens at a point."""


class Held:
    """Something that waits at a fault point until it is let go."""

    def __init__(self) -> None:
        self._came, self._free = asyncio.Event(), asyncio.Event()

    async def came(self) -> None:
        """Returns when something waits there."""
        await self._came.wait()

    def release(self) -> None:
        """Lets it go on."""
        self._free.set()

    async def hold(self) -> None:
        """Waits there; what is held does this."""
        self._came.set()
        await self._free.wait()


class FaultAt:
    """One time that a fault point is reached; say what is to happen then.

    Args:
        point: Where.
        note: Has something happen then.
    """

    def __init__(self, point: str, note: Callable[[What], None]) -> None:
        self._point = point
        self._note = note

    def fail(self, error: Exception | None = None) -> None:
        """Raises an error there; at `data.…` and `answer.…` the connection ends with it.

        Args:
            error: Which; left out, that of a connection that breaks.
        """
        failure = error or ConnectionResetError(f"the fault point {self._point}")

        async def fails() -> None:
            raise failure

        self._note(fails)

    def delay(self, seconds: float) -> None:
        """Goes on so much later, by the time of the machine."""
        self._note(lambda: wait_set(asyncio.Event(), seconds))

    def hold(self) -> Held:
        """Waits there until the test says to go on."""
        held = Held()
        self._note(held.hold)
        return held

    def stop(self) -> None:
        """Stops the whole process, as by SIGSTOP, until another one kills it or has it go on."""

        async def stops() -> None:
            os.kill(os.getpid(), signal.SIGSTOP)

        self._note(stops)


class FaultRules:
    """Stands at the fault points, and does there what was said.

    Attributes:
        reached_times: How often each was reached.
    """

    def __init__(self) -> None:
        self._waiting: list[tuple[Point, int, What]] = []
        self.reached_times: Counter[Point] = Counter()

    def at(self, point: Point, nth: int) -> FaultAt:
        """The n-th time from now that a point is reached.

        Raises:
            ValueError: There is no such point, or no such time.
        """
        if point not in POINTS:
            raise ValueError(f"{point!r} is no fault point; there are: {', '.join(POINTS)}.")
        if nth < 1:
            raise ValueError(f"nth={nth}; the first time is 1")
        times = self.reached_times[point] + nth
        return FaultAt(point, lambda what: self._waiting.append((point, times, what)))

    def wait_at(self, *points: Point) -> bool:
        """Whether anything is still to happen at one of these."""
        return any(point in points for point, _, _ in self._waiting)

    def count(self, point: Point) -> int:
        """Notes that a point was reached where nothing waits at it; how often it was."""
        self.reached_times[point] += 1
        return self.reached_times[point]

    # Of a Watch.

    async def reached(self, point: Point) -> None:
        """Does what was said of this time."""
        times = self.count(point)
        due = [one for one in self._waiting if one[:2] == (point, times)]
        self._waiting = [one for one in self._waiting if one not in due]
        for _, _, what in due:
            await what()

    def session(self, opened: T) -> T:
        """A connection to the database with points."""
        from hanse.testing.watched_session import WatchedSession

        return cast("T", WatchedSession(opened, self))

    def connection(self, kind: T) -> T:
        """A class of connections with points."""
        from hanse.testing.watched_connection import with_points

        return cast("T", with_points(cast("Any", kind), self))
