"""The connections of a host: opened when needed, used last in first out, never too many."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from hanse.kit.clock import monotonic
from hanse.runtime.data.connections.places import Places
from hanse.runtime.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from hanse.runtime.data.database_config import DatabaseConfig
    from hanse.runtime.data.session import Session

AGAIN = 1
FULL = "53300"
"""What a server says that takes no more connections."""

OPEN_SECONDS = 0.02
"""About what opening takes. Whoever waits has one opened after so long for each that is open."""

LOOK_SECONDS = 0.05
"""How often a pool looks whether another process gave a connection back that it waits for."""

SPARE_SECONDS = 10.0
"""What nobody here has used for so long goes to who waits elsewhere, one at a look."""


class Pool:
    """Lends sessions.

    Args:
        open_session: Makes one.
        config: How many there may be, and how long one waits for one.

    Attributes:
        size: Sessions that are open, being opened, or being healed.
        shed: How often nobody was served, for too many waited or waited too long.
    """

    def __init__(
        self, open_session: Callable[[], Awaitable[Session]], config: DatabaseConfig
    ) -> None:
        self._open_session = open_session
        self._config = config
        self._idle: list[Session] = []
        self._waiting: deque[tuple[float, asyncio.Future[Session | None]]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._places = Places(config.shared, config.shared_connections)
        self._looking: asyncio.TimerHandle | None = None
        self._owes = False
        self._healing: set[asyncio.Task[None]] = set()
        self._lent: set[Session] = set()
        self._closed = False
        self.size = 0
        self.shed = 0

    @property
    def in_use(self) -> int:
        """Sessions that somebody has, or that do not work yet or again."""
        return self.size - len(self._idle)

    @property
    def waiting(self) -> int:
        """Who waits for one."""
        return len(self._waiting)

    def take_idle(self) -> Session | None:
        """One that is open and that nobody has; `give` must follow."""
        session = self._pop_idle()
        if session is not None:
            self._lent.add(session)
        return session

    async def take(self) -> Session:
        """A session that is open; `give` must follow.

        Raises:
            Unavailable: None became free in time, or too many wait already.
            OSError, TimeoutError, asyncpg.PostgresError: None can be opened.
        """
        until: float | None = None
        while True:
            session = self._pop_idle()
            if session is None:
                if self._closed:
                    raise Unavailable("This host is stopping.")
                in_haste = until is None and self.size > 0
                until = until or monotonic() + self._config.wait_timeout
                session = await self._open() if not in_haste and self._may_open() else None
                if session is None:
                    session = await self._wait(until)
            if session is not None:
                self._lent.add(session)
                return session

    def give(self, session: Session) -> None:
        """Takes one back that can be used again as it is."""
        self._lent.discard(session)
        if session.closed or self._closed or self._owes:
            self._owes = False
            self._forget(session)
            return
        if not self._wake(session):
            session.idle_since = monotonic()
            self._idle.append(session)

    def mend(self, session: Session) -> asyncio.Future[None] | None:
        """Takes one back on which something was broken off: it is cleaned first, or ended.

        Returns:
            What is done when that is done; None if nothing is left to do. Nobody needs to wait.
        """
        self._lent.discard(session)
        if session.closed or self._closed:
            self._forget(session)
            return None
        # Of the pool, and not of the call that may be ending: no task factory sees it.
        task = asyncio.Task(self._mend(session), loop=asyncio.get_running_loop())
        self._healing.add(task)
        task.add_done_callback(self._healing.discard)
        return asyncio.shield(task)

    def look(self, now: float) -> None:
        """Closes what nobody has used for long; called a few times a second."""
        oldest = now - self._config.idle_timeout
        while self._idle and (self._idle[0].closed or self._idle[0].idle_since < oldest):
            self._forget(self._idle.pop(0))
        if self.size:
            self._look_at_others(now)

    def forget_idle(self) -> None:
        """Ends those nobody uses: the server they lead to is no longer the right one."""
        while self._idle:
            self._forget(self._idle.pop())

    async def close(self) -> None:
        """Ends all of them, also those in use."""
        self._closed = True
        for timer in (self._timer, self._looking):
            if timer is not None:
                timer.cancel()
        self._places.asked()
        while self._waiting:
            self._wake(None)
        for task in tuple(self._healing):
            task.cancel()
        idle, self._idle = self._idle, []
        for _ in idle:
            self._less()
        await asyncio.gather(*(session.close() for session in idle))
        for session in tuple(self._lent):
            session.end()

    def _pop_idle(self) -> Session | None:
        while self._idle:
            session = self._idle.pop()
            if not session.closed:
                return session
            self._forget(session)
        return None

    async def _open(self) -> Session | None:
        self.size += 1
        try:
            session = await self._open_session()
        except BaseException as error:
            self._less()
            if self._config.shared and getattr(error, "sqlstate", None) == FULL:
                return None  # one that was given up is not gone yet, or others are there as well
            self._wake(None)  # whoever waits learns by itself whether one can be opened
            raise
        if self._closed:
            self._forget(session)
            raise Unavailable("This host is stopping.")
        return session

    async def _wait(self, until: float) -> Session | None:
        """A session that another gives back; None to look again."""
        may_come = self._config.connections - self.size  # who waits for one of these does not queue
        if len(self._waiting) >= self._config.waiting + may_come:
            raise self._shed("Too many wait for the database")
        if until <= monotonic():
            raise self._shed("The database was busy for too long")
        future: asyncio.Future[Session | None] = asyncio.get_running_loop().create_future()
        place = (until, future)
        self._line_up(place)
        if not self.size:
            self._places.ask(starving=True)
        if may_come:
            self._look_in(OPEN_SECONDS * self.size)
        try:
            return await future
        except asyncio.CancelledError:
            if place in self._waiting:
                self._waiting.remove(place)
            elif not future.cancelled() and future.exception() is None:
                came = future.result()  # in the same moment
                self._wake(None) if came is None else self.give(came)
            raise

    def _line_up(self, place: tuple[float, asyncio.Future[Session | None]]) -> None:
        """At the end; who looked in vain goes back to the front, where its time is over first."""
        if self._waiting and place[0] < self._waiting[0][0]:
            self._waiting.appendleft(place)
        else:
            self._waiting.append(place)
        if self._timer is None:
            left = place[0] - monotonic()
            self._timer = asyncio.get_running_loop().call_later(left, self._expire)

    def _may_open(self) -> bool:
        """Takes a place for one more, if there may be; who has none goes before who has some."""
        if self.size >= self._config.connections:
            return False
        return not (self.size and self._places.is_starved_for) and self._places.take()

    def _look_in(self, seconds: float) -> None:
        if self._looking is None:
            loop = asyncio.get_running_loop()
            self._looking = loop.call_later(seconds or LOOK_SECONDS, self._look_for_place)

    def _look_for_place(self) -> None:
        """Opens one more, again and again, as long as somebody waits, and there is a place."""
        self._looking = None
        if not self._waiting or self.size >= self._config.connections:
            self._places.asked()
            return
        waited = monotonic() - self._waiting[0][0] + self._config.wait_timeout
        if waited < OPEN_SECONDS * self.size:  # another one did before, and was served
            self._look_in(OPEN_SECONDS * self.size - waited)
        elif self._may_open():
            self._places.give()
            self._places.asked()
            self._wake(None)
            self._look_in(OPEN_SECONDS * (self.size + 1))
        else:
            self._places.ask(starving=not self.size)
            self._look_in(LOOK_SECONDS)

    def _look_at_others(self, now: float) -> None:
        """Gives up what others need more: one to who has none, what is spare to who waits."""
        if not self._places.is_wanted:
            return
        spare = self._idle[0].idle_since if len(self._idle) > 1 else now
        if self._places.is_starved_for:
            if self._idle:
                self._forget(self._idle.pop(0))
            else:
                self._owes = True
        elif self._looking is None and spare < now - SPARE_SECONDS:  # else it wants more itself
            self._forget(self._idle.pop(0))

    def _wake(self, session: Session | None) -> bool:
        """Gives the first who still waits a session, or the chance to open one."""
        while self._waiting:
            _, future = self._waiting.popleft()
            if not future.done():
                future.set_result(session)
                return True
        return False

    def _expire(self) -> None:
        """One timer for all who wait: the first of them has waited longest."""
        self._timer = None
        now = monotonic()
        while self._waiting and (self._waiting[0][0] <= now or self._waiting[0][1].done()):
            _, future = self._waiting.popleft()
            if not future.done():
                future.set_exception(self._shed("The database was busy for too long"))
        if self._waiting:
            left = self._waiting[0][0] - now
            self._timer = asyncio.get_running_loop().call_later(left, self._expire)

    def _shed(self, why: str) -> Unavailable:
        self.shed += 1
        return Unavailable(f"{why}; try again shortly.", retry_after=AGAIN)

    def _less(self) -> None:
        self.size -= 1
        self._places.give()

    def _forget(self, session: Session) -> None:
        self._less()
        session.end()
        self._wake(None)

    async def _mend(self, session: Session) -> None:
        healed = False
        try:
            healed = await session.heal()
        finally:
            if healed:
                self.give(session)
            else:
                self._forget(session)
