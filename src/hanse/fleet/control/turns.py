"""What is done to a fleet: one change after the other, each whole before the next."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from itertools import count
from typing import TYPE_CHECKING, Any, TypeVar

from hanse.fleet.control.api import TooManyChanges
from hanse.fleet.control.hosts.rollout import ChangeFailed
from hanse.fleet.plan import PlanError
from hanse.fleet.releases.shelf import NoRelease
from hanse.fleet.state import StateError
from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.runtime.errors import Unavailable

if TYPE_CHECKING:
    from asyncio import Future

log = logging.getLogger("hanse.control")

CHANGES_MAX = 16
"""That wait for what somebody asked by hand."""

ASKED_MAX = 256
"""That wait for whoever waits for them, as deployments do."""

EXPECTED = (ChangeFailed, PlanError, ConfigurationError, StateError, NoRelease)

T = TypeVar("T")
Work = Callable[[], Awaitable[None]]


class Turns:
    """Takes changes in, and makes them in that order.

    Attributes:
        changing: What is being changed now, or comes next; empty for nothing.
        problems: Why the last change that nobody waits for was not made, in sentences.
    """

    def __init__(self) -> None:
        self._changes: asyncio.PriorityQueue[tuple[int, int, str, Work]] = asyncio.PriorityQueue()
        self._number = count()
        self._change: asyncio.Task[None] | None = None
        self._waiting: set[Future[Any]] = set()
        self.changing = ""
        self.problems: tuple[str, ...] = ()

    def begin(self, what: str, work: Work) -> None:
        """Has it done in its turn; `problems` say why it was not.

        Raises:
            TooManyChanges: Too many wait already.
        """

        async def told() -> None:
            self.problems = ()
            try:
                await work()
            except EXPECTED as error:
                self.problems = problems_of(error)
                log.warning("%s failed: %s", what, " ".join(self.problems))
            except Exception as error:
                log.exception("%s failed.", what)
                self.problems = (f"This should not happen: {error!r}. See hanse logs control.",)

        if self._changes.qsize() - len(self._waiting) >= CHANGES_MAX:
            raise TooManyChanges("Too many changes wait already; see hanse status.")
        self._put(what, told)

    async def wait_for(
        self, what: str, work: Callable[[], Awaitable[T]], *, first: bool = False
    ) -> T:
        """Has it done in its turn, also if whoever waits goes away; what it fails with is raised.

        Args:
            what: For people.
            work: That.
            first: Before all that waits, as nothing is to delay a way back.

        Raises:
            TooManyChanges: Too many wait already.
            Unavailable: Everything is to end.
        """
        done: Future[T] = asyncio.get_running_loop().create_future()

        async def answered() -> None:
            self._waiting.discard(done)
            task = asyncio.ensure_future(work())
            try:
                await asyncio.wait((task,))
            except asyncio.CancelledError:
                task.cancel()
                if not done.done():
                    done.set_exception(Unavailable("Everything ends; ask again."))
                raise
            if not done.done():
                _pass_on(task, done)

        if len(self._waiting) >= ASKED_MAX:
            raise TooManyChanges("Too many deployments change something now; try again.")
        self._waiting.add(done)
        self._put(what, answered, first=first)
        return await done

    def instead(self, what: str, work: Work) -> None:
        """Has it done at once, and nothing of all that is under way or waits."""
        if self.changing == what:
            return
        while not self._changes.empty():
            self._changes.get_nowait()
        for done in self._waiting:
            if not done.done():
                done.set_exception(Unavailable("Everything ends; ask again."))
        self._waiting.clear()
        self.begin(what, work)
        self.changing = what
        if self._change is not None:
            self._change.cancel()

    async def run(self) -> None:
        """Makes changes until it is cancelled."""
        while True:
            _, _, self.changing, work = await self._changes.get()
            self._change = asyncio.create_task(_awaited(work))
            try:
                await asyncio.wait((self._change,))
            finally:
                self._change.cancel()
            self.changing = ""

    def _put(self, what: str, work: Work, *, first: bool = False) -> None:
        self._changes.put_nowait((0 if first else 1, next(self._number), what, work))
        self.changing = self.changing or what


async def _awaited(work: Work) -> None:
    await work()


def _pass_on(task: asyncio.Future[T], done: Future[T]) -> None:
    """What came of a task that is over is what came of the other."""
    if task.cancelled():
        done.cancel()
    elif error := task.exception():
        done.set_exception(error)
    else:
        done.set_result(task.result())


def problems_of(error: BaseException) -> tuple[str, ...]:
    """What an error says to people, in sentences."""
    return tuple(getattr(error, "problems", None) or (str(error),))
