"""Where a host listens, and which of its doors it trusts."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from hanse.kit.fault_points import watched_connection
from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.runtime.http.connection import Connection

if TYPE_CHECKING:
    from collections.abc import Callable

    from hanse.runtime.http.connection import Server

BACKLOG = 2048


class Tls(msgspec.Struct, frozen=True):
    """Files of a host's identity between machines, PEM.

    Attributes:
        certificate: The host's own, with its chain.
        key: The certificate's private key.
        authority: Who signs hosts; a peer without a certificate of theirs is not let in.
    """

    certificate: str
    key: str
    authority: str


def server_tls(tls: Tls) -> ssl.SSLContext:
    """TLS 1.3 that asks every peer for a certificate of our authority."""
    context = _context(ssl.Purpose.CLIENT_AUTH, tls)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def client_tls(tls: Tls) -> ssl.SSLContext:
    """TLS 1.3 that shows our certificate and wants the peer's from our authority."""
    return _context(ssl.Purpose.SERVER_AUTH, tls)


def _context(purpose: ssl.Purpose, tls: Tls) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(purpose, cafile=tls.authority)
        context.load_cert_chain(tls.certificate, tls.key)
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(
            f"This host's identity cannot be read ({tls.certificate}, {tls.key}, {tls.authority}): "
            f"{error}"
        ) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context


async def listen_tcp(
    server: Server, host: str, port: int, tls: ssl.SSLContext | None = None
) -> asyncio.Server:
    """A TCP door. With mutual TLS its peers are hosts of ours and trusted, without it anybody."""
    loop = asyncio.get_running_loop()
    make = _maker(server, trusted=tls is not None)
    if tls is None:
        return await loop.create_server(make, host, port, backlog=BACKLOG)
    # Until they have shown who they are, peers are no connections yet that the sweep would see.
    patience = server.limits.header_timeout
    return await loop.create_server(
        make, host, port, ssl=tls, backlog=BACKLOG, ssl_handshake_timeout=patience
    )


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
