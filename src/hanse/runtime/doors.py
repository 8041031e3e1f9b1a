"""The doors of a host: where it listens, for whom, and until when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.runtime.http.listen import listen_inherited, listen_mutual, listen_tcp, listen_unix
from hanse.runtime.mutual.own_identity import OwnIdentity

if TYPE_CHECKING:
    import asyncio

    from hanse.runtime.host_config import HostConfig
    from hanse.runtime.http.server import Server


class Doors:
    """Opens what a configuration names: for anybody, other machines, this one, its gateway.

    Args:
        config: The host's.

    Attributes:
        own: Who the host is between machines; None for a host that is nobody there.

    Raises:
        ConfigurationError: The files of its identity cannot be read.
    """

    def __init__(self, config: HostConfig) -> None:
        self._config = config
        self.own = OwnIdentity(config.tls) if config.tls else None
        self._servers: list[asyncio.Server] = []

    async def open(self, server: Server) -> None:
        """Listens everywhere; peers that come are `server`'s connections."""
        config = self._config
        if config.listener is not None:
            self._servers.append(await listen_inherited(server, config.listener))
        elif config.port is not None:
            self._servers.append(await listen_tcp(server, config.address, config.port))
        if config.mutual_port is not None and self.own is not None:
            door = listen_mutual(server, config.address, config.mutual_port, self.own)
            self._servers.append(await door)
        if config.socket is not None:
            self._servers.append(await listen_unix(server, config.socket))
        if config.gate is not None:
            self._servers.append(await listen_unix(server, config.gate, gate=True))

    def look(self) -> None:
        """Follows the files of its identity; called a few times a second."""
        if self.own is not None:
            self.own.look()

    def problems(self) -> list[str]:
        """What cannot be opened, told before anything is."""
        if self._config.mutual_port is None or self._config.tls is not None:
            return []
        return ["mutual_port is set without tls; a door for hosts needs a certificate"]

    def close(self) -> None:
        """Lets nobody else in."""
        for server in self._servers:
            server.close()

    async def wait_closed(self) -> None:
        """Returns when nobody is inside any more."""
        for server in self._servers:
            await server.wait_closed()

    @property
    def listening(self) -> bool:
        """Whether a door is open."""
        return any(server.is_serving() for server in self._servers)

    @property
    def url(self) -> str:
        """Address of the open door, else of the one for hosts elsewhere, once it listens.

        Raises:
            LookupError: There is no such door, or not yet.
        """
        config = self._config
        is_open = config.listener is not None or config.port is not None
        if not self._servers or not (is_open or config.mutual_port is not None):
            raise LookupError("This host has no open door: set a port, or wait until it listens.")
        port = self._servers[0].sockets[0].getsockname()[1]
        return f"{'http' if is_open else 'https'}://{config.address}:{port}"
