"""How statements get to the server: on a session each, again where that may be."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, TypeVar

from hanse.kit.fault_points import reached, watched_session
from hanse.runtime.call.context import running
from hanse.runtime.call.leaving import begin_writing, end_writing
from hanse.runtime.data.arrival import check_server, described, unfit
from hanse.runtime.data.connections.pool import Pool
from hanse.runtime.data.failures import GoneBefore, failure_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from hanse.runtime.data.database_config import DatabaseConfig
    from hanse.runtime.data.record import Record
    from hanse.runtime.data.session import Session
    from hanse.runtime.data.transaction import Opening

T = TypeVar("T")

log = logging.getLogger("hanse.database")

TRIES = 3
"""How often a query that only reads is begun, if its connection breaks each time."""


class Access:
    """Lends sessions, and makes errors of ours of what goes wrong on them.

    Attributes:
        pool: What lends them.
    """

    def __init__(self, config: DatabaseConfig) -> None:
        self._config = config
        self._is_away = False
        self.pool = Pool(self._open_session, config)

    async def run(
        self, text: str, arguments: Sequence[Any], *, again: bool = False
    ) -> tuple[list[Record], Any]:
        """Runs a statement that is a transaction by itself.

        Args:
            text: The statement.
            arguments: Its values.
            again: It only reads, so that it may be run again when nobody knows if it ran.

        Raises:
            HanseError: What went wrong, see `failure_of`.
        """
        if again:
            return await self.alone(lambda one: one.run(text, arguments), again=True)
        return await self._once(lambda one: one.run(text, arguments))

    async def count(self, text: str, arguments: Sequence[Any]) -> int:
        """As `run`; how many rows it wrote, which is asked before the session is another's.

        Raises:
            HanseError: As `run`.
        """
        return await self._once(lambda one: one.count(text, arguments))

    async def _once(self, step: Callable[[Session], Awaitable[T]]) -> T:
        call = running.get()
        if call is None:
            return await self.alone(step)
        begin_writing(call)
        try:
            return await self.alone(step)
        finally:
            end_writing(call)

    async def alone(self, step: Callable[[Session], Awaitable[T]], *, again: bool = False) -> T:
        """Does something on a session of its own.

        Args:
            step: What is done.
            again: It may be done again where the connection breaks.

        Raises:
            HanseError: What went wrong, see `failure_of`.
        """
        session, result = await self._on_session(step, again=again)
        self.pool.give(session)
        return result

    async def begin(self, command: str) -> Session:
        """A session on which a transaction has begun; it goes back to the pool.

        Raises:
            HanseError: What went wrong, see `failure_of`.
        """
        session, _ = await self._on_session(lambda one: one.begin(command), again=True)
        return session

    async def begin_with(self, command: str, first: Opening) -> tuple[Session, str]:
        """As `begin`, with a first statement in the same round trip.

        Args:
            command: Begins the transaction.
            first: The statement.

        Returns:
            The session, and what the server says of the statement: `INSERT 0 1`.

        Raises:
            HanseError: What went wrong, see `failure_of`.
        """
        return await self._on_session(lambda one: one.begin(command, first), again=True)

    async def _on_session(
        self, step: Callable[[Session], Awaitable[T]], *, again: bool
    ) -> tuple[Session, T]:
        tries, gone = TRIES if again else 1, self._config.connections + TRIES
        while True:
            tries -= 1
            session = self.pool.take_idle() or await self._take()
            try:
                return session, await step(session)
            except GoneBefore as error:
                self.pool.mend(session)
                tries, gone = tries + 1, gone - 1
                if not gone:
                    raise failure_of(error) from error
            except Exception as error:
                self._take_back(session, error)
                if not (tries and session.closed):
                    raise failure_of(error) from error
            except BaseException:
                session.break_off()
                self.pool.mend(session)
                raise

    def _take_back(self, session: Session, error: Exception) -> None:
        if getattr(error, "sqlstate", None) and session.clean:
            self.pool.give(session)
        else:
            self.pool.mend(session)

    async def _take(self) -> Session:
        try:
            return await self.pool.take()
        except Exception as error:
            raise failure_of(error) from error

    async def reach(self) -> None:
        """Looks whether the server is there, and fit.

        Raises:
            DatabaseUnfit: It is not, and trying again would not help.
            HanseError: It is away.
        """
        url = self._config.url
        try:
            session = await self.pool.take()
        except Exception as error:
            raise unfit(error, url) or failure_of(error) from error
        self.pool.give(session)
        check_server(session, url)

    async def _open_session(self) -> Session:
        from hanse.runtime.data.session import open_session

        try:
            session = await open_session(self._config)
        except Exception as error:
            if not self._is_away:
                log.warning("%s cannot be reached: %s", described(self._config.url), error)
            self._is_away = True
            raise
        if self._is_away:
            log.warning("%s is back.", described(self._config.url))
        self._is_away = False
        await reached("pool.connected")
        return watched_session(session)
