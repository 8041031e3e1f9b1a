"""The one PostgreSQL of a run, on its core and on the disk, with a database a contestant."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import environment, machine
from benchmarks.server import START_SECONDS_MAX, STOP_SECONDS_MAX, ServerError
from hanse.fleet.engine.postgres import USER
from hanse.fleet.engine.privileges import lay_down
from hanse.fleet.state import StateFolder
from hanse.runtime.config.installed import find_postgres

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping

SETTINGS = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "shared_buffers": "2GB",
    "effective_cache_size": "6GB",
    "maintenance_work_mem": "512MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "30min",  # the run makes its own between rounds
    "max_connections": "100",
}
_MAIN = "benchmarks.data.postgres_main"
_PSQL = ("-XAtq", "--set=ON_ERROR_STOP=1")


class Postgres:
    """A running server.

    Attributes:
        host: Folder of its socket, short enough for every driver.
        pid: Of its first process, whose children are all others.
    """

    def __init__(self, host: Path, pid: int) -> None:
        self.host = str(host)
        self.pid = pid
        self._psql = str(find_postgres().folder / "psql")

    def cpu_seconds(self) -> float:
        """User and system time of all its processes that are alive."""
        return machine.cpu_seconds(self.pid)

    def run(self, sql: str, *, database: str = "postgres") -> list[list[str]]:
        """Statements in turn; the columns of all rows they give.

        Raises:
            ServerError: PostgreSQL refuses one.
        """
        done = subprocess.run(
            self._command(database), input=sql, check=False, capture_output=True, text=True
        )
        if done.returncode != 0:
            raise ServerError(f"PostgreSQL refuses {sql[:200]!r}: {done.stderr.strip()}")
        return [line.split("|") for line in done.stdout.splitlines()]

    def copy(self, table: str, chunks: Iterable[bytes], *, database: str) -> None:
        """Rows into a table, as the text of COPY; the table says which columns in brackets.

        Raises:
            ServerError: PostgreSQL refuses them.
        """
        command = [*self._command(database), f"--command=copy {table} from stdin"]
        with tempfile.TemporaryFile() as words:
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=words)
            assert process.stdin is not None
            with contextlib.suppress(BrokenPipeError):  # it says why itself
                for chunk in chunks:
                    process.stdin.write(chunk)
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()
            if process.wait() != 0:
                words.seek(0)
                raise ServerError(f"PostgreSQL refuses rows: {words.read().decode()[-500:]}")

    def create(self, database: str, *, like: str = "template0") -> None:
        """A database, as a copy of another one."""
        self.run(f"create database {database} template {like}")

    def drop(self, database: str) -> None:
        """A database and its keyring: one of the same name that comes later has its own."""
        self.run(f"drop database {database} with (force)")
        shutil.rmtree(Path(self.host, f"{database}.keys"), ignore_errors=True)

    def settle(self, database: str) -> None:
        """Statistics and visibility are known, and nothing waits to be written."""
        self.run("vacuum analyze", database=database)
        self.checkpoint()

    def checkpoint(self) -> None:
        """Everything is on the disk, so that no round writes what an earlier one left."""
        self.run("checkpoint")

    def bytes(self, database: str) -> int:
        """What a database takes of the disk."""
        return int(self.run(f"select pg_database_size('{database}')")[0][0])

    def use(self, cores: Iterable[int]) -> None:
        """Where it runs from now on: rows are loaded on all cores, rounds are run on one."""
        chosen = list(cores)
        for process in machine.process_tree(self.pid):
            with contextlib.suppress(ProcessLookupError):  # an autovacuum may be done by now
                os.sched_setaffinity(process, chosen)

    def version(self) -> str:
        """As it says it."""
        return self.run("show server_version")[0][0]

    def _command(self, database: str) -> list[str]:
        return [self._psql, *_PSQL, f"--host={self.host}", f"--username={USER}", database]


@contextlib.contextmanager
def open_postgres(more: Mapping[str, str] | None = None) -> Generator[Postgres]:
    """A fresh server, of which nothing is left when the block ends.

    Args:
        more: Settings beside those of all.

    Raises:
        ServerError: It does not start.
    """
    # Below the clone and not in /tmp, which may be memory.
    home = environment.HOME.parent
    home.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="postgres-", dir=home) as folder,
        tempfile.TemporaryDirectory(prefix="pg") as short,
    ):
        state = StateFolder(Path(folder))
        (state.project / "hanse.toml").touch()
        state.prepare()
        host = Path(short) / "s"
        host.symlink_to(state.postgres.resolve())
        with _process(state, {**SETTINGS, **(more or {})}) as process:
            running = Postgres(host, process.pid)
            _wait(running, process, state)
            yield running


@contextlib.contextmanager
def _process(state: StateFolder, chosen: Mapping[str, str]) -> Generator[subprocess.Popen[bytes]]:
    root = environment.ROOT
    variables = {**os.environ, "PYTHONPATH": f"{root}:{root / 'src'}"}
    settings = [f"{name}={value}" for name, value in chosen.items()]
    with _log(state).open("wb") as log:
        process = subprocess.Popen(
            [*lay_down(state, variables), sys.executable, "-P", "-m", _MAIN, *settings],
            cwd=state.project,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)  # the fast way: who is connected is sent away
        try:
            process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(running: Postgres, process: subprocess.Popen[bytes], state: StateFolder) -> None:
    until = time.monotonic() + START_SECONDS_MAX
    while True:
        with contextlib.suppress(ServerError):
            running.version()
            return
        if process.poll() is not None or time.monotonic() > until:
            words = _log(state).read_text(errors="replace")[-2000:].strip()
            raise ServerError(f"PostgreSQL did not start: {words}")
        time.sleep(0.05)


def _log(state: StateFolder) -> Path:
    return state.project / "postgres.log"
