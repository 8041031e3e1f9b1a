"""Finds the connection on which a transaction of the app's runs, and looks whether it is one."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from hanse.runtime.beside.borrowed import JoinedSession
from hanse.runtime.errors import FailedPrecondition, Internal

if TYPE_CHECKING:
    from collections.abc import Callable

_STARTED = "select 1"
_KEPT = "hanse"


class Lent(NamedTuple):
    """What a transaction of the app's runs on.

    Attributes:
        session: The connection, as the host runs statements on it.
        companion: Goes along with a session of SQLAlchemy; None beside anything else.
    """

    session: JoinedSession
    companion: Companion | None = None


class Companion:
    """Goes along with one session of SQLAlchemy, as long as that lives.

    Args:
        session: The one that is not async.

    Attributes:
        then: What is done when its transaction is over.
        failed: Whether a statement of ours failed in it.
    """

    def __init__(self, session: Any) -> None:
        self.then: dict[Callable[[], None], None] = {}
        self.failed = False
        listen = importlib.import_module("sqlalchemy.event").listen
        listen(session, "before_commit", self._look)
        listen(session, "after_transaction_end", self._over)

    @classmethod
    def of(cls, session: Any) -> Companion:
        """The one that is there, or a new one."""
        return session.info.get(_KEPT) or session.info.setdefault(_KEPT, cls(session))

    def _look(self, session: Any) -> None:
        """Has a commit fail whose transaction has: the server says `rollback`, and nobody reads it.

        Whoever went back to a savepoint since has a good one.
        """
        if self.failed:
            session.connection().exec_driver_sql(_STARTED)

    def _over(self, _: Any, transaction: Any) -> None:
        if transaction.parent is None:
            then, self.then, self.failed = self.then, {}, False
            for step in then:
                step()


async def lent_by(session: object) -> Lent:
    """What a session, a connection of SQLAlchemy, or one of asyncpg runs on.

    What a session has not written yet is written first: events of a row have the order of its
    changes only where it is held.

    Raises:
        FailedPrecondition: No transaction is open on it, or none ever is.
        Internal: It is nothing of the kind.
    """
    if hasattr(session, "sync_session"):  # an AsyncSession
        mine = cast("Any", session)
        await mine.flush()
        session = await _session_of(await mine.connection())
        return Lent(session, Companion.of(mine.sync_session))
    if hasattr(session, "get_raw_connection"):  # an AsyncConnection
        mine = cast("Any", session)
        if not mine.in_transaction():
            raise _not_open()
        return Lent(await _session_of(mine))
    if hasattr(session, "is_in_transaction"):  # asyncpg's own, and what its pool gives
        mine = cast("Any", session)
        if not mine.is_in_transaction():
            raise _not_open()
        return Lent(JoinedSession(mine))
    raise _no_session(session)


async def _session_of(connection: Any) -> JoinedSession:
    """Kept where SQLAlchemy keeps the connection, with what is prepared on it."""
    below = await driver_connection(connection)
    kept = (await connection.get_raw_connection()).info
    found = kept.get(_KEPT)
    if found is None or found.connection is not below:
        found = kept[_KEPT] = JoinedSession(below)
    return found


async def driver_connection(connection: Any) -> Any:
    """The connection of asyncpg below an `AsyncConnection`, in a transaction.

    Raises:
        FailedPrecondition: Each of its statements is a transaction of its own.
        Internal: It is another driver's.
    """
    below = (await connection.get_raw_connection()).driver_connection
    if not hasattr(below, "is_in_transaction"):
        raise _no_session(below)
    if not below.is_in_transaction():  # SQLAlchemy begins with the first statement
        await connection.exec_driver_sql(_STARTED)
    if not below.is_in_transaction():
        raise FailedPrecondition(
            "This connection is on AUTOCOMMIT, so that nothing can be kept together on it; use one "
            "without that isolation level."
        )
    return below


def _not_open() -> FailedPrecondition:
    return FailedPrecondition(
        "No transaction is open on this connection, so there is nothing to join; begin one."
    )


def _no_session(found: object) -> Internal:
    kind = f"{type(found).__module__}.{type(found).__qualname__}"
    return Internal(
        f"{kind} cannot be joined. What can: an AsyncSession or AsyncConnection of SQLAlchemy over "
        "postgresql+asyncpg://, or a connection of asyncpg."
    )
