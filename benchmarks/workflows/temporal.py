"""Temporal's development server: the one that a package brings, with its data in a file.

A server for production, with PostgreSQL behind it, is no package of PyPI, npm or Debian. This one
keeps everything in SQLite; it is asked to log ahead and to wait for the disk at each commit.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import time
from typing import TYPE_CHECKING

import msgspec

from benchmarks import environment, machine
from benchmarks.server import START_SECONDS_MAX, STOP_SECONDS_MAX, ServerError, free_port

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

PRAGMAS = ("journal_mode=wal", "synchronous=full")
COUNTED_SECONDS = 10.0


class Server(msgspec.Struct, frozen=True):
    """One that runs."""

    address: str
    pid: int

    def cpu_seconds(self) -> float:
        """User and system time."""
        return machine.cpu_seconds(self.pid)

    def healthy(self) -> bool:
        """Whether it takes orders."""
        return self._ask("operator", "cluster", "health").returncode == 0

    def finished(self) -> int:
        """Workflows it knows as completed; what it has just been told shows up by and by."""
        until = time.monotonic() + COUNTED_SECONDS
        found, before = self._finished(), -1
        while found != before and time.monotonic() < until:
            time.sleep(0.5)
            found, before = self._finished(), found
        return found

    def _finished(self) -> int:
        query = "ExecutionStatus='Completed'"
        done = self._ask("workflow", "count", "--query", query, "--output", "json")
        if done.returncode != 0:
            raise ServerError(f"Temporal does not count: {done.stderr[-500:]}")
        return int(json.loads(done.stdout).get("count", 0))

    def _ask(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [_program(), *words, "--address", self.address]
        return subprocess.run(command, check=False, capture_output=True, text=True)


@contextlib.contextmanager
def serving(folder: Path) -> Generator[Server]:
    """A fresh one, with its data in the folder.

    Raises:
        ServerError: It does not start.
    """
    port = free_port()
    pragmas = [word for pragma in PRAGMAS for word in ("--sqlite-pragma", pragma)]
    command = [_program(), "server", "start-dev", "--headless", "--log-level", "error"]
    command += ["--port", str(port), "--db-filename", str(folder / "temporal.db"), *pragmas]
    with (folder / "temporal.log").open("w+") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            server = Server(f"127.0.0.1:{port}", process.pid)
            until = time.monotonic() + START_SECONDS_MAX
            while not server.healthy():
                if process.poll() is not None or time.monotonic() > until:
                    log.seek(0)
                    raise ServerError(f"Temporal did not start: {log.read()[-2000:]}")
                time.sleep(0.1)
            yield server
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _program() -> str:
    return str(environment.HOME / "bin" / "temporal")
