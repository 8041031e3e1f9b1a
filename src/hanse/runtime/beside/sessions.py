"""`Sessions`: an app's own sessions of SQLAlchemy, in the transactions of its host."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, cast

from hanse.runtime.beside.engine_sessions import EngineSession, EngineSessions
from hanse.runtime.beside.failures import OF_THE_MOMENT, translated
from hanse.runtime.beside.home import Home
from hanse.runtime.call.context import running
from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.runtime.data.unit import block_here, unit_of
from hanse.runtime.errors import Internal
from hanse.runtime.subscriptions.handling.handler_unit import HandlerUnit

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker

    from hanse.runtime.data.database import Database
    from hanse.runtime.data.transaction import Transaction


class Sessions:
    """Your own sessions, for methods that a host calls: what they write there happens once.

        host = Host([Reminders], config, provided={Sessions: Sessions(sessions)})

        class Reminders(Service, package="reminders.v1"):
            def __init__(self, sessions: Sessions) -> None: ...

            @subscribe(BookLent)
            async def note(self, event: BookLent) -> None:
                async with self._sessions.here() as session:
                    session.add(Reminder(book=event.book))

    The transaction of the method, with the note that the event was handled or the journal's entry
    of a step, then runs on a connection of your engine, and is committed when the method has ended.

    Args:
        maker: What makes them, bound to an engine over `postgresql+asyncpg://` that leads to the
            database of the host.

    Raises:
        ConfigurationError: It is bound to none, or to several.
    """

    def __init__(self, maker: async_sessionmaker[Any]) -> None:
        self._maker = maker
        self._engine: Any = maker.kw.get("bind")
        self._lending = EngineSessions(self._engine)
        self._home = Home()
        if not hasattr(self._engine, "connect") or maker.kw.get("binds"):
            raise ConfigurationError(
                "Sessions are of one engine; make them by async_sessionmaker(engine), without binds"
            )

    @asynccontextmanager
    async def here(self) -> AsyncGenerator[AsyncSession]:
        """A session in the transaction of the method that runs: a handler's, or `run.transaction`.

        It is a savepoint of that: `commit` keeps what it did for the end of the method, `rollback`
        undoes it, and so does an error that leaves the block.

        Raises:
            Internal: There is no such transaction, or it has begun elsewhere: with a collection, a
                store or a statement of the host.
            HanseError: The database is away, or others were faster, so that the method is tried
                again. What else goes wrong is SQLAlchemy's error, as ever.
        """
        above = await self._connection()
        with translated(OF_THE_MOMENT):
            async with self._maker(bind=above, join_transaction_mode="create_savepoint") as session:
                yield session
                await session.commit()

    async def _connection(self) -> AsyncConnection:
        """What the transaction of the method runs on; that of a handler has begun then."""
        block, unit = block_here(), unit_of(running.get())
        if block is not None:
            if not isinstance(block.session, EngineSession):
                await block.move(self._lending)
            return await self._of(block)
        if not isinstance(unit, HandlerUnit):
            raise Internal(
                "No transaction is open that this session could be part of. It is for handlers of "
                "events and for run.transaction; elsewhere use a session of your own."
            )
        if not isinstance(unit.transaction.session, EngineSession):
            unit.reach_by(self._lending)
            await unit.begin()
        return await self._of(unit.transaction)

    async def _of(self, transaction: Transaction) -> AsyncConnection:
        session = cast("EngineSession", transaction.session)
        if session.above.engine is not self._engine:
            raise Internal("This transaction runs on another engine; one has only one.")
        await self._home.check(cast("Database", transaction.owner), session)
        return session.above
