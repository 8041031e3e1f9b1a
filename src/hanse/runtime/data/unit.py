"""What a call under an idempotency key writes, and its answer: one transaction."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Self

from hanse.runtime.call.context import in_transaction, running
from hanse.runtime.call.leaving import begin_writing, end_writing
from hanse.runtime.data.transaction import Isolation, Transaction
from hanse.runtime.errors import Internal

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
    from types import TracebackType

    from hanse.runtime.call.context import Call
    from hanse.runtime.data.record import Record
    from hanse.runtime.data.session import Session
    from hanse.runtime.data.transaction import Lending


class UnitTransaction(Transaction):
    """Looks to a handler as if there were none: each step of it can fail by itself.

    It begins with its first statement, at the isolation that is first asked for.

    Args:
        owner: The database it belongs to.
        begin: Gives it a session on which a command has begun it.
    """

    __slots__ = ("_begin", "_beginning", "_blocks", "_step")

    def __init__(self, owner: object, begin: Callable[[str], Awaitable[Session]]) -> None:
        super().__init__(None, owner, "read committed", read_only=False)
        self._begin = begin
        self._beginning = asyncio.Lock()
        self._step = asyncio.Lock()
        self._blocks = 0

    @property
    def in_block(self) -> bool:
        """Whether the handler has opened a block that has not ended."""
        return self._blocks > 0

    async def do(self, step: Callable[[Session], Awaitable[Any]]) -> Any:
        """Does something on the session, alone; takes one first where there is none."""
        async with self._beginning:
            if self.session is None:
                self.session = await self._begin(self.beginning)
        return await super().do(step)

    async def run(self, text: str, arguments: Sequence[Any]) -> tuple[list[Record], Any]:
        """Runs a statement as if it were alone, unless it stands in a block."""
        if self._blocks:
            return await super().run(text, arguments)
        async with self._step, self.with_savepoint():
            return await super().run(text, arguments)

    @asynccontextmanager
    async def part(self, isolation: Isolation, *, savepoint: bool) -> AsyncGenerator[None]:
        """A block, which can fail by itself where it is the outermost."""
        if self._blocks:
            async with super().part(isolation, savepoint=savepoint):
                yield
            return
        async with self._step:
            if self.session is None:
                self.isolation = isolation
            self._blocks += 1
            try:
                async with super().part(isolation, savepoint=True):
                    yield
            finally:
                self._blocks -= 1


class Unit:
    """Keeps the transaction of a keyed call from its first statement to its answer.

    Args:
        call: With its key.
        owner: The database.
        access: Where sessions are.
        before_call: The last statement of what has to end because another service is called.
    """

    def __init__(
        self,
        call: Call,
        owner: object,
        access: Lending,
        before_call: Callable[[], Awaitable[None]],
    ) -> None:
        self._call = call
        self._owner = owner
        self._access = access
        self._before_call = before_call
        self._transaction: UnitTransaction | None = None

    @property
    def transaction(self) -> UnitTransaction:
        """Where statements run."""
        if self._transaction is None:
            self._transaction = UnitTransaction(self._owner, self._begin)
        return self._transaction

    @property
    def is_open(self) -> bool:
        """Whether anything ran in it that has not ended."""
        return self._transaction is not None and self._transaction.session is not None

    @property
    def in_block(self) -> bool:
        """Whether a transaction that the handler opened is under way in it."""
        return self._transaction is not None and self._transaction.in_block

    def reach_by(self, access: Lending) -> None:
        """Has it begin on sessions of somebody else's.

        Raises:
            Internal: It has begun already.
        """
        if self.is_open:
            raise Internal(
                "Its transaction has begun on a connection of the host already. Ask for the app's "
                "session first."
            )
        self._access = access

    async def settle(self) -> None:
        """Ends what ran so far, so that another service can be called.

        Raises:
            HanseError: It cannot be kept.
        """
        if self.is_open:
            if self.transaction.wrote:
                await self._before_call()
            await self.finish(None)

    async def finish(self, error: BaseException | None) -> None:
        """Makes lasting what was done, or undoes it because of an error.

        Raises:
            HanseError: It cannot be kept.
        """
        transaction, self._transaction = self._transaction, None
        if transaction is not None and transaction.session is not None:
            try:
                await self._end(transaction, transaction.session, error)
            finally:
                end_writing(self._call)

    async def __aenter__(self) -> Self:
        assert self._call.keyed is not None
        self._call.keyed.unit = self
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._call.keyed is not None
        try:
            await self.finish(error)
        finally:
            self._call.keyed.unit = None

    async def _begin(self, command: str) -> Session:
        session = await self._access.begin(command)
        begin_writing(self._call)
        return session

    async def _end(
        self, transaction: Transaction, session: Session, error: BaseException | None
    ) -> None:
        try:
            if error is None:
                await transaction.commit()
        except BaseException as failure:
            error = failure
            raise
        finally:
            if error is None:
                self._access.pool.give(session)
            else:
                mended = self._access.pool.mend(session)
                if mended is not None and isinstance(error, Exception):
                    await mended


def transaction_here(owner: object) -> Transaction | None:
    """Where statements run that are not alone: the block they stand in, or a keyed call.

    Args:
        owner: The database they are for.
    """
    found = block_here()
    if found is None or found.owner is not owner:
        unit = unit_of(running.get())
        found = unit.transaction if unit is not None else None
    return found if found is not None and found.owner is owner else None


def block_here() -> Transaction | None:
    """The transaction of the block that this stands in, of whichever database."""
    found = in_transaction.get()
    return found if found is not None and found.holds(running.get()) else None


def unit_of(call: Call | None) -> Unit | None:
    """What a keyed call does as one whole, while it is kept together."""
    return call.keyed.unit if call is not None and call.keyed is not None else None


def fresh_unit(call: Call | None) -> Unit | None:
    """The unit of a keyed call in which nothing has run."""
    unit = unit_of(call)
    return unit if unit is not None and not unit.is_open else None
