"""Writes of somebody outside, while an index is made or nothing else happens."""

from __future__ import annotations

import contextlib
import os
import subprocess
from typing import TYPE_CHECKING

import msgspec

from benchmarks import machine
from benchmarks.environment import PYTHON, ROOT
from benchmarks.server import ServerError

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

_MODULE = "benchmarks.data.scale.writer"


class Waits(msgspec.Struct, frozen=True):
    """How many writes there were, and how long they waited, from when each was due."""

    writes: int
    p99_ms: float
    longest_ms: float


@contextlib.contextmanager
def writing(settings: Mapping[str, str]) -> Generator[list[Waits]]:
    """Writes while the block runs; what they waited is in the list behind it.

    Raises:
        ServerError: The writer failed.
    """
    found: list[Waits] = []
    with subprocess.Popen(
        machine.pinned(machine.LOAD_CPU, [str(PYTHON), "-m", _MODULE]),
        cwd=ROOT,
        env={**os.environ, **settings},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        if process.stdout.readline() != "ready\n":
            raise ServerError(f"{_MODULE} failed: {process.communicate()[1][-2000:]}")
        try:
            yield found
        except BaseException:
            process.kill()
            raise
        said, words = process.communicate()
        if process.returncode != 0:
            raise ServerError(f"{_MODULE} failed: {words[-2000:].strip()}")
        found.append(msgspec.json.decode(said, type=Waits))
