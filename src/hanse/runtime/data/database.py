"""The database as services ask for it: statements, transactions, and what keeps them apart."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Self, TypeVar

from hanse.kit.backoff import Backoff
from hanse.kit.clock import SystemClock, monotonic, wait_set
from hanse.runtime.call.context import running
from hanse.runtime.data.access import Access
from hanse.runtime.data.arrival import Arrival
from hanse.runtime.data.connections.pool_gauges import PoolGauges
from hanse.runtime.data.failures import SerializationConflict
from hanse.runtime.data.personal.subject_keys import SubjectKeys
from hanse.runtime.data.reading import only_reads
from hanse.runtime.data.session import written
from hanse.runtime.data.transaction import Isolation, Transaction, lock_key
from hanse.runtime.data.unit import Unit, fresh_unit, transaction_here
from hanse.runtime.data.upkeep import Upkeep
from hanse.runtime.errors import Internal

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Sequence

    from hanse.kit.clock import Clock
    from hanse.runtime.data.database_config import DatabaseConfig
    from hanse.runtime.data.outbox.outbox import Outbox
    from hanse.runtime.data.record import Record
    from hanse.runtime.data.session import Session
    from hanse.runtime.telemetry.metrics import Metrics

T = TypeVar("T")
U = TypeVar("U", bound=Unit)

AGAIN_FIRST_SECONDS, AGAIN_MOST_SECONDS = 0.005, 0.5
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
        metrics: Where its host's numbers are.

    Attributes:
        clock: As given; the system's, if none was.
        upkeep: What is done with it beside calls.
        keys: What personal data in it is sealed under.
        config: As given.
        outbox: Makes rows of events, where somebody here asks for `Events`.
        outbox_wake: Set when events of this host lie in `hanse.outbox` that did not before.
        told: How many those were, by their full names.
        share: Of what nobody calls, like events; below 1 where a host is judged, see `Shares`.
    """

    _reached_by: type[Access] = Access

    def __init__(
        self, config: DatabaseConfig, clock: Clock | None = None, metrics: Metrics | None = None
    ) -> None:
        self.clock, self.config = clock or SystemClock(), config
        self._access = self._reached_by(config)
        self._gauges = PoolGauges(self._access.pool, metrics) if metrics else None
        self._arrival = Arrival(self._access.reach)
        self._entered = 0
        self.upkeep, self.keys = Upkeep(config), SubjectKeys(self)
        self.outbox_wake, self.told = asyncio.Event(), Counter[str]()
        self.outbox: Outbox | None = None
        self.share: Callable[[], float] = lambda: 1.0

    @classmethod
    def __from_database__(cls, kind: Any, database: Self) -> Self:
        return database

    async def fetch(self, text: str, *arguments: Any) -> list[Record]:
        """The rows of a statement.

        Raises:
            HanseError: What went wrong, without SQL or values; see `docs/how-to/database.md`.
        """
        transaction = transaction_here(self)
        if transaction is not None:
            return (await transaction.run(text, arguments))[0]
        return (await self._access.run(text, arguments, again=only_reads(text)))[0]

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
        transaction = transaction_here(self)
        if transaction is None:
            return await self._access.count(text, arguments)
        _, done = await transaction.run(text, arguments)
        return written(done)

    async def describe(self, text: str) -> tuple[list[str], dict[str, str]]:
        """What the server reads in a statement, which is not run.

        Returns:
            The types of its parameters, and those of its columns by their names.

        Raises:
            HanseError: As `fetch`.
        """
        return await self._access.alone(lambda one: one.describe(text))

    @asynccontextmanager
    async def transaction(
        self,
        *,
        isolation: Isolation = "read committed",
        read_only: bool = False,
        savepoint: bool = False,
    ) -> AsyncGenerator[None]:
        """All statements of the block together, or none of them.

        Tasks that the block begins join, one statement after the other, until it ends. No service
        may be called before that. A block inside a block is a part of it: if it fails all fails,
        even where its error is caught.

        Args:
            isolation: How much is seen of what others do at the same time.
            read_only: The server lets nothing be written.
            savepoint: A block inside another can fail by itself.

        Raises:
            HanseError: As `fetch`; `Aborted` if a part failed, and so all of it.
        """
        outer = transaction_here(self)
        if outer is not None:
            async with outer.part(isolation, savepoint=savepoint):
                yield
            return
        transaction = Transaction(None, self, isolation, read_only=read_only)
        transaction.session = await self._access.begin(transaction.beginning)
        transaction.lender = self._access.pool
        transaction.enter()
        try:
            yield
            await transaction.commit()
        except BaseException as error:
            mended = transaction.give_back(failed=True)
            if mended is not None and isinstance(error, Exception):
                await mended
            raise
        else:
            transaction.give_back(failed=False)
        finally:
            transaction.leave()

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
        unit = fresh_unit(running.get())
        is_part = unit is None and transaction_here(self) is not None
        backoff = Backoff(AGAIN_FIRST_SECONDS, AGAIN_MOST_SECONDS)
        until = monotonic() + AGAIN_SECONDS
        while True:
            try:
                async with self.transaction(isolation=isolation):
                    return await work()
            except SerializationConflict as error:
                if is_part or monotonic() > until:
                    raise
                if unit is not None:
                    await unit.finish(error)
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

        transaction = transaction_here(self)
        if transaction is not None:
            return await transaction.do(copy)
        return await self._access.alone(copy)

    async def lock(self, name: str) -> None:
        """Waits until nobody else holds this name, and holds it until the transaction ends.

        Raises:
            Internal: No transaction is open.
            HanseError: As `fetch`.
        """
        transaction = transaction_here(self)
        if transaction is None:
            raise Internal("A lock lasts as long as a transaction, and none is open.")
        await transaction.run("select pg_advisory_xact_lock($1)", (lock_key(name),))

    def once_kept(self, step: Callable[[], None]) -> None:
        """Has something done once when what is written here is committed; at once if it is."""
        transaction = transaction_here(self)
        if transaction is None:
            step()
        else:
            transaction.then[step] = None

    async def __aenter__(self) -> Self:
        """Reaches the database, or goes on trying; who asks meanwhile is told to come again.

        It may be entered more than once: whoever leaves last closes it.

        Raises:
            ConfigurationError: It is there and cannot be used, or a step of `prepare` says so.
        """
        self._entered += 1
        try:
            await self._arrival.begin()
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        self._entered -= 1
        if not self._entered:
            await self._arrival.stop()
            await self.upkeep.stop()
            await self._access.pool.close()

    # Its host calls these.

    def prepare(self, step: Callable[[], Awaitable[None]]) -> None:
        """Has something done as soon as the database is reached, before the host is ready.

        Args:
            step: Done after those before it, and again until it does not raise; but a
                `ConfigurationError` ends a host that starts.
        """
        self._arrival.steps.append(step)

    def unit(self, make: Callable[[Self, Access], U]) -> U:
        """What has all that a keyed call does here, from its first statement on, be one whole."""
        return make(self, self._access)

    @property
    def ready(self) -> bool:
        """Whether it was reached and prepared."""
        return self._arrival.ready

    def look(self, now: float) -> None:
        """Closes what nobody needs any more, and shows the numbers; called a few times a second."""
        self._access.pool.look(now)
        if self._gauges is not None:
            self._gauges.read()
