"""The embedded NATS server with JetStream: on loopback, behind a password its user alone reads."""

from __future__ import annotations

import asyncio
import json
import secrets
import socket
from typing import TYPE_CHECKING, Any

import msgspec

from hanse.fleet.engine.brokers.reach import FILE_BYTES_MAX, url_file
from hanse.fleet.engine.care import Care
from hanse.fleet.engine.program import Program, surroundings
from hanse.fleet.engine.supervision import Supervision
from hanse.fleet.state import write_whole
from hanse.runtime.config.installed import find_nats

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hanse.fleet.state import StateFolder

NAME = "nats"
USER = "hanse"
HOST = "127.0.0.1"
MEMORY_BYTES_MAX = 64 * 1024 * 1024
PAYLOAD_BYTES_MAX = 1024 * 1024
CONNECTIONS_MAX = 1024
GRACE_SECONDS = 15.0
_LINE_BYTES_MAX = 64 * 1024


class Access(msgspec.Struct, frozen=True):
    """How the server is reached; chosen once and kept, so that clients find it after a restart.

    Attributes:
        name: The server's own, by which it is told from whoever else might have its port.
        port: On this machine.
        password: Of its one user.
    """

    name: str
    port: int
    password: str


class Nats:
    """Chooses where the server listens, says how it runs, and whether it answers.

    Args:
        state: The project's state folder, as seen from its folder.
        variables: The environment.
    """

    def __init__(self, state: StateFolder, variables: Mapping[str, str]) -> None:
        self._state = state
        self._environment = surroundings(variables)
        self._binary = find_nats()
        self._config = state.nats / "server.json"
        self._access_file = state.nats / "access.json"
        self._url_file = url_file(state)

    @property
    def program(self) -> Program:
        return Program(
            name=NAME,
            command=(str(self._binary), "--config", str(self._config)),
            environment=self._environment,
            grace=GRACE_SECONDS,
        )

    def supervision(self, changed: Callable[[Supervision], None] | None = None) -> Supervision:
        """What keeps it running."""
        care = Care(probe=self.answers, lives=self.lives, prepare=self.prepare, changed=changed)
        return Supervision(self.program, self._state, care)

    def access(self) -> Access | None:
        """How it is reached; None while that was never chosen."""
        try:
            return msgspec.json.decode(self._access_file.read_bytes(), type=Access)
        except (FileNotFoundError, msgspec.DecodeError):
            return None

    async def prepare(self) -> None:
        """Chooses port and password if there are none, and another port if somebody has ours.

        Raises:
            StateError: They cannot be written down.
        """
        access = self.access()
        if access is None:
            name = f"hanse-{secrets.token_hex(8)}"
            access = Access(name, _free_port(), secrets.token_urlsafe(24))
        elif not is_free(access.port):
            access = msgspec.structs.replace(access, port=_free_port())
        write_whole(self._access_file, msgspec.json.encode(access))
        url = f"nats://{USER}:{access.password}@{HOST}:{access.port}"
        write_whole(self._url_file, url.encode())
        # A subset of its own language, in which every string of ours is quoted.
        write_whole(self._config, json.dumps(self._settings(access), indent=1).encode())

    async def answers(self) -> bool:
        """Whether it is this very server that listens, lets its user in, and has JetStream."""
        access = self.access()
        if access is None:
            return False
        reader, writer = await asyncio.open_connection(HOST, access.port, limit=_LINE_BYTES_MAX)
        try:
            info = await _info(reader)
            if info.get("server_name") != access.name or not info.get("jetstream"):
                return False
            told = {"user": USER, "pass": access.password, "verbose": False, "pedantic": False}
            writer.write(b"CONNECT " + msgspec.json.encode(told) + b"\r\nPING\r\n")
            return await reader.readline() == b"PONG\r\n"
        finally:
            writer.close()

    async def lives(self) -> bool:
        """Whether somebody greets whoever comes: without a word of JetStream, or of being full."""
        access = self.access()
        if access is None:
            return False
        reader, writer = await asyncio.open_connection(HOST, access.port)
        try:
            return await reader.read(1) != b""
        finally:
            writer.close()

    def _settings(self, access: Access) -> dict[str, Any]:
        return {
            "server_name": access.name,
            "host": HOST,
            "port": access.port,
            "authorization": {"user": USER, "password": access.password},
            "max_connections": CONNECTIONS_MAX,
            "max_payload": PAYLOAD_BYTES_MAX,
            "jetstream": {
                "store_dir": str(self._state.nats),
                "max_memory_store": MEMORY_BYTES_MAX,
                "max_file_store": FILE_BYTES_MAX,
                "sync_interval": "always",  # an acknowledged message outlives a fall of the machine
            },
        }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def is_free(port: int) -> bool:
    """Whether a server could listen there; what has just ended is in nobody's way."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


async def _info(reader: asyncio.StreamReader) -> dict[str, Any]:
    line = await reader.readline()
    try:
        return msgspec.json.decode(line.removeprefix(b"INFO "), type=dict[str, Any])
    except msgspec.DecodeError:
        return {}
