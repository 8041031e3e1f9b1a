"""Every PostgreSQL there is to test with: the wheel's 18 and Debian's 15, direct and pooled.

Fixtures for others too: `from hanse.runtime.data.tests.servers import *`.
"""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from conftest import absent
from hanse.kit.clock import monotonic
from hanse.runtime.config.secret import Secret
from hanse.runtime.data.database import Database
from hanse.runtime.data.database_config import DatabaseConfig
from hanse.testing.servers.postgres_server import PostgresServer
from hanse.testing.servers.unprivileged import NOBODY, as_nobody
from hanse.testing.site_guard import SiteGuard, guard, guarded_by_default

__all__ = ["Place", "database", "place", "postgres", "servers"]

DEBIAN_15 = Path("/usr/lib/postgresql/15/bin")
VERSIONS = {"18": None, "15": DEBIAN_15}
WAYS = ("direct", "pooled")
POOL_SIZE = 2
START_SECONDS = 20.0

PATIENCE = float(os.environ.get("PATIENCE", "30"))
"""Seconds for what has to happen; less where it is known that it may not."""

PLAIN = "plain_login"
"""May make schemas where it is allowed to, and nothing else."""

LOGINS = ("hanse", PLAIN)
"""Whom a pooler lets through."""

BOUNCER = """
[databases]
* = host={server}
[pgbouncer]
listen_port = 6432
unix_socket_dir = {folder}
auth_type = trust
auth_file = {folder}/users
pool_mode = transaction
default_pool_size = {size}
max_client_conn = 500
query_wait_timeout = 30
logfile = {folder}/log
"""


class Servers:
    """Those that were asked for so far; all end with the test session."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._servers: dict[str, PostgresServer] = {}
        self._poolers: dict[str, Path] = {}

    def server(self, version: str) -> PostgresServer:
        programs = VERSIONS[version]
        if programs is not None and not (programs / "postgres").exists():
            absent(f"PostgreSQL {version}")
        if version not in self._servers:
            self._servers[version] = self._stack.enter_context(PostgresServer(programs))
        return self._servers[version]

    def pooler(self, version: str) -> Path:
        """The folder of the socket of a PgBouncer before the server."""
        if version not in self._poolers:
            server = Path(self.server(version).url().partition("host=")[2])
            self._poolers[version] = self._stack.enter_context(bouncer(server))
        return self._poolers[version]


@contextmanager
def bouncer(server: Path, *, size: int = POOL_SIZE) -> Iterator[Path]:
    """A PgBouncer in transaction mode before the server whose socket is in that folder."""
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if program is None:
        absent("pgbouncer")
    with tempfile.TemporaryDirectory(prefix="hanse-bouncer-") as name:
        folder = Path(name)
        file = folder / "pgbouncer.ini"
        file.write_text(BOUNCER.format(server=server, folder=folder, size=size))
        (folder / "users").write_text("".join(f'"{one}" ""\n' for one in LOGINS))
        if os.geteuid() == 0:
            for one in (folder, *folder.iterdir()):
                os.chown(one, NOBODY, NOBODY)
        process = subprocess.Popen(
            [*as_nobody(), program, "-q", str(file)], stdin=subprocess.DEVNULL
        )
        try:
            until = monotonic() + START_SECONDS
            while not answers(folder / ".s.PGSQL.6432"):
                assert process.poll() is None, (folder / "log").read_text()
                assert monotonic() < until, "pgbouncer does not listen"
            yield folder
        finally:
            process.terminate()
            process.wait()


def answers(path: Path) -> bool:
    """It is there before anybody listens."""
    with socket.socket(socket.AF_UNIX) as one:
        return one.connect_ex(str(path)) == 0


class Place:
    """A fresh database: how it is reached, and by which server."""

    def __init__(self, servers: Servers, version: str, way: str, url: str) -> None:
        self.server = servers.server(version)
        self.version = version
        self.pooled = way == "pooled"
        self.direct_url = self.url = url
        self.name = url.partition("@/")[2].partition("?")[0]
        if self.pooled:
            self.url = f"postgresql://hanse@/{self.name}?host={servers.pooler(version)}&port=6432"

    def config(self, **given: Any) -> DatabaseConfig:
        pooler = "transaction" if self.pooled else "none"
        keys = self.server.config(self.direct_url).keys
        return DatabaseConfig(url=Secret(self.url), pooler=pooler, keys=keys, **given)


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    with ExitStack() as stack:
        yield Servers(stack)


@pytest_asyncio.fixture(
    params=[(version, way) for version in VERSIONS for way in WAYS], ids="-".join
)
async def place(request: pytest.FixtureRequest, servers: Servers) -> AsyncIterator[Place]:
    """A fresh database in each server, reached in each way."""
    version, way = request.param
    server = servers.server(version)
    url = await server.create()
    yield Place(servers, version, way, url)
    server.drop(url)


@pytest_asyncio.fixture
async def database(place: Place) -> AsyncIterator[Database]:
    """The same, open."""
    if guarded_by_default() and not place.pooled:
        async with SiteGuard(await guard(place.server, place.url)) as guarded:
            yield guarded
        return
    async with Database(place.config()) as opened:
        yield opened


@pytest_asyncio.fixture
async def postgres(servers: Servers) -> AsyncIterator[Database]:
    """A fresh database of the newest PostgreSQL, direct: for what does not depend on either."""
    server = servers.server("18")
    url = await server.create()
    config = await guard(server, url) if guarded_by_default() else server.config(url)
    async with (SiteGuard if guarded_by_default() else Database)(config) as opened:
        yield opened
    server.drop(url)
