"""The socket requests come in by, opened before any service is loaded: none is lost."""

from __future__ import annotations

import errno
import socket

from hanse.cli.refusal import Refused

BACKLOG = 2048
"""Connections that wait while one process ends and the next begins."""


def open_listener(address: str, port: int, *, or_any: bool = False) -> socket.socket:
    """A listening TCP socket.

    Args:
        address: Interface, as a name or number.
        port: 0 for any free one.
        or_any: Whether any free port will do when this one is taken.

    Raises:
        Refused: The port is taken or forbidden, or there is no such interface.
    """
    try:
        return _open(address, port)
    except OSError as error:
        if error.errno == errno.EADDRINUSE and or_any:
            return open_listener(address, 0)
        raise Refused(_sentence(error, address, port)) from None


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


def _sentence(error: OSError, address: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is taken. Stop what uses it, or choose another: --port {port + 1}"
    if error.errno == errno.EACCES:
        return f"Port {port} needs special rights. Choose one above 1023: --port 8000"
    return f"Cannot listen on {address}, port {port}: {error.strerror}. See [host] in hanse.toml."
