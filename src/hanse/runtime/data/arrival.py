"""The first time a host reaches its database: what it asks of it, and who waits for it."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

from hanse.kit.backoff import Backoff
from hanse.kit.clock import wait_set
from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.runtime.errors import HanseError, Internal

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from hanse.runtime.config.secret import Secret
    from hanse.runtime.data.database import Database
    from hanse.runtime.data.record import Record
    from hanse.runtime.data.session import Session

log = logging.getLogger("hanse.database")

OLDEST = 15
"""Major version of the oldest PostgreSQL that is supported."""

_WHO = """
select quote_ident(current_user) as login, quote_ident($1) as schema,
  exists (select from pg_namespace where nspname = $1) as there
"""


class DatabaseUnfit(ConfigurationError):
    """The database is there and cannot be used as it is; `problems` say why, and the way out."""


class Arrival:
    """Reaches the database once, however long that takes.

    Args:
        reach: Connects and checks.

    Attributes:
        steps: What is done then, before anybody is let in.
        ready: Whether all of it has gone well.
    """

    def __init__(self, reach: Callable[[], Awaitable[None]]) -> None:
        self._reach = reach
        self._task: asyncio.Task[None] | None = None
        self.steps: list[Callable[[], Awaitable[None]]] = []
        self.ready = False

    async def begin(self) -> None:
        """Tries; if the database is away, goes on trying, and says so.

        Raises:
            ConfigurationError: It is there, and trying again would not help.
        """
        try:
            await self._arrive()
        except HanseError as error:
            log.warning("The host is not ready, and tries on: %s", error.__cause__ or error)
            self._task = asyncio.Task(self._go_on(), loop=asyncio.get_running_loop())

    async def stop(self) -> None:
        """Tries no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))

    async def _arrive(self) -> None:
        await self._reach()
        while self.steps:
            await self.steps[0]()
            del self.steps[0]
        self.ready = True

    async def _go_on(self) -> None:
        backoff = Backoff()
        never = asyncio.Event()
        while not self.ready:
            await wait_set(never, backoff.next())
            try:
                await self._arrive()
            except ConfigurationError as error:
                log.error("The host is not ready: %s", error)  # noqa: TRY400  it says all there is
            except HanseError:
                continue  # said already, and whoever opens connections says when it is back
            except Exception:
                log.exception("The host is not ready: preparing its database failed")
            else:
                log.info("The database is there now: the host is ready.")


async def make_missing(database: Database, is_there: str, statements: Sequence[str]) -> None:
    """Makes tables of ours in the schema `hanse`, where they are not there yet.

    Args:
        database: Where.
        is_there: A query for one boolean.
        statements: Are run together, in a schema that is there, by one host at a time whatever they
            make: two that make the schema at once would be in each other's way.

    Raises:
        DatabaseUnfit: The login may not make them.
        HanseError: They cannot be made.
    """
    try:
        found = await database.fetch_row(is_there)
        if found is None or not found[0]:
            await _make(database, statements)
    except Internal as error:
        if not is_forbidden(error):
            raise
        raise _forbidden(database, await _who(database, "hanse")) from error


async def _make(database: Database, statements: Sequence[str]) -> None:
    async with database.transaction():
        await database.lock("hanse")
        await make_schema(database, "hanse")
        for text in statements:
            await database.execute(text)


async def make_schema(database: Database, name: str) -> None:
    """Makes a schema where there is none, whoever else is about to: a store, or a collection.

    Raises:
        DatabaseUnfit: The login may not make it.
        HanseError: It cannot be made.
    """
    # Asked before, as `if not exists` wants a right that it then does not use.
    who = await _who(database, name)
    if who["there"]:
        return
    try:
        async with database.transaction():
            await database.lock(f"schema {name}")
            await database.execute(f'create schema if not exists "{name}"')
    except Internal as error:
        if not is_forbidden(error):
            raise
        raise _forbidden(database, who) from error


async def _who(database: Database, schema: str) -> Record:
    row = await database.fetch_row(_WHO, schema)
    assert row is not None, "it has one row"
    return row


def is_forbidden(error: BaseException) -> bool:
    """Whether the server said that a login may not do something."""
    return getattr(error.__cause__, "sqlstate", "") == "42501"


def _forbidden(database: Database, who: Record) -> DatabaseUnfit:
    """What an operator has to run, who may more."""
    run = "grant usage, create on schema {} to {}"
    if not who["there"]:
        run = "create schema {} authorization {}"
    return DatabaseUnfit(
        f"{described(database.config.url)}: this login may not make the tables of the host. Let "
        f"somebody who may run once: {run.format(who['schema'], who['login'])}"
    )


def check_server(session: Session, url: Secret) -> None:
    """Looks whether a server is one that Hanse can use.

    Raises:
        DatabaseUnfit: It is too old, or its texts are not UTF-8.
    """
    major, minor = session.server_version
    where = described(url)
    if major < OLDEST:
        raise DatabaseUnfit(
            f"{where} is PostgreSQL {major}.{minor}; Hanse needs {OLDEST} or newer. Upgrade it, or "
            "name another server in [database] url."
        )
    encoding = session.setting("server_encoding")
    if encoding != "UTF8":
        raise DatabaseUnfit(
            f"{where} keeps its texts as {encoding}; Hanse needs UTF8. Make another one: "
            "create database NAME encoding 'UTF8' template template0"
        )


def unfit(error: Exception, url: Secret) -> DatabaseUnfit | None:
    """What is to be mended before a connection can be opened; None if trying again may do.

    Args:
        error: What asyncpg or the network raised.
        url: Where to; its password is never shown.
    """
    state = str(getattr(error, "sqlstate", None) or "")
    if isinstance(error, ValueError) and not state:
        return DatabaseUnfit(
            "[database] url cannot be read. It is like postgresql://user:password@host:5432/name, "
            "with anything but letters and digits in a password written as %XX."
        )
    where, said = described(url), str(error)
    if state == "3D000":
        return DatabaseUnfit(f"{where}: there is no such database. Make it, or name another.")
    if state.startswith("28"):
        return DatabaseUnfit(
            f"{where}: the server does not let this user in: {said}. Look at user and password of "
            "[database] url, and at the server's pg_hba.conf."
        )
    if "unsupported startup parameter" in said:
        return DatabaseUnfit(
            f"{where} is a pooler like PgBouncer, so a connection may not be set up. Say so: "
            'pooler = "transaction" in [database].'
        )
    return None


def described(url: Secret) -> str:
    """Server, database and user of a URL, without what nobody may see."""
    parts: Any = urlsplit(url.reveal())
    query = parse_qs(parts.query)
    try:
        port = query.get("port", [str(parts.port or 5432)])[0]
    except ValueError:
        port = "?"
    host = query.get("host", [parts.hostname or "localhost"])[0]
    user = query.get("user", [unquote(parts.username or "")])[0]
    return f"The database {parts.path[1:]} at {host}:{port} (user {user or 'of the system'})"
