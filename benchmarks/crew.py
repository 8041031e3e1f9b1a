"""Processes of a contestant in one round: begun together, and there until all was read."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
from typing import IO, TYPE_CHECKING

import msgspec

from benchmarks.environment import PYTHON, ROOT
from benchmarks.server import STOP_SECONDS_MAX, ServerError

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence
    from pathlib import Path


class Crew:
    """Processes that do one thing after the other when they are told to.

    Args:
        module: What each of them is.
        environments: Settings, for each.
        python: What runs it.
    """

    def __init__(
        self, module: str, environments: list[dict[str, str]], python: Path = PYTHON
    ) -> None:
        self.module = module
        self._python = python
        self._log: IO[str] = tempfile.TemporaryFile("w+")  # noqa: SIM115 - end() closes it
        self._processes = [self._start(settings) for settings in environments]

    @property
    def pids(self) -> list[int]:
        """Of each."""
        return [process.pid for process in self._processes]

    def expect(self, word: str) -> None:
        """Wait until each has said it.

        Raises:
            ServerError: One said something else, or has ended.
        """
        for said in self.hear():
            if said != word:
                raise ServerError(f"{self.module} said {said[:200]!r} instead of {word!r}")

    def go(self) -> None:
        """Let all go on."""
        for process in self._processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()

    def hear(self) -> list[str]:
        """The next line of each.

        Raises:
            ServerError: One has ended; with its last words.
        """
        lines: list[str] = []
        for process in self._processes:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line:
                self._log.seek(0)
                raise ServerError(f"{self.module} ended: {self._log.read()[-2000:].strip()}")
            lines.append(line.rstrip())
        return lines

    def end(self) -> None:
        """Let all end, which they do with their input; who does not, is ended."""
        for process in self._processes:
            with contextlib.suppress(BrokenPipeError):
                assert process.stdin is not None
                process.stdin.close()
        for process in self._processes:
            try:
                process.wait(STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            assert process.stdout is not None
            process.stdout.close()
        self._log.close()

    def _start(self, settings: Mapping[str, str]) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [str(self._python), "-m", self.module],
            cwd=ROOT,
            env={**os.environ, **settings},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )


@contextlib.contextmanager
def crew(
    module: str,
    settings: Mapping[str, str],
    orders: Sequence[msgspec.Struct],
    *,
    python: Path = PYTHON,
) -> Generator[Crew]:
    """One process for each order, which it finds as JSON in BENCH_ORDER."""
    told = [{**settings, "BENCH_ORDER": msgspec.json.encode(one).decode()} for one in orders]
    started = Crew(module, told, python)
    try:
        yield started
    finally:
        started.end()
