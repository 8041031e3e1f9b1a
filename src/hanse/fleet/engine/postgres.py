"""The embedded PostgreSQL: made once, on a socket in the state folder that only its user opens."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import struct
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from hanse.fleet.database_url import DATABASE, PORT, USER
from hanse.fleet.engine.care import Care
from hanse.fleet.engine.process_table import start_of
from hanse.fleet.engine.program import Program, surroundings
from hanse.fleet.engine.silence import Patience
from hanse.fleet.engine.supervision import Supervision
from hanse.fleet.state import StateError, StateFolder, telling
from hanse.runtime.config.installed import PostgresPrograms, find_postgres

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

NAME = "postgres"
RESTORING = "restoring"
"""A file beside the data while a restore exchanges them: nobody is to begin with an empty one."""

INIT_SECONDS = 120.0
GRACE_SECONDS = 30.0
WORDS_SHOWN = 5
_UNFINISHED = "unfinished."
_PROTOCOL = 196_608  # 3.0

# Whoever opens the socket is trusted: the folder is 0700, and there is no other way in.
_INIT = (
    *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
    *("--data-checksums", "--auth-local=trust", "--auth-host=reject", "--no-instructions"),
    f"--username={USER}",
)

SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_directories": "..",  # from where the data is: short, wherever the project lies
    "unix_socket_permissions": "0700",
    "max_connections": "500",
    "superuser_reserved_connections": "3",
    "max_wal_size": "512MB",
    "max_slot_wal_keep_size": "512MB",
    "temp_file_limit": "2GB",
    "idle_in_transaction_session_timeout": "60s",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_error_verbosity": "terse",  # a detail names values, and those may be a person's
    "log_checkpoints": "off",
    "jit": "off",
}


class Postgres:
    """Makes the database, says how it runs, and whether it answers.

    Args:
        state: The project's state folder, as seen from its folder.
        variables: The environment.
        programs: Which PostgreSQL; the newest installed, if left out.
    """

    def __init__(
        self,
        state: StateFolder,
        variables: Mapping[str, str],
        programs: PostgresPrograms | None = None,
    ) -> None:
        self._state = state
        self._programs = programs or find_postgres()
        self._environment = surroundings(variables)
        self.data = state.postgres / self._programs.version
        self.socket = state.postgres / f".s.PGSQL.{PORT}"

    @property
    def program(self) -> Program:
        settings = (("-c", f"{name}={value}") for name, value in SETTINGS.items())
        return Program(
            name=NAME,
            command=(
                str(self._programs.folder / "postgres"),
                *("-D", str(self.data)),
                *(word for setting in settings for word in setting),
            ),
            environment=self._environment,
            stop_signal=signal.SIGINT,  # the fast way: who is connected is sent away
            grace=GRACE_SECONDS,
        )

    def supervision(self, changed: Callable[[Supervision], None] | None = None) -> Supervision:
        """What keeps it running."""
        care = Care(
            probe=self.answers,
            lives=self.lives,
            prepare=self.prepare,
            changed=changed,
            patience=Patience(family=True),  # each connection is a process of its own
        )
        return Supervision(self.program, self._state, care)

    async def prepare(self) -> None:
        """Makes the database if there is none, and clears what a killed server left behind.

        Raises:
            StateError: It cannot be made, or the one there is cannot be read.
        """
        if (self._state.postgres / RESTORING).exists():
            raise StateError(
                "hanse restore was interrupted here before all was in its place. Run it again."
            )
        if self.data.exists():
            self._take_over_lock()
            return
        self._check_others()
        # Made beside and then renamed: what carries the name is whole.
        draft = self._begin_draft()
        try:
            await self._init(draft)
            self._finish_draft(draft)
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    async def answers(self) -> bool:
        """Whether it lets its user in."""
        return await self._said() == b"R"  # any other answer is an error: it starts, or it ends

    async def lives(self) -> bool:
        """Whether it says anything, if only that it starts, recovers, or has no room for more."""
        return await self._said() != b""

    async def _said(self) -> bytes:
        """The first letter it says to whoever asks to be let in; empty if it says nothing."""
        reader, writer = await asyncio.open_unix_connection(str(self.socket))
        try:
            words = ("user", USER, "database", DATABASE)
            body = b"".join(word.encode() + b"\0" for word in words) + b"\0"
            writer.write(struct.pack("!ii", len(body) + 8, _PROTOCOL) + body)
            kind = await reader.read(1)
            writer.write(b"X" + struct.pack("!i", 4))
            return kind
        finally:
            writer.close()

    async def _init(self, folder: Path) -> None:
        process = await asyncio.create_subprocess_exec(
            *(str(self._programs.folder / "initdb"), "-D", str(folder), *_INIT),
            env=self._environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(INIT_SECONDS):
                said, _ = await process.communicate()
        except TimeoutError:
            raise StateError(f"Making the database takes over {INIT_SECONDS:.0f} s.") from None
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
        if process.returncode != 0:
            words = said.decode(errors="replace").splitlines()[-WORDS_SHOWN:]
            raise StateError("The database cannot be made. PostgreSQL says:", *words)

    def _begin_draft(self) -> Path:
        with telling(self._state.postgres):
            for left in self._state.postgres.glob(f"{_UNFINISHED}*"):
                shutil.rmtree(left, ignore_errors=True)
            return Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=self._state.postgres))

    def _finish_draft(self, draft: Path) -> None:
        with telling(self.data):
            draft.rename(self.data)

    def _check_others(self) -> None:
        others = sorted(each.name for each in self._state.postgres.iterdir() if each.name.isdigit())
        if others:
            older, folder = others[-1], self._state.postgres / others[-1]
            raise StateError(
                f"The data in {folder} is of PostgreSQL {older}, and this Hanse brings "
                f"{self._programs.version}. Use the Hanse that made it and dump it with its "
                f"pg_dumpall, or begin with an empty one: mv {folder} {folder.with_suffix('.old')}"
            )

    def _take_over_lock(self) -> None:
        """Has PostgreSQL look at all of a killed server's lock file, and not only at its pid.

        It refuses to start if a process of that number lives, which after a reboot may be any. Our
        record says that no server of ours does; so the number of the process that starts the next
        one, which PostgreSQL passes over, takes its place. What it checks beside, that nobody holds
        the old server's memory, stays.
        """
        path = self.data / "postmaster.pid"
        with telling(path), suppress(FileNotFoundError):
            pid, _, rest = path.read_text().partition("\n")
            if not pid:  # a full disk kept what it should say; PostgreSQL refuses an empty one
                path.unlink()
            if not pid or start_of(int(pid)) is None:
                return
            if _works_in(int(pid), self.data):
                raise StateError(
                    f"A PostgreSQL that Hanse did not start (process {pid}) uses {self.data}. "
                    f"End it: kill -INT {pid}"
                )
            with path.open("r+") as file:  # in its place, for which a full disk has room
                file.write(f"{os.getpid()}\n{rest}")
                file.truncate()


def _works_in(pid: int, folder: Path) -> bool:
    import psutil

    with suppress(psutil.Error, OSError):
        return Path(psutil.Process(pid).cwd()) == folder.resolve()
    return False
