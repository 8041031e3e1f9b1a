"""Every PostgreSQL there is to test with: the wheel's 18 and Debian's 15, direct and pooled.

Fixtures for others too: `from hanse.runtime.data.tests.servers import *`.
"""

import atexit
import functools
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from conftest import absent
from hanse.runtime.config.installed import find_postgres
from hanse.runtime.config.secret import Secret
from hanse.runtime.data.database import Database
from hanse.runtime.data.database_config import DatabaseConfig
from hanse.testing.servers.pgbouncer import PgBouncer
from hanse.testing.servers.postgres_server import (
    POOLER_VARIABLE,
    PROGRAMS_VARIABLE,
    PostgresServer,
    shared_server,
)
from hanse.testing.site_guard import SiteGuard, guard, guarded_by_default

__all__ = ["Place", "database", "place", "postgres", "servers"]

DEBIAN_15 = Path("/usr/lib/postgresql/15/bin")
VERSIONS = {"18": None, "15": DEBIAN_15}
WAYS = ("direct", "pooled")
OWN_VERSION = "15" if os.environ.get(PROGRAMS_VARIABLE) == str(DEBIAN_15) else "18"
"""What most tests run on: the newest, unless the run is one of a cell of its own."""

OWN_WAY = "pooled" if os.environ.get(POOLER_VARIABLE) else "direct"
IN_A_CELL = guarded_by_default() or (OWN_VERSION, OWN_WAY) != ("18", "direct")
CELLS = [(version, way) for version in VERSIONS for way in WAYS]
SELDOM = ("15", "pooled")
"""Had with --long: its two are had each time, one by one, and both in tests/test_every_cell."""

EACH_CELL = [pytest.param(one, marks=pytest.mark.long if one == SELDOM else ()) for one in CELLS]
OWN_CELLS = [(OWN_VERSION, OWN_WAY)] if IN_A_CELL else EACH_CELL
POOL_SIZE = 2

PATIENCE = float(os.environ.get("PATIENCE", "30"))
"""Seconds for what has to happen; less where it is known that it may not."""

PLAIN = "plain_login"
"""May make schemas where it is allowed to, and nothing else."""

LOGINS = ("hanse", PLAIN)
"""Whom a pooler lets through."""


class Servers:
    """Those that were asked for so far; all end with the process.

    What worlds have is among them: a server takes a second to begin, and fifty megabytes.
    """

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._servers: dict[str, PostgresServer] = {}
        self._poolers: dict[str, PgBouncer] = {}

    def server(self, version: str) -> PostgresServer:
        if version == OWN_VERSION:
            return shared_server()
        programs = VERSIONS[version]
        if programs is not None and not (programs / "postgres").exists():
            absent(f"PostgreSQL {version}")
        if version not in self._servers:
            server = PostgresServer(programs or find_postgres().folder)
            self._servers[version] = self._stack.enter_context(server)
        return self._servers[version]

    def pooler(self, version: str) -> PgBouncer:
        """A PgBouncer before the server, which lets few through at a time."""
        if version not in self._poolers:
            self._poolers[version] = self._stack.enter_context(bouncer(self.server(version)))
        return self._poolers[version]


def bouncer(server: PostgresServer, *, size: int = POOL_SIZE) -> PgBouncer:
    """A PgBouncer in transaction mode before a server, not yet begun."""
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if program is None:
        absent("pgbouncer")
    folder = Path(server.url().partition("host=")[2])
    return PgBouncer(Path(str(program)), folder, LOGINS, size=size)


class Place:
    """A fresh database: how it is reached, and by which server."""

    def __init__(
        self,
        servers: Servers,
        version: str,
        way: str,
        url: str,
        guarded: DatabaseConfig | None = None,
    ) -> None:
        self.server = servers.server(version)
        self._guarded = guarded
        self.version = version
        self.pooled = way == "pooled"
        self.direct_url = self.url = url
        self.name = url.partition("@/")[2].partition("?")[0]
        if self.pooled:
            self.url = servers.pooler(version).url(self.name, "hanse")

    def config(self, **given: Any) -> DatabaseConfig:
        if self._guarded is not None and not self.pooled:
            return msgspec.structs.replace(self._guarded, **given)
        return self.by_admin(**given)

    def by_admin(self, **given: Any) -> DatabaseConfig:
        """As who made the server, above every guard."""
        pooler = "transaction" if self.pooled else "none"
        keys = self.server.config(self.direct_url).keys
        return DatabaseConfig(url=Secret(self.url), pooler=pooler, keys=keys, **given)


@functools.cache
def shared_servers() -> Servers:
    """Those of this process: a fixture of a session is another one wherever it is imported."""
    stack = ExitStack()
    atexit.register(stack.close)
    return Servers(stack)


@pytest.fixture(scope="session")
def servers() -> Servers:
    return shared_servers()


@pytest_asyncio.fixture(params=OWN_CELLS, ids="-".join)
async def place(request: pytest.FixtureRequest, servers: Servers) -> AsyncIterator[Place]:
    """A fresh database in each server, reached in each way."""
    version, way = request.param
    server = servers.server(version)
    url = await server.create()
    guarded = await guard(server, url) if guarded_by_default() else None
    yield Place(servers, version, way, url, guarded)
    server.drop(url)


@pytest_asyncio.fixture
async def database(place: Place) -> AsyncIterator[Database]:
    """The same, open."""
    async with (SiteGuard if guarded_by_default() else Database)(place.config()) as opened:
        yield opened


@pytest_asyncio.fixture
async def postgres(servers: Servers) -> AsyncIterator[Database]:
    """A fresh database of the newest PostgreSQL, direct: for what does not depend on either.

    The run of another cell has it in that one, which tells whether it does.
    """
    server = servers.server(OWN_VERSION)
    url = await server.create()
    config = await guard(server, url) if guarded_by_default() else server.config(url)
    async with (SiteGuard if guarded_by_default() else Database)(config) as opened:
        yield opened
    server.drop(url)
