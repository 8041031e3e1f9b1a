"""A real PgBouncer in transaction mode before a server for tests; gone with the process as well."""

from __future__ import annotations

import os
import socket
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from hanse.testing.servers.own_server import OwnServer
from hanse.testing.servers.server_process import ServerProcess
from hanse.testing.servers.unprivileged import NOBODY, as_nobody

if TYPE_CHECKING:
    from collections.abc import Sequence

PORT = 6432
SIZE = 10
"""Connections of the server that all callers of a database share: as many as a host has itself."""

START_SECONDS = 30.0

_SETTINGS = """
[databases]
* = host={server}
[pgbouncer]
listen_port = {port}
unix_socket_dir = {folder}
auth_type = trust
auth_file = {folder}/users
pool_mode = transaction
default_pool_size = {size}
max_client_conn = 500
query_wait_timeout = 30
server_login_retry = 1
"""


class PgBouncer(OwnServer):
    """A pooler of one's own, before all databases of a server.

    Args:
        program: Where it is installed; Debian has it at /usr/sbin/pgbouncer.
        server: Folder of the socket of the server.
        logins: Whom it lets through.
        size: How many connections of the server a database gets.

    Raises:
        ConfigurationError: It does not start; with what it said.
    """

    def __init__(
        self, program: Path, server: Path, logins: Sequence[str], *, size: int = SIZE
    ) -> None:
        self._program = program
        self._folder = Path(tempfile.mkdtemp(prefix="hanse-bouncer-"))
        self._settings = _SETTINGS.format(server=server, port=PORT, folder=self._folder, size=size)
        self._logins = logins
        super().__init__(ServerProcess("PgBouncer", self._folder, "KILL"))

    def start(self) -> None:
        """Returns when it answers; does nothing if it runs."""
        if self._process.begun:
            return
        self._folder.mkdir(mode=0o700, exist_ok=True)
        file = self._folder / "pgbouncer.ini"
        file.write_text(self._settings)
        (self._folder / "users").write_text("".join(f'"{one}" ""\n' for one in self._logins))
        if os.geteuid() == 0:
            for one in (self._folder, *self._folder.iterdir()):
                os.chown(one, NOBODY, NOBODY)
        command = (*as_nobody(), str(self._program), str(file))
        self._process.begin(command, self._answers, START_SECONDS)

    def url(self, database: str, login: str) -> str:
        """Where a database of its server is, by it."""
        return f"postgresql://{login}@/{database}?host={self._folder}&port={PORT}"

    def _answers(self) -> bool:
        # Its socket is there before it listens.
        with socket.socket(socket.AF_UNIX) as one:
            return one.connect_ex(str(self._folder / f".s.PGSQL.{PORT}")) == 0
