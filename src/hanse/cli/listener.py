"""The socket requests come in by, opened before any service is loaded: none is lost."""

from __future__ import annotations

import errno
import socket
from contextlib import suppress

from hanse.cli.refusal import Refused

TRIED = 50
"""Ports looked at for one to propose."""

BACKLOG = 2048
"""Connections that wait while one process ends and the next begins."""


def open_listener(
    address: str, port: int, *, or_any: bool = False, table: str = "host", option: str = "--port"
) -> socket.socket:
    """A listening TCP socket.

    Args:
        address: Interface, as a name or number.
        port: 0 for any free one.
        or_any: Whether any free port will do when this one is taken.
        table: Where `hanse.toml` says it.
        option: By which the command line says it.

    Raises:
        Refused: The port is taken or forbidden, or there is no such interface.
    """
    try:
        return _open(address, port)
    except OSError as error:
        if error.errno == errno.EADDRINUSE and or_any:
            return open_listener(address, 0)
        said = _sentence(error, address, port, option)
        raise Refused(
            said or f"{_cannot(error, address, port)} See [{table}] in hanse.toml."
        ) from None


def url_of(listener: socket.socket) -> str:
    """The address to call it by, from this machine."""
    host, port, *_ = listener.getsockname()
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - read, not bound
        host = "localhost"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _open(address: str, port: int) -> socket.socket:
    family, *_, where = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(where)
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener


def _sentence(error: OSError, address: str, port: int, option: str) -> str:
    """What to do about a port; empty if it is not the port."""
    if error.errno == errno.EADDRINUSE:
        other = _next_free(address, port)
        return f"Port {port} is taken. Stop what uses it, or choose another: {option} {other}"
    if error.errno == errno.EACCES:
        return f"Port {port} needs special rights. Choose one above 1023: {option} 8000"
    return ""


def _cannot(error: OSError, address: str, port: int) -> str:
    return f"Cannot listen on {address}, port {port}: {error.strerror}."


def _next_free(address: str, port: int) -> int:
    """The nearest port above that can be had; 0, which is any, if none of some can."""
    for other in range(port + 1, min(port + TRIED, 65_536)):
        with suppress(OSError):
            _open(address, other).close()
            return other
    return 0
