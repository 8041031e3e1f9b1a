"""The killer's side of the nursery: begins a host, learns where it stops, and kills it from outside."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any, Self

import psutil

from hanse.runtime.data.database_config import DatabaseConfig

ROOT = Path(__file__).parents[3]
PATIENCE_SECONDS = 60.0
STREAM_BYTES = 16 * 1024 * 1024


class Hosts:
    """One host after another, each a process that nobody but the nursery is the parent of.

    Args:
        files: Their folder of files.
    """

    def __init__(self, files: Path) -> None:
        self._files = str(files)
        self._nursery: asyncio.subprocess.Process | None = None
        self._told: asyncio.Task[None] | None = None
        self._pid = 0

    async def __aenter__(self) -> Self:
        self._nursery = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.faults.kills.nursery",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, cwd=ROOT,
        )  # fmt: skip
        await self._line("ready")
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._nursery is not None and self._nursery.stdin is not None
        self._nursery.stdin.close()
        await self._nursery.wait()

    async def begin(
        self,
        on: DatabaseConfig,
        *,
        site: str = "s",
        flock: str = "bank",
        point: str = "",
        nth: int = 1,
        **more: Any,
    ) -> str:
        """Starts a host that stops at a point, if one is named; its URL, empty if it stopped.

        Args:
            on: Its database.
            site: Of those who ask it.
            flock: What it serves.
            point: Where it stops.
            nth: At which time that it comes there.
            **more: URL of its broker, bytes of its stream, and ports of the world outside.
        """
        assert self._nursery is not None and self._nursery.stdin is not None
        order: dict[str, Any] = {"database": on.url.reveal(), "keys": str(on.keys)}
        order |= {"files": self._files, "site": site, "flock": flock, "point": point, "nth": nth}
        order |= {"broker": "", "stream_bytes": STREAM_BYTES, "outside": (0, 0), **more}
        self._nursery.stdin.write(json.dumps(order).encode() + b"\n")
        self._pid = (await self._line("pid"))["pid"]
        said = await self._line("url", "stopped")
        return said.get("url", "")

    async def stopped(self) -> None:
        """Returns when it has stopped at its point."""
        await self._line("stopped")

    @property
    def pid(self) -> int:
        """Of the one there is."""
        return self._pid

    def stop(self) -> None:
        """Has it stand still where it is."""
        os.kill(self._pid, signal.SIGSTOP)

    def go_on(self) -> None:
        os.kill(self._pid, signal.SIGCONT)

    async def kill(self) -> None:
        """SIGKILL, whatever it does; returns when it is gone."""
        os.kill(self._pid, signal.SIGKILL)
        await self._line("ended")

    def _doing(self) -> str:
        """As the system has it: S if it waits, T if it is stopped."""
        try:
            return f"is {psutil.Process(self._pid).status()}"
        except psutil.NoSuchProcess:
            return "is gone"

    async def _line(self, *wanted: str) -> dict[str, Any]:
        assert self._nursery is not None and self._nursery.stdout is not None
        while True:
            try:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    line = await self._nursery.stdout.readline()
            except TimeoutError as error:
                error.add_note(f"nobody said {' or '.join(wanted)} of a host that {self._doing()}")
                raise
            assert line, "the nursery has ended"
            said = json.loads(line)
            if set(wanted) & set(said):
                return said
            assert "ended" not in said, "the host ended by itself"
