"""Where a host listens, and which of its doors it trusts."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
from typing import TYPE_CHECKING, cast

from hanse.kit.fault_points import watched_connection
from hanse.runtime.http.connection import Connection

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hanse.runtime.http.server import Server
    from hanse.runtime.mutual.own_identity import OwnIdentity

BACKLOG = 2048


class MutualConnection(Connection):
    """One at the door for other machines: who shows which certificate decides what is believed."""

    __slots__ = ("_own",)

    def __init__(self, server: Server, own: OwnIdentity) -> None:
        super().__init__(server, trusted=False)
        self._own = own

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        standing = self._own.admit(transport)
        if standing is None:
            self.deaf = self.closing = True
            cast("asyncio.Transport", transport).abort()
            return
        self.reader.believe(trusted=standing.trusted, gate=standing.gate)
        super().connection_made(transport)


async def listen_tcp(server: Server, host: str, port: int) -> asyncio.Server:
    """An open door."""
    loop = asyncio.get_running_loop()
    return await loop.create_server(_maker(server, trusted=False), host, port, backlog=BACKLOG)


async def listen_mutual(server: Server, host: str, port: int, own: OwnIdentity) -> asyncio.Server:
    """A door for other machines, where both sides show who they are by TLS."""
    loop = asyncio.get_running_loop()
    kind = watched_connection(MutualConnection)
    # Until they have shown who they are, peers are no connections yet that the sweep would see.
    patience = server.limits.header_timeout
    return await loop.create_server(
        lambda: kind(server, own), host, port,
        ssl=own.door, backlog=BACKLOG, ssl_handshake_timeout=patience,
    )  # fmt: skip


async def listen_inherited(server: Server, descriptor: int) -> asyncio.Server:
    """An open door on a TCP socket that listens already and stays open when this host ends.

    Raises:
        OSError: The descriptor is none of a socket.
    """
    loop = asyncio.get_running_loop()
    listener = socket.socket(fileno=os.dup(descriptor))
    return await loop.create_server(_maker(server, trusted=False), sock=listener, backlog=BACKLOG)


async def listen_unix(server: Server, path: Path, *, gate: bool = False) -> asyncio.Server:
    """A door on this machine: a socket that only this user can open.

    Hosts of ours come here; to a gate comes the gateway, with requests of anybody.

    Raises:
        OSError: Something that is no socket is at the path, or another host listens there.
    """
    _clear(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    # The socket must never be open to others, not even between bind and chmod.
    before = os.umask(0o177)
    try:
        listener.bind(str(path))
    finally:
        os.umask(before)
    loop = asyncio.get_running_loop()
    make = _maker(server, trusted=not gate, gate=gate)
    return await loop.create_unix_server(make, sock=listener, backlog=BACKLOG)


def _clear(path: Path) -> None:
    """Removes the socket a killed host left behind; a living one's stays."""
    if not path.exists():
        return
    if not stat.S_ISSOCK(path.stat().st_mode):
        raise FileExistsError(f"{path} is in the way; it is no socket.")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        if probe.connect_ex(str(path)) == 0:
            raise FileExistsError(f"Another host listens on {path}.")
    path.unlink()


def _maker(server: Server, *, trusted: bool, gate: bool = False) -> Callable[[], Connection]:
    kind = watched_connection(Connection)
    return lambda: kind(server, trusted=trusted, gate=gate)
