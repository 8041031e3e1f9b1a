"""A server on data that is being restored: nobody else reaches it, and it ends when we do."""

from __future__ import annotations

import asyncio
import importlib
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from hanse.fleet.database_url import socket_url
from hanse.fleet.engine.log_file import last_lines
from hanse.fleet.engine.postgres import SETTINGS
from hanse.fleet.state import StateError
from hanse.kit.clock import wait_set

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hanse.runtime.config.installed import PostgresPrograms

asyncpg: Any = importlib.import_module("asyncpg")

DATA = "data"
ASK_SECONDS = 0.05
STOP_SECONDS = 300.0
LINES = 30

# It is ended as soon as our end of its input is closed, which the kernel does if we are killed.
_WATCH = """
exec 3<&0 </dev/null
"$@" 3<&- &
server=$!
(read -r _ <&3; kill -INT "$server" 2>/dev/null) &
watch=$!
wait "$server"
code=$?
kill "$watch" 2>/dev/null
exit "$code"
"""


class Scratch:
    """One server; its data lie in a folder `data` of the folder that has its socket.

    Args:
        folder: That folder, as seen from the working directory.
        programs: Of PostgreSQL.
        environment: What it runs with.
    """

    def __init__(
        self, folder: Path, programs: PostgresPrograms, environment: Mapping[str, str]
    ) -> None:
        self._folder = folder
        self._programs = programs
        self._environment = environment
        self._process: asyncio.subprocess.Process | None = None
        self._log = folder / "log"
        self.url = socket_url(folder)

    async def start(self, **settings: str) -> None:
        """Begins it; it may take long until it answers.

        Args:
            **settings: Beside those a fleet's database has.
        """
        words = [f"{name}={value}" for name, value in (SETTINGS | settings).items()]
        server = (str(self._programs.folder / "postgres"), "-D", str(self._folder / DATA))
        options = [part for word in words for part in ("-c", word)]
        with self._log.open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                *("/bin/sh", "-c", _WATCH, "sh", *server, *options),
                env=dict(self._environment),
                stdin=asyncio.subprocess.PIPE,
                stdout=log,
                stderr=log,
            )

    async def ask(self, text: str) -> list[Any]:
        """The rows of a statement, as soon as it answers.

        Raises:
            StateError: It has ended; with what it said.
        """
        not_yet = (OSError, asyncpg.CannotConnectNowError, asyncpg.ConnectionDoesNotExistError)
        while True:
            assert self._process is not None
            if self._process.returncode is not None:
                raise StateError("PostgreSQL ended while it restored. It says:", *self.words())
            with suppress(*not_yet):
                session = await asyncpg.connect(self.url, timeout=10)
                try:
                    return await session.fetch(text)
                finally:
                    session.terminate()
            await wait_set(asyncio.Event(), ASK_SECONDS)

    async def stop(self) -> None:
        """Ends it in order: what it has written is whole then.

        Raises:
            TimeoutError: It does not end.
        """
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        async with asyncio.timeout(STOP_SECONDS):
            await process.wait()

    def words(self) -> tuple[str, ...]:
        """What it said last."""
        return last_lines(self._log, LINES)
