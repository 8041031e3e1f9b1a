"""`Outbox`: tells events in the transaction of an app that is no service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.runtime.beside.guest import Guest, made_for
from hanse.runtime.events.events import Events

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hanse.runtime.events.event import Event
    from hanse.runtime.host import Host


class Outbox(Guest):
    """Tells events in your own transaction: they are kept with what you wrote, or not at all.

        outbox = Outbox(host)

        async with sessions.begin() as session:
            session.add(Loan(book=book))
            await outbox.emit(session, BookLent(book=book))

    A session is an `AsyncSession` or `AsyncConnection` of SQLAlchemy over asyncpg, or a connection
    of asyncpg with a transaction. It leads to the database of the host, and is committed by you.
    An error that leaves `emit` ends the transaction of an `AsyncSession` as that of any statement
    does, and its commit fails; on a plain connection nothing but the event is missing.

    Args:
        host: Which tells them on, or another host of the same database does. Not begun yet.

    Raises:
        ConfigurationError: The host has no database.
        RuntimeError: It has begun.
    """

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._events = made_for(host, Events)

    async def emit(self, session: object, event: Event) -> str:
        """Tells an event, after what the session has not written yet. Gives its id.

        Args:
            session: In whose transaction; one of yours.
            event: What has happened.

        Raises:
            InvalidArgument: It breaks a rule of its class, or is too large.
            ResourceExhausted: Too many wait to be told.
            FailedPrecondition: The session has no transaction, or is of another database.
            Unavailable: The host has not reached its database yet.
            HanseError: As `Events.emit`.
        """
        async with self._joined(session):
            return await self._events.emit(event)

    async def emit_many(self, session: object, events: Sequence[Event]) -> tuple[str, ...]:
        """Tells some, in their order. Gives their ids.

        Args:
            session: As for `emit`.
            events: What has happened.

        Raises:
            HanseError: As `emit`.
        """
        async with self._joined(session):
            return await self._events.emit_many(events)
