"""Applies migrations: each once, whoever else tries, and however often it is broken off."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import msgspec

from hanse.kit.backoff import Backoff
from hanse.kit.clock import SystemClock, monotonic, wait_set
from hanse.kit.fault_points import reached
from hanse.runtime.data.database import Database
from hanse.runtime.data.migrations.agenda import Agenda, agenda_of
from hanse.runtime.data.migrations.ledger import Ledger
from hanse.runtime.data.migrations.migration import MigrationError
from hanse.runtime.data.transaction import lock_key
from hanse.runtime.errors import Aborted, HanseError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence

    from hanse.kit.clock import Clock
    from hanse.runtime.data.database_config import DatabaseConfig
    from hanse.runtime.data.migrations.migration import Migration

LOCK = "hanse.migrations"

STATEMENT_SECONDS = 60
"""What a statement of a file may take that runs in a transaction: it holds locks meanwhile."""

LOCK_SECONDS = 2.0
"""How long such a file waits for a table: everybody else waits behind it."""

TRY_SECONDS = 120.0
"""For how long it is tried again if others hold the table."""

OTHERS_SECONDS = 300.0
"""How long one waits for somebody else who migrates."""

BESIDE_SECONDS = 3600.0
"""What an index may take that is made beside everything else."""

_INVALID = """
    select index.indisvalid as valid from pg_catalog.pg_index index
    join pg_catalog.pg_class class on class.oid = index.indexrelid
    join pg_catalog.pg_namespace space on space.oid = class.relnamespace
    where space.nspname = $1 and class.relname = $2
"""


class Migrations:
    """The migrations of a project, and the database they are for.

    Args:
        files: Of all schemas, each schema's together and in their order.
        config: Where the database is.
        clock: For when something was done.
        told: Is given the name of each file before it is applied.
        lock_seconds: How long a file waits for a table before it lets others pass.
    """

    def __init__(
        self,
        files: Sequence[Migration],
        config: DatabaseConfig,
        clock: Clock | None = None,
        told: Callable[[str], None] | None = None,
        lock_seconds: float = LOCK_SECONDS,
    ) -> None:
        self._files = files
        self._config = msgspec.structs.replace(
            config, connections=1, statement_timeout=BESIDE_SECONDS
        )
        self._clock = clock or SystemClock()
        self._told = told
        self._lock_seconds = lock_seconds

    async def agenda(self, *, post: bool = False) -> Agenda:
        """What would be done now; nothing is changed.

        Raises:
            HanseError: The database cannot be reached.
        """
        async with Database(self._config, self._clock) as database:
            return await self._agenda(database, post=post)

    async def apply(self, *, post: bool = False) -> Agenda:
        """Applies what is to be applied; what that was.

        Args:
            post: Whether no host of the release before runs any more.

        Raises:
            MigrationError: A file was changed after it was applied, comes after one that waits, or
                fails.
            HanseError: The database cannot be reached.
        """
        async with Database(self._config, self._clock) as database:
            agenda = await self._agenda(database, post=post)
            if not agenda and not agenda.problems:
                return agenda  # most starts, without waiting for anybody
            async with self._alone():
                agenda = await self._agenda(database, post=post)
                if agenda.problems:
                    raise MigrationError(*agenda.problems)
                ledger = Ledger(database, self._clock)
                async with database.transaction():
                    await ledger.decide(agenda.steps)
                for each in agenda.steps:
                    if self._told is not None:
                        self._told(f"{each.schema}: {each.name}")
                    await self._apply(each, database, ledger)
                return agenda

    async def _agenda(self, database: Database, *, post: bool) -> Agenda:
        entries = await Ledger(database, self._clock).read()
        return agenda_of(self._files, entries, post=post)

    @asynccontextmanager
    async def _alone(self) -> AsyncGenerator[None]:
        """Holds the lock, on a connection of its own: what runs beside holds no transaction.

        Nobody waits for it on the server: behind a pooler, hosts that wait there would leave no
        connection to the one that works.
        """
        backoff = Backoff(most=1.0)
        until = monotonic() + OTHERS_SECONDS
        async with Database(self._config, self._clock) as keeper:
            while True:
                async with keeper.transaction():
                    if await _hold(keeper):
                        yield
                        return
                if monotonic() > until:
                    raise MigrationError(
                        f"Somebody else migrates this database, for {OTHERS_SECONDS:.0f} s "
                        "already. Try again when that is done."
                    )
                await wait_set(asyncio.Event(), backoff.next())

    async def _apply(self, migration: Migration, database: Database, ledger: Ledger) -> None:
        try:
            if migration.concurrent:
                await _run_beside(migration, database)
                await ledger.finish(migration)
            else:
                await self._run_patiently(migration, database, ledger)
            await reached("migration.kept")
        except HanseError as error:
            raise MigrationError(_failure(migration, error)) from error

    async def _run_patiently(
        self, migration: Migration, database: Database, ledger: Ledger
    ) -> None:
        """Runs a file in a transaction, and again as long as others hold what it needs."""
        backoff = Backoff()
        until = monotonic() + TRY_SECONDS
        while True:
            try:
                async with database.transaction():
                    await self._run_within(migration, database, ledger)
            except Aborted:
                if monotonic() > until:
                    raise
                await wait_set(asyncio.Event(), backoff.next())
            else:
                return

    async def _run_within(self, migration: Migration, database: Database, ledger: Ledger) -> None:
        await database.execute(f"set local lock_timeout = {int(self._lock_seconds * 1000)}")
        await database.execute(f"set local statement_timeout = '{STATEMENT_SECONDS}s'")
        await database.execute(f"set local search_path = {migration.schema}")
        if await ledger.finish(migration):
            for statement in migration.statements:
                await database.execute(statement.text)
                await reached("migration.statement")


async def _hold(keeper: Database) -> bool:
    row = await keeper.fetch_row("select pg_try_advisory_xact_lock($1) as held", lock_key(LOCK))
    # Ends what the select left open, for whose end an index made beside would wait.
    await keeper.execute("set local lock_timeout = 0")
    return row is not None and row["held"]


async def _run_beside(migration: Migration, database: Database) -> None:
    """Runs a statement outside of a transaction, after taking away what an earlier try left."""
    index = migration.index_made
    row = await database.fetch_row(_INVALID, migration.schema, index) if index else None
    if row is not None and row["valid"]:
        return
    if row is not None:
        # Waits for the server to end an earlier try whose process is gone already.
        await database.execute(f'drop index concurrently if exists {migration.schema}."{index}"')
    await database.execute(migration.statements[0].text)


def _failure(migration: Migration, error: HanseError) -> str:
    """What PostgreSQL said; it is said to whoever wrote the file, so it may say everything."""
    said = error.__cause__ or error
    return f"{migration.schema}: {migration.name} fails, and nothing of it was kept: {said}"
