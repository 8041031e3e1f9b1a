"""A handler's transaction: inbox rows, then its effect. It begins with the first statement."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from hanse.runtime.call.leaving import begin_writing
from hanse.runtime.data.transaction import Isolation, Opening, Transaction
from hanse.runtime.data.unit import Unit, UnitTransaction

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from hanse.runtime.call.context import Call
    from hanse.runtime.data.access import Access
    from hanse.runtime.data.database import Database
    from hanse.runtime.data.record import Record
    from hanse.runtime.data.session import Session


class NotDue(BaseException):
    """The events are not to be handled now: they were, or others come first, or it is not here.

    No `Exception`, so that no handler takes it for a failure of its own statement and goes on.
    """


class HandlerTransaction(UnitTransaction):
    """Is one, plainly: a statement that fails is the end of it."""

    __slots__ = ()

    async def run(self, text: str, arguments: Sequence[Any]) -> tuple[list[Record], Any]:
        """Runs a statement when those before it are done."""
        return await Transaction.run(self, text, arguments)

    @asynccontextmanager
    async def part(self, isolation: Isolation, *, savepoint: bool) -> AsyncGenerator[None]:
        """A block inside it; the first may say how much is seen of others."""
        if self.session is None:
            self.isolation = isolation
        async with Transaction.part(self, isolation, savepoint=savepoint):
            yield


class HandlerUnit(Unit):
    """Keeps the transaction of a handler from its first statement to its end.

    Args:
        call: That runs it, with its key.
        owner: The database.
        access: Where sessions are.
        opening: The statement it begins with.
        rows: How many rows that writes where nothing speaks against the events.

    Attributes:
        refused: Whether something did.
    """

    def __init__(
        self, call: Call, owner: Database, access: Access, opening: Opening, rows: int
    ) -> None:
        super().__init__(call, owner, access, _never)
        self._opening = opening
        self._wanted = f"INSERT 0 {rows}"
        self.refused = False

    @property
    def transaction(self) -> UnitTransaction:
        """Where statements run."""
        if self._transaction is None:
            self._transaction = HandlerTransaction(self._owner, self._begin)
        return self._transaction

    @property
    def in_block(self) -> bool:
        """Whether no service can be called: what was written cannot be committed before."""
        return self.is_open

    async def begin(self) -> None:
        """Begins it, where no statement has.

        Raises:
            NotDue: Something speaks against the events.
            HanseError: The database is away.
        """
        await self.transaction.do(_nothing)

    async def _begin(self, command: str) -> Session:
        session, said = await self._access.begin_with(command, self._opening)
        if said != self._wanted:
            self.refused = True
            mended = self._access.pool.mend(session)
            if mended is not None:
                await mended
            raise NotDue
        begin_writing(self._call)
        return session


async def _nothing(_: Session) -> None:
    """What a handler without statements does in its transaction."""


async def _never() -> None:
    raise AssertionError("a handler's transaction is never ended before a call")
