"""The database as services ask for it: statements, transactions, and what keeps them apart."""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Self, TypeVar

from hanse.kit.backoff import Backoff
from hanse.kit.clock import SystemClock, monotonic, wait_set
from hanse.runtime.call.context import Call, alone, running
from hanse.runtime.call.leaving import begin_writing, end_writing
from hanse.runtime.data.failures import SerializationConflict, failure_of
from hanse.runtime.data.pool import Pool
from hanse.runtime.data.reading import only_reads
from hanse.runtime.data.transaction import Isolation, Transaction
from hanse.runtime.errors import Internal

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Sequence

    from hanse.kit.clock import Clock
    from hanse.runtime.data.database_config import DatabaseConfig
    from hanse.runtime.data.record import Record
    from hanse.runtime.data.session import Session

T = TypeVar("T")

TRIES = 3
"""How often a query that only reads is begun, if its connection breaks each time."""

AGAIN_FIRST_SECONDS = 0.005
AGAIN_MOST_SECONDS = 0.5
AGAIN_SECONDS = 30.0
"""For how long a transaction is tried again where no call's deadline says otherwise."""


class Database:
    """PostgreSQL for the services of one host, which ask for it in their constructor.

        def __init__(self, database: Database) -> None: ...

        rows = await self._database.fetch("select name from shop.item where site_id = $1", site)

    A statement is a constant text with `$1`, `$2`, … for what varies: each connection prepares it
    once. Outside a transaction it is one of its own, committed in the same round trip.

    `jsonb` goes in and comes out as bytes, `timestamptz` as aware datetimes, `uuid` as UUID.

    Args:
        config: Which server, and how much of it.
        clock: Business time, for what is stored.

    Attributes:
        clock: The same.
    """

    def __init__(self, config: DatabaseConfig, clock: Clock | None = None) -> None:
        self.clock = clock or SystemClock()
        self._config = config
        self._pool = Pool(self._open_session, config)

    async def fetch(self, text: str, *arguments: Any) -> list[Record]:
        """The rows of a statement.

        Raises:
            HanseError: What went wrong, without SQL or values; see `docs/how-to/database.md`.
        """
        transaction = self._current()
        if transaction is not None:
            return (await transaction.run(text, arguments))[0]
        return (await self._run(text, arguments))[0]

    async def fetch_row(self, text: str, *arguments: Any) -> Record | None:
        """The first row of a statement that gives one at most; None if it gives none.

        Raises:
            HanseError: As `fetch`.
        """
        rows = await self.fetch(text, *arguments)
        return rows[0] if rows else None

    async def execute(self, text: str, *arguments: Any) -> int:
        """Runs a statement; the number of rows it wrote. It is never run a second time.

        Raises:
            HanseError: As `fetch`.
        """
        transaction = self._current()
        if transaction is not None:
            _, done = await transaction.run(text, arguments)
        else:
            _, done = await self._run(text, arguments, again=False)
        count = (done.get_statusmsg() or "").rpartition(" ")[2]
        return int(count) if count.isdecimal() else 0

    @asynccontextmanager
    async def transaction(
        self,
        *,
        isolation: Isolation = "read committed",
        read_only: bool = False,
        savepoint: bool = False,
    ) -> AsyncGenerator[None]:
        """All statements of the block together, or none of them.

        What the running call does meanwhile joins, also in its other tasks, one statement after
        the other. It may not call a service before the end. A block inside a block is a part of
        it: if it fails all fails, even where its error is caught.

        Args:
            isolation: How much is seen of what others do at the same time.
            read_only: The server lets nothing be written.
            savepoint: A block inside another can fail by itself.

        Raises:
            HanseError: As `fetch`; `Aborted` if a part failed, and so all of it.
        """
        outer = self._current()
        if outer is not None:
            async with outer.part(isolation, savepoint=savepoint):
                yield
            return
        session = await self._take()
        transaction = Transaction(session, self, isolation, read_only=read_only)
        call = running.get()
        _enter(call, transaction)
        try:
            await transaction.begin()
            yield
            await transaction.commit()
        except BaseException as error:
            mended = self._pool.mend(session)
            if mended is not None and isinstance(error, Exception):
                await mended
            raise
        else:
            self._pool.give(session)
        finally:
            _leave(call, transaction)

    async def transact(
        self, work: Callable[[], Awaitable[T]], *, isolation: Isolation = "serializable"
    ) -> T:
        """Runs work in a transaction, and again as long as others were faster.

        Inside another transaction it is a part of that, and is not run again.

        Args:
            work: Is run from its beginning each time; what it does beside the database is not
                undone.
            isolation: How much is seen of what others do at the same time.

        Raises:
            Aborted: Others were faster until the time was up.
            HanseError: As `fetch`, and whatever `work` raises.
        """
        is_part = self._current() is not None
        backoff = Backoff(AGAIN_FIRST_SECONDS, AGAIN_MOST_SECONDS)
        until = monotonic() + AGAIN_SECONDS
        while True:
            try:
                async with self.transaction(isolation=isolation):
                    return await work()
            except SerializationConflict:
                if is_part or monotonic() > until:
                    raise
                # The deadline of a call cancels this, as everything.
                await wait_set(asyncio.Event(), backoff.next())

    async def copy_in(
        self, table: str, columns: Sequence[str], rows: AsyncIterable[Sequence[Any]]
    ) -> int:
        """Writes many rows as they come, in one statement; how many there were.

        Args:
            table: `schema.table`.
            columns: The order of values in each row.
            rows: Taken no faster than the server writes them.

        Raises:
            HanseError: As `fetch`, and whatever `rows` raises; nothing is written then.
        """
        schema, _, name = table.rpartition(".")

        async def copy(session: Session) -> int:
            return await session.copy_in((schema, name), columns, rows)

        transaction = self._current()
        if transaction is not None:
            return await transaction.do(copy)
        return await self._alone(copy)

    async def lock(self, name: str) -> None:
        """Waits until nobody else holds this name, and holds it until the transaction ends.

        Raises:
            Internal: No transaction is open.
            HanseError: As `fetch`.
        """
        transaction = self._current()
        if transaction is None:
            raise Internal("A lock lasts as long as a transaction, and none is open.")
        await transaction.run("select pg_advisory_xact_lock($1)", (lock_key(name),))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Ends all connections."""
        await self._pool.close()

    # Inside.

    def _current(self) -> Transaction | None:
        """The open transaction of the running call, or of who runs without one."""
        call = running.get()
        transaction = alone.get() if call is None else call.transaction
        return transaction if transaction is not None and transaction.owner is self else None

    async def _run(self, text: str, arguments: Sequence[Any], *, again: bool = True) -> Any:
        again = again and only_reads(text)
        call = running.get()
        if again or call is None:
            return await self._alone(lambda one: one.run(text, arguments), again=again)
        begin_writing(call)
        try:
            return await self._alone(lambda one: one.run(text, arguments))
        finally:
            end_writing(call)

    async def _alone(
        self, step: Callable[[Session], Awaitable[Any]], *, again: bool = False
    ) -> Any:
        """Does something on a session of its own; once more where that broke and it may be."""
        tries = TRIES if again else 1
        while True:
            tries -= 1
            session = await self._take()
            try:
                result = await step(session)
            except BaseException as error:
                failure = self._failed(session, error)
                if tries and session.closed and isinstance(error, Exception):
                    continue
                raise failure from error
            self._pool.give(session)
            return result

    def _failed(self, session: Session, error: BaseException) -> BaseException:
        """Takes the session back, and says what the error means."""
        if not isinstance(error, Exception):
            session.break_off()
            self._pool.mend(session)
            return error
        if getattr(error, "sqlstate", None) and session.clean:
            self._pool.give(session)
        else:
            self._pool.mend(session)
        return failure_of(error)

    async def _take(self) -> Session:
        try:
            return await self._pool.take()
        except Exception as error:
            raise failure_of(error) from error

    async def _open_session(self) -> Session:
        from hanse.runtime.data.session import open_session

        return await open_session(self._config)


def lock_key(name: str) -> int:
    """The number PostgreSQL knows a lock by."""
    digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def _enter(call: Call | None, transaction: Transaction) -> None:
    if call is None:
        alone.set(transaction)
        return
    call.transaction = transaction
    if not transaction.read_only:
        begin_writing(call)


def _leave(call: Call | None, transaction: Transaction) -> None:
    if call is None:
        alone.set(None)
        return
    call.transaction = None
    if not transaction.read_only:
        end_writing(call)
