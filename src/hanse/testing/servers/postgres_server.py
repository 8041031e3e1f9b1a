"""A real PostgreSQL for tests: on in half a second, gone with the process that began it."""

from __future__ import annotations

import atexit
import functools
import hashlib
import itertools
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import msgspec

from hanse.kit.environment import variables
from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.runtime.config.installed import find_postgres
from hanse.runtime.config.secret import Secret
from hanse.runtime.data.database import Database
from hanse.runtime.data.database_config import DatabaseConfig
from hanse.testing.servers.own_server import OwnServer
from hanse.testing.servers.pgbouncer import PgBouncer
from hanse.testing.servers.server_process import WORDS_SHOWN, ServerProcess
from hanse.testing.servers.unprivileged import NOBODY, as_nobody

USER = "hanse"
PROGRAMS_VARIABLE = "HANSE_TEST_POSTGRES"
POOLER_VARIABLE = "HANSE_TEST_PGBOUNCER"
START_SECONDS = 60.0
SOCKET_PATH_MAX = 100
CONNECTIONS = 200

_INIT = (
    *("--encoding=UTF8", "--locale=C", "--no-sync", "--auth-local=trust", "--auth-host=reject"),
    *(f"--username={USER}", "--no-instructions", "--wal-segsize=1"),
)

# What is lost with the machine is lost with the test; with the server nothing is.
_SETTINGS = {
    "listen_addresses": "",
    "max_connections": str(CONNECTIONS),
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
    "shared_buffers": "32MB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class PostgresServer(OwnServer):
    """A server of one's own, for a fixture.

        @pytest.fixture(scope="session")
        def server():
            with PostgresServer() as server:
                yield server

        url = await server.create()

    It listens on a Unix socket in a folder that only its user opens, and keeps nothing: no write
    waits for the disk. Its process ends with this one, even where this one is killed.

    Args:
        programs: Folder of `postgres` and `initdb`; left out, the one that the variable
            HANSE_TEST_POSTGRES names, else the PostgreSQL of `hanse[fleet]`.
        data: Folder of data that is to last, made if it is not there; writes wait for the disk.

    Raises:
        ConfigurationError: There is none, or it does not start; with what it said.
    """

    def __init__(self, programs: Path | None = None, *, data: Path | None = None) -> None:
        self._programs = programs or _named(PROGRAMS_VARIABLE) or find_postgres().folder
        self._lasting = data
        self._folder = _private_folder()
        super().__init__(ServerProcess("PostgreSQL", self._folder, "QUIT"))
        self._names = itertools.count(1)
        self._finished: list[str] = []
        bouncer = _named(POOLER_VARIABLE)
        self._pooler = PgBouncer(bouncer, self._folder, (USER,)) if bouncer else None

    def start(self) -> None:
        """Returns when it answers; does nothing if it runs."""
        if not self._process.begun:
            data = self._lasting or self._folder / "data"
            if not data.exists():
                draft = data.with_name(f"unfinished-{data.name}")
                shutil.rmtree(draft, ignore_errors=True)
                _copy(_template(self._programs), draft)
                draft.rename(data)
            self._launch(data)
        if self._pooler is not None:
            self._pooler.start()

    def stop(self, *, keep: bool = False) -> None:
        """See `OwnServer.stop`; what pools its connections stays if it is to come back."""
        if self._pooler is not None and not keep:
            self._pooler.stop()
        super().stop(keep=keep)

    def url(self, database: str = "postgres") -> str:
        """Where a database of it is."""
        return f"postgresql://{USER}@/{database}?host={self._folder}"

    def config(self, url: str) -> DatabaseConfig:
        """What a host or a `Database` is told to use a database of it.

        It leads through a PgBouncer in transaction mode where HANSE_TEST_PGBOUNCER names one.
        """
        found = self.direct(url)
        if self._pooler is None:
            return found
        pooled = Secret(self._pooler.url(_name_in(url), USER))
        return msgspec.structs.replace(found, url=pooled, pooler="transaction")

    def direct(self, url: str) -> DatabaseConfig:
        """The same without a pooler, which lets go of no connection when it is told to."""
        return DatabaseConfig(url=Secret(url), keys=self._folder / f"{_name_in(url)}.keys")

    async def create(self, template: str | None = None) -> str:
        """Makes a database and gives its URL.

        Args:
            template: URL of one that it is a copy of, and in which nobody is; left out, it is
                empty. Its keyring is not copied.
        """
        name = f"world_{next(self._names)}"
        config = DatabaseConfig(url=Secret(self.url()), connections=1)
        async with Database(config) as admin:
            while self._finished:
                await admin.execute(f"drop database {self._finished.pop()} with (force)")
            of = f" template {_name_in(template)}" if template else ""
            # Copied file by file: half as long as by the log, where no write waits for the disk.
            await admin.execute(f"create database {name}{of} strategy file_copy")
        return self.url(name)

    def drop(self, url: str) -> None:
        """Has a database dropped, when the next one is made."""
        self._finished.append(_name_in(url))

    def _launch(self, data: Path) -> None:
        settings = {**_SETTINGS, "unix_socket_directories": str(self._folder)}
        if self._lasting:
            settings |= dict.fromkeys(("fsync", "full_page_writes", "autovacuum"), "on")
        words = (word for pair in settings.items() for word in ("-c", "=".join(pair)))
        server = str(self._programs / "postgres")
        command = (*as_nobody(), server, "-D", str(data), *words)
        self._process.begin(command, lambda: self._ready(data), START_SECONDS)

    def _ready(self, data: Path) -> bool:
        lines = _lines(data / "postmaster.pid")
        # One that was killed left its own file behind.
        return lines[:1] == [str(self.pid)] and lines[-1].strip() == "ready"


@functools.cache
def shared_server() -> PostgresServer:
    """The one server of this process, for all its worlds; it ends with the process."""
    server = PostgresServer()
    server.start()
    atexit.register(server.stop)
    return server


def _named(variable: str) -> Path | None:
    """What a variable says that a run is to be had with; None where it says nothing."""
    said = variables().get(variable)
    if said and not Path(said).exists():
        raise ConfigurationError(
            f"{variable} is {said}, where nothing is: install it, or unset it."
        )
    return Path(said) if said else None


def _name_in(url: str) -> str:
    return url.partition("@/")[2].partition("?")[0]


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text().splitlines()
    except FileNotFoundError:
        return []


def _private_folder() -> Path:
    """A folder that its server's user alone opens; near the root, for a socket's path is short."""
    folder = Path(tempfile.mkdtemp(prefix="hanse-pg-"))
    if len(str(folder)) > SOCKET_PATH_MAX - len("/.s.PGSQL.5432"):
        folder.rmdir()
        folder = Path(tempfile.mkdtemp(prefix="hanse-pg-", dir="/tmp"))
    _give(folder)
    return folder


def _template(programs: Path) -> Path:
    """The data of an empty server, made once on a machine and then copied."""
    version = _said(str(programs / "postgres"), "--version")
    words = " ".join((version, str(programs), *_INIT))
    digest = hashlib.sha256(words.encode()).hexdigest()[:16]
    home = Path(variables().get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hanse"
    template = home / f"postgres-{digest}"
    if not template.exists():
        home.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix="unfinished-", dir=home))
        _give(draft)
        try:
            _said(*as_nobody(), str(programs / "initdb"), "-D", str(draft), *_INIT)
            try:
                draft.rename(template)  # whoever else made one meanwhile made the same
            except OSError:
                if not template.exists():
                    raise
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return template


def _copy(template: Path, data: Path) -> None:
    shutil.copytree(template, data, symlinks=True)
    data.chmod(0o700)
    for folder, folders, files in os.walk(data):
        for name in (*folders, *files):
            _give(Path(folder, name))
    _give(data)


def _give(path: Path) -> None:
    if os.geteuid() == 0:
        os.chown(path, NOBODY, NOBODY)


def _said(*command: str) -> str:
    # Put together here.
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  ours
    if done.returncode:
        said = (done.stderr or done.stdout).splitlines()[-WORDS_SHOWN:]
        raise ConfigurationError(f"{Path(command[0]).name} fails for tests. It says:", *said)
    return done.stdout.strip()
