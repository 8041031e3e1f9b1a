"""A program of PostgreSQL that works for us, in our session."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

READ_BYTES = 1024 * 1024
WORDS_KEPT = 5
LINE_BYTES = 4096
END_SECONDS = 10.0
_LINE = re.compile(rb"[\r\n]+")


class Child:
    """Runs it within a block.

    Args:
        command: Absolute path of the program, and its arguments.
        environment: All of its variables.

    Attributes:
        said: The last lines of what it said.
    """

    def __init__(self, command: tuple[str, ...], environment: Mapping[str, str]) -> None:
        self._command = command
        self._environment = environment
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self.said: deque[str] = deque(maxlen=WORDS_KEPT)

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            env=dict(self._environment),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        self._reading = asyncio.create_task(self._listen(self._process))
        return self

    async def __aexit__(self, *_: object) -> None:
        process = self._process
        assert process is not None
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.terminate()
            try:
                async with asyncio.timeout(END_SECONDS):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()
        if self._reading is not None:
            self._reading.cancel()

    async def pieces(self) -> AsyncIterator[bytes]:
        """What it writes to its output, until that ends."""
        assert self._process is not None
        assert self._process.stdout is not None
        while piece := await self._process.stdout.read(READ_BYTES):
            yield piece

    async def read_nothing(self) -> None:
        """Waits until its output ends."""
        async for _ in self.pieces():
            pass

    async def ended(self) -> str:
        """Waits for its end; what it said last if it failed, else nothing."""
        assert self._process is not None
        assert self._reading is not None
        code = await self._process.wait()
        await self._reading
        return "" if code == 0 else " ".join(self.said) or f"exit code {code}"

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        assert process.stderr is not None
        rest = b""
        while piece := await process.stderr.read(LINE_BYTES):
            *lines, rest = _LINE.split(rest + piece)
            for line in lines:
                self._hear(line)
            rest = rest[-LINE_BYTES:]
        self._hear(rest)

    def _hear(self, line: bytes) -> None:
        if line.strip():
            self.said.append(line.decode(errors="replace").strip())
