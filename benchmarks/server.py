"""Starts a server under test on its core, waits until it answers, and ends it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import tempfile
import time
from typing import IO, TYPE_CHECKING, Self

from benchmarks import machine
from benchmarks.environment import PYTHON, ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

START_SECONDS_MAX = 180.0
STOP_SECONDS_MAX = 10.0


class ServerError(Exception):
    """A server did not come up, or fell over; the message ends with what it wrote last."""


class Server:
    """One process under test: `python -m MODULE`, told its address by environment variables.

    Args:
        module: Dotted name of a file that serves when run, e.g. `benchmarks.rpc.fastapi_app`.
        settings: Environment variables for it. BENCH_PORT is set here.
        unix_path: Where it listens instead of a TCP port, if it is told one by BENCH_UDS.
    """

    def __init__(
        self, module: str, settings: Mapping[str, str], *, unix_path: Path | None = None
    ) -> None:
        self.module = module
        self.port = free_port()
        self._settings = {**settings, "BENCH_PORT": str(self.port)}
        self._unix_path = unix_path
        self._log: IO[str] = tempfile.TemporaryFile("w+")  # noqa: SIM115 - stop() closes it
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self.start()
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        assert self._process is not None, "the server was not started"
        return self._process.pid

    def cpu_seconds(self) -> float:
        return machine.cpu_seconds(self.pid)

    def start(self) -> None:
        """Spawn the process, in a session of its own so that its children end with it."""
        self._process = subprocess.Popen(
            machine.pinned(machine.SERVER_CPU, [str(PYTHON), "-m", self.module]),
            env={**os.environ, **self._settings},
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def stop(self) -> None:
        """End the process and all it started."""
        process = self._process
        if process is None:
            return
        members = machine.process_tree(process.pid)
        process.terminate()
        try:
            process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for member in members[1:]:
            _kill_if_alive(member, session=process.pid)
        self._log.close()

    def check(self) -> None:
        """Raise with the server's last words if it has ended."""
        if self._process is None or self._process.poll() is not None:
            raise ServerError(f"{self.module} ended: {self.last_words()}")

    def last_words(self) -> str:
        self._log.seek(0)
        return self._log.read()[-2000:].strip() or "(it wrote nothing)"

    def _wait(self) -> None:
        until = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < until:
            self.check()
            if self._answers():
                return
            time.sleep(0.05)
        raise ServerError(f"{self.module} did not listen in time: {self.last_words()}")

    def _answers(self) -> bool:
        family = socket.AF_UNIX if self._unix_path else socket.AF_INET
        with socket.socket(family) as probe:
            address = str(self._unix_path) if self._unix_path else ("127.0.0.1", self.port)
            return probe.connect_ex(address) == 0


def free_port() -> int:
    """A TCP port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _kill_if_alive(pid: int, *, session: int) -> None:
    """End a leftover child; the session proves the number was not given to a stranger since."""
    try:
        if os.getsid(pid) == session:
            os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
