"""A process of the steered gateway: on the server core, its log kept, ended with the block."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from typing import TYPE_CHECKING

from benchmarks import machine
from benchmarks.server import START_SECONDS_MAX, STOP_SECONDS_MAX, ServerError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping
    from pathlib import Path


@contextlib.contextmanager
def running(
    command: list[str], folder: Path, log: Path, settings: Mapping[str, str]
) -> Generator[subprocess.Popen[bytes]]:
    """Runs it in the folder until the block ends."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            machine.pinned(machine.SERVER_CPU, command),
            cwd=folder,
            env={**os.environ, **settings},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until(condition: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    """Returns when something is so.

    Raises:
        ServerError: The process ended or took too long; with its last words.
    """
    until = time.monotonic() + START_SECONDS_MAX
    while not condition():
        if process.poll() is not None or time.monotonic() > until:
            raise ServerError(f"{log.stem} is not ready: {log.read_text()[-2000:].strip()}")
        time.sleep(0.01)
