"""The brokers of a round: fresh, on the disk, and waiting for it with each message."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from benchmarks import environment, machine
from benchmarks.server import START_SECONDS_MAX, STOP_SECONDS_MAX, ServerError, free_port
from hanse.runtime.config.installed import find_nats

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

NATS_DURABILITY = "sync_interval always"
REDIS_DURABILITY = "appendonly yes, appendfsync always"
_REDIS = "redis-server"


class Broker(msgspec.Struct, frozen=True):
    """One that runs."""

    settings: Mapping[str, str]
    pid: int

    def cpu_seconds(self) -> float:
        """User and system time."""
        return machine.cpu_seconds(self.pid)


def redis_version() -> str:
    """Of the one that is installed; gets it where that is possible.

    Raises:
        NotReadyError: It is missing.
    """
    environment.find_program(_REDIS, package=_REDIS)
    said = subprocess.run([_REDIS, "--version"], check=True, capture_output=True, text=True)
    return said.stdout.partition("v=")[2].partition(" ")[0]


@contextlib.contextmanager
def nats() -> Generator[Broker]:
    """NATS with JetStream, every message on the disk before it is acknowledged.

    Raises:
        ServerError: It does not start.
    """
    with _folder("nats") as folder:
        port = free_port()
        config = {
            "host": "127.0.0.1",
            "port": port,
            "jetstream": {
                "store_dir": str(folder),
                "max_file_store": 4 * 1024**3,
                "sync_interval": "always",
            },
        }
        file = folder / "server.json"
        file.write_text(json.dumps(config))
        command = [str(find_nats()), "--config", str(file)]
        with _running(command, folder, lambda: _greets(port)) as pid:
            yield Broker({"BENCH_NATS": f"nats://127.0.0.1:{port}"}, pid)


@contextlib.contextmanager
def redis() -> Generator[Broker]:
    """Redis on a socket, every command on the disk before it is answered.

    Raises:
        ServerError: It does not start.
    """
    with _folder("redis") as folder, tempfile.TemporaryDirectory(prefix="redis") as short:
        path = Path(short) / "s"
        command = [_REDIS, "--port", "0", "--unixsocket", str(path), "--dir", str(folder)]
        command += ["--appendonly", "yes", "--appendfsync", "always", "--save", ""]
        with _running(command, folder, path.exists) as pid:
            yield Broker({"BENCH_REDIS": str(path)}, pid)


@contextlib.contextmanager
def _folder(name: str) -> Generator[Path]:
    # Below the clone and not in /tmp, which may be memory.
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=environment.HOME.parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _running(command: list[str], folder: Path, answers: Callable[[], bool]) -> Generator[int]:
    log = folder / "log"
    with log.open("w") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        until = time.monotonic() + START_SECONDS_MAX
        while not answers():
            if process.poll() is not None or time.monotonic() > until:
                raise ServerError(f"{command[0]} did not start: {log.read_text()[-2000:]}")
            time.sleep(0.02)
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _greets(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as one:
            return b'"jetstream":true' in one.recv(4096)
    except OSError:
        return False
