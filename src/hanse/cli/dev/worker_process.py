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

    def __init__(self, process: asyncio.subprocess.Process, channel: socket.socket) -> None:
        self._process = process
        self._channel = channel

    @classmethod
    async def start(cls, listener: socket.socket) -> Self:
        """Starts a worker, which begins to load the platform and waits for `order`."""
        ours, theirs = socket.socketpair()
        with theirs:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-c", _PROGRAM, str(theirs.fileno())),
                pass_fds=(theirs.fileno(), listener.fileno()),
            )
        ours.setblocking(False)
        return cls(process, ours)

    def order(self, order: Mapping[str, Any]) -> None:
        """Has it load a project; see `worker.Order`."""
        self._say(json.dumps(order).encode() + b"\n")

    def release(self) -> None:
        """Has it serve what it has loaded."""
        self._say(b"serve\n")

    async def report(self) -> dict[str, Any] | None:
        """What came of the order; None if it ended without a word."""
        loop, line = asyncio.get_running_loop(), b""
        with suppress(ConnectionResetError):
            while not line.endswith(b"\n") and (part := await loop.sock_recv(self._channel, 65536)):
                line += part
        return json.loads(line) if line.endswith(b"\n") else None

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

    def close(self) -> None:
        """Ends the line to it, once it has ended and nobody waits for its report."""
        self._channel.close()

    def _say(self, line: bytes) -> None:
        # It may have ended by now. What it reported before is still to be read, so its end is found
        # there and not here; asyncio's streams forget what they have read when a write fails.
        with suppress(BrokenPipeError, ConnectionResetError):
            self._channel.sendall(line)
