"""Has what a host does be part of a transaction that the app began, by its own connection."""

from __future__ import annotations

from contextlib import asynccontextmanager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from hanse.kit.clock import monotonic_ns
from hanse.runtime.beside.borrowed import JoinedSession
from hanse.runtime.beside.home import Home
from hanse.runtime.beside.lent import lent_by
from hanse.runtime.call.context import Call, Origin, begin_trace, running
from hanse.runtime.call.deadline import Deadlines
from hanse.runtime.contract.declaration import rpc
from hanse.runtime.contract.service import Contract
from hanse.runtime.data.arrival import is_forbidden
from hanse.runtime.data.transaction import Transaction
from hanse.runtime.data.unit import transaction_here
from hanse.runtime.errors import FailedPrecondition, Unavailable
from hanse.runtime.identity.permission import PUBLIC

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator
    from contextlib import AbstractAsyncContextManager

    from hanse.runtime.beside.lent import Lent
    from hanse.runtime.data.database import Database

AGAIN = 1
NEVER_NS = 2**62

_FORBIDDEN = (
    "The login of this session may not write what is the host's. Use one login for both, or have "
    "the owner of the schema run: grant usage on schema hanse to LOGIN; "
    "grant select, insert, update on all tables in schema hanse to LOGIN"
)


class App(Contract, package="hanse.v1"):
    """What an app beside a host is to what it begins there."""

    @rpc(allow=PUBLIC)
    async def run(self) -> None:
        """What it does."""


RUN = App.__contract__.methods["run"]


class Joining:
    """That of one host.

    Args:
        database: Of the host.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._deadlines = Deadlines()
        self._home = Home()

    @asynccontextmanager
    async def joined(self, session: object, origin: Origin) -> AsyncGenerator[None]:
        """What the block does with the host's database is part of the session's transaction.

        Args:
            session: Of SQLAlchemy, or a connection.
            origin: For whom, where no call is running.

        Raises:
            Unavailable: The host has not reached its database yet.
            FailedPrecondition: The session has no transaction, or leads to another database.
        """
        if not self._database.ready:
            raise Unavailable("The host has not reached its database yet.", retry_after=AGAIN)
        lent = await lent_by(session)
        here = transaction_here(self._database)
        if here is not None and _is_on(here.session, lent.session.connection):
            yield  # of a handler, on whose own session this stands
            return
        await self._home.check(self._database, lent.session)
        with self.acting(origin):
            async with self._part(lent):
                yield

    @contextmanager
    def acting(self, origin: Origin) -> Generator[None]:
        """What the block asks for is for somebody, unless a call is running."""
        if running.get() is not None:
            yield
            return
        trace, span = begin_trace()
        call = Call(RUN, origin, monotonic_ns(), NEVER_NS, self._deadlines, trace, span)
        token = running.set(call)
        try:
            yield
        finally:
            running.reset(token)

    @asynccontextmanager
    async def _part(self, lent: Lent) -> AsyncGenerator[None]:
        transaction = Transaction(lent.session, self._database, "read committed", read_only=False)
        transaction.enter()
        try:
            async with _undone_by_itself(lent):
                yield
            if lent.companion is not None:
                lent.companion.then |= transaction.then
        except BaseException as error:
            if lent.companion is not None:
                lent.companion.failed = True
            if is_forbidden(error):
                raise FailedPrecondition(_FORBIDDEN) from error
            raise
        finally:
            transaction.leave()


def _undone_by_itself(lent: Lent) -> AbstractAsyncContextManager[object]:
    """A savepoint where no companion can have the commit fail: what fails leaves no trace then.

    Else the server makes a rollback of the commit, and no driver says so.
    """
    return nullcontext() if lent.companion is not None else lent.session.connection.transaction()


def _is_on(session: Any, connection: object) -> bool:
    return isinstance(session, JoinedSession) and session.connection is connection
