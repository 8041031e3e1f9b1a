"""One connection to PostgreSQL: what is prepared on it, and whether it may be used again."""

from __future__ import annotations

import asyncio
import importlib
from typing import TYPE_CHECKING, Any

from hanse.kit.clock import monotonic
from hanse.runtime.data.failures import GoneBefore

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Sequence

    from hanse.runtime.data.database_config import DatabaseConfig
    from hanse.runtime.data.record import Record
    from hanse.runtime.data.transaction import Opening

# Untyped, and imported with this module only: a host without data does not pay for it.
asyncpg: Any = importlib.import_module("asyncpg")

STATEMENTS_MAX = 256
"""Prepared on one connection; the one not used for longest is forgotten first."""

HEAL_SECONDS = 5.0
"""For the server to acknowledge that it ended what was cancelled."""

_JSONB_VERSION = b"\x01"
_MILLISECONDS = 1000


class Session:
    """A connection, used by one statement or transaction at a time.

    Attributes:
        idle_since: `monotonic()` when it was last given back.
    """

    __slots__ = (
        "_connection", "_known", "_pooled", "_settings", "_statements", "_timeout", "idle_since",
    )  # fmt: skip

    def __init__(self, connection: Any, config: DatabaseConfig) -> None:
        self._connection = connection
        self._pooled = config.pooler == "transaction"
        self._timeout = config.statement_timeout
        self._statements: dict[str, Any] = {}
        self._known: set[str] = set()
        self._settings = ""
        if self._pooled:
            limit = int(self._timeout * _MILLISECONDS)
            # What a connection of our own is told once when it opens.
            self._settings = (
                f"; set local statement_timeout = {limit}"
                f"; set local idle_in_transaction_session_timeout = {limit}"
            )
        self.idle_since = 0.0

    @property
    def closed(self) -> bool:
        """Whether it has ended, as far as is known."""
        return self._connection.is_closed()

    @property
    def server_version(self) -> tuple[int, ...]:
        """Like (18, 4)."""
        version = self._connection.get_server_version()
        return version.major, version.micro  # asyncpg reads 18.4 as 18.0.4

    def setting(self, name: str) -> str:
        """What the server said of itself when the connection opened; empty if it did not."""
        return getattr(self._connection.get_settings(), name, "")

    async def run(self, text: str, arguments: Sequence[Any]) -> tuple[list[Record], Any]:
        """Runs a statement: one round trip, once it is prepared here.

        Returns:
            Its rows, and what tells of how it went in `get_statusmsg`, as long as this is open.
        """
        try:
            statement = self._statements.pop(text, None) or await self._prepare(text)
            try:
                rows = await statement.fetch(*arguments)
            except asyncpg.InvalidCachedStatementError:
                # A table has other columns now. Inside a transaction the failure has ended it.
                if self._connection.is_in_transaction():
                    raise
                statement = await self._prepare(text)
                rows = await statement.fetch(*arguments)
        except (asyncpg.InternalClientError, asyncpg.InterfaceError) as error:
            raise self._broken(error) from error
        self._statements[text] = statement
        return rows, statement

    async def count(self, text: str, arguments: Sequence[Any]) -> int:
        """Runs a statement; how many rows it wrote."""
        _, done = await self.run(text, arguments)
        return written(done)

    async def describe(self, text: str) -> tuple[list[str], dict[str, str]]:
        """The types of a statement's parameters, and those of its columns by their names."""
        statement = await self._prepare(text)
        columns = statement.get_attributes()
        return (
            [parameter.name for parameter in statement.get_parameters()],
            {column.name: column.type.name for column in columns},
        )

    async def begin(self, text: str, first: Opening | None = None) -> str:
        """Begins a transaction, by the whole command; what the server calls what it did last.

        Args:
            text: The command.
            first: A statement that goes along, in the same round trip once it is prepared here.
        """
        if first is None:
            return await self.command(f"{text}{self._settings}")
        if self._pooled:
            return await self.command(f"{text}{self._settings}; {first.plain}")
        if first.name not in self._known:
            await self.command(first.prepare)
            self._known.add(first.name)
        return await self.command(f"{text}; {first.execute}")

    async def command(self, text: str) -> str:
        """Runs a command without arguments or rows; what the server calls it then."""
        try:
            return await self._connection.execute(text)
        except (asyncpg.InternalClientError, asyncpg.InterfaceError) as error:
            raise self._broken(error) from error

    async def copy_in(
        self, table: tuple[str, str], columns: Sequence[str], rows: AsyncIterable[Sequence[Any]]
    ) -> int:
        """Writes rows as they come, and waits where the server is slower; how many there were."""
        if self.closed:  # later on some rows are taken, and nobody could begin again
            raise GoneBefore
        schema, name = table
        status = await self._connection.copy_records_to_table(
            name, schema_name=schema or None, columns=columns, records=rows
        )
        return int(status.rpartition(" ")[2])

    def break_off(self) -> None:
        """Says that what ran was cancelled; to be called at once, before the loop goes on.

        Asyncpg asks the server then to end what it runs. Behind a pooler nobody knows whose
        statement that would hit, so the connection ends instead, and the asking with it.
        """
        if self._pooled:
            self.end()

    async def heal(self) -> bool:
        """Ends what is left of what was broken off or failed; whether it may be used again."""
        connection = self._connection
        try:
            async with asyncio.timeout(HEAL_SECONDS):
                if not connection.is_in_transaction():
                    await connection.execute("select 1")  # waits until what ran has ended
                if connection.is_in_transaction():
                    await connection.execute("rollback")
        except Exception:  # noqa: BLE001 - whatever is wrong with it, it is not used again
            self.end()
        return self.clean

    @property
    def clean(self) -> bool:
        """Whether it can be given back as it is."""
        connection = self._connection
        return not connection.is_closed() and not connection.is_in_transaction()

    def end(self) -> None:
        """Closes it at once."""
        self._statements.clear()
        self._connection.terminate()

    async def close(self) -> None:
        """Says goodbye and closes it."""
        self._statements.clear()
        try:
            await self._connection.close(timeout=1.0)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            self._connection.terminate()

    def _broken(self, error: Exception) -> Exception:
        """Ends it where asyncpg does not know how to go on, and says if nothing was sent."""
        if isinstance(error, asyncpg.InterfaceError):
            # Looked at before anything is sent, like values, of which there is more to say.
            return error if isinstance(error, ValueError) or not self.closed else GoneBefore()
        self.end()
        # The server said goodbye already, and the end of the connection is about to be seen.
        return GoneBefore() if str(error).startswith("cannot switch to state") else error

    async def _prepare(self, text: str) -> Any:
        if len(self._statements) >= STATEMENTS_MAX:
            del self._statements[next(iter(self._statements))]
        # Behind a pooler without a name: its text is sent along each time, in the same round trip.
        try:
            return await self._connection.prepare(text)
        except (asyncpg.InternalClientError, asyncpg.InterfaceError) as error:
            raise self._broken(error) from error


async def open_session(config: DatabaseConfig) -> Session:
    """A new connection.

    Raises:
        OSError, TimeoutError, asyncpg.PostgresError: The server is away, or does not let us in.
    """
    pooled = config.pooler == "transaction"
    limit = str(int(config.statement_timeout * _MILLISECONDS))
    settings = {
        "application_name": "hanse",
        "statement_timeout": limit,
        "idle_in_transaction_session_timeout": limit,
    }
    connection = await asyncpg.connect(
        config.url.reveal(),
        timeout=config.connect_timeout,
        # The server ends a statement first, unless it or the way to it is gone.
        command_timeout=config.statement_timeout + HEAL_SECONDS,
        statement_cache_size=0 if pooled else 100,
        max_cached_statement_lifetime=0,
        server_settings={"application_name": "hanse"} if pooled else settings,
    )
    try:
        await connection.set_type_codec(
            "jsonb",
            schema="pg_catalog",
            encoder=_JSONB_VERSION.__add__,
            decoder=_json_of,
            format="binary",
        )
    except BaseException:
        connection.terminate()
        raise
    session = Session(connection, config)
    session.idle_since = monotonic()
    return session


def written(done: Any) -> int:
    """How many rows a statement wrote, as long as its session is open: of `INSERT 0 1` the last."""
    number = (done.get_statusmsg() or "").rpartition(" ")[2]
    return int(number) if number.isdecimal() else 0


def _json_of(sent: bytes) -> bytes:
    return sent[1:]
