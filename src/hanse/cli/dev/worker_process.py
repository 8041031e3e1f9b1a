"""A worker as the process that watches over it sees it: ordered, listened to, ended."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

# Ctrl-C goes to every process of the terminal; a worker that still loads must not answer it with a
# stack. Hence before anything is imported.
_PROGRAM = (
    "import signal; signal.signal(2, signal.SIG_IGN); from hanse.cli.dev.worker import main; main()"
)


class WorkerProcess:
    """One worker. It ends with this process, because then its channel closes."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._process = process
        self._reader = reader
        self._writer = writer

    @classmethod
    async def start(cls, listener: socket.socket) -> Self:
        """Starts a worker, which begins to load the platform and waits for `order`."""
        ours, theirs = socket.socketpair()
        with theirs:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-c", _PROGRAM, str(theirs.fileno())),
                pass_fds=(theirs.fileno(), listener.fileno()),
            )
        reader, writer = await asyncio.open_unix_connection(sock=ours)
        return cls(process, reader, writer)

    def order(self, order: Mapping[str, Any]) -> None:
        """Has it load a project; see `worker.Order`."""
        self._writer.write(json.dumps(order).encode() + b"\n")

    def release(self) -> None:
        """Has it serve what it has loaded."""
        self._writer.write(b"serve\n")

    async def report(self) -> dict[str, Any] | None:
        """What came of the order; None if it ended without a word."""
        line = await self._reader.readline()
        return json.loads(line) if line else None

    async def wait(self) -> int:
        """The exit code, once it has ended; negative for a signal."""
        return await self._process.wait()

    @property
    def ended(self) -> bool:
        return self._process.returncode is not None

    def drain(self) -> None:
        """Asks it to end when the requests it has are answered."""
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)

    async def end(self, seconds: float) -> None:
        """Drains it for so long, then kills it."""
        self.drain()
        try:
            await asyncio.wait_for(self._process.wait(), seconds)
        except TimeoutError:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
        self._writer.close()
