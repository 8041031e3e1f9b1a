"""Connections of an app's engine, on which transactions of its host begin and end."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Self

from hanse.runtime.beside.borrowed import JoinedSession
from hanse.runtime.beside.failures import translated
from hanse.runtime.beside.lent import driver_connection
from hanse.runtime.errors import Internal

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from hanse.runtime.data.transaction import Opening

PLAIN = "begin isolation level read committed"
_GOOD = "select 1"


class EngineSession(JoinedSession):
    """One connection of the engine, in a transaction that the host ends.

    Args:
        above: As SQLAlchemy has it.
        connection: As asyncpg has it.

    Attributes:
        above: As given.
    """

    __slots__ = ("above",)

    def __init__(self, above: AsyncConnection, connection: Any) -> None:
        super().__init__(connection)
        self.above = above

    async def command(self, text: str) -> str:
        """As `Session.command`; whoever commits learns if the server can only undo."""
        if text != "commit":
            return await super().command(text)
        # A failed transaction is undone by `commit` too, and neither driver would say so.
        await super().command(_GOOD)
        with translated():
            await self.above.commit()
            await self.above.close()
        return "COMMIT"

    async def undo(self) -> None:
        """Ends it without a trace, and gives the connection back to its engine."""
        try:
            await self.above.rollback()
        except Exception:  # noqa: BLE001  whatever is wrong with it, it is not used again
            await self.above.invalidate()
        finally:
            await self.above.close()


class EngineSessions:
    """Lends them: see `Lending`.

    Args:
        engine: Of the app.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._undoing: set[asyncio.Task[None]] = set()

    @property
    def pool(self) -> Self:
        """Itself: what is undone goes back to the engine."""
        return self

    async def begin(self, command: str) -> EngineSession:
        """One on which a transaction has begun, at the isolation that the engine has.

        Raises:
            Internal: It is to be another.
            HanseError: None can be had.
        """
        if command != PLAIN:
            raise Internal(
                "A transaction on the app's session has the isolation of its engine; ask for no "
                "other one here."
            )
        with translated():
            above = await self._engine.connect()
            try:
                await above.begin()
                return EngineSession(above, await driver_connection(above))
            except BaseException:
                await above.close()
                raise

    async def begin_with(self, command: str, first: Opening) -> tuple[EngineSession, str]:
        """As `begin`, with a first statement; and what the server says of that."""
        session = await self.begin(command)
        try:
            return session, await session.command(first.plain)
        except BaseException as error:
            mended = self.mend(session)
            if isinstance(error, Exception):
                await mended
            raise

    def give(self, session: Any) -> None:
        """Does nothing: what was committed has gone back."""

    def mend(self, session: Any) -> asyncio.Future[None]:
        """Has it undone, and go back."""
        task = asyncio.Task(session.undo(), loop=asyncio.get_running_loop())
        self._undoing.add(task)
        task.add_done_callback(self._undoing.discard)
        return asyncio.shield(task)
