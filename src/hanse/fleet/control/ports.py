"""Which ports can be had on this machine."""

from __future__ import annotations

import socket
from typing import NamedTuple

from hanse.runtime.config.configuration_error import ConfigurationError


class Ports(NamedTuple):
    """Those of one interface.

    Attributes:
        address: Of the interface.
        held: Those that are ours already, though they look taken.
    """

    address: str
    held: frozenset[int] = frozenset()

    def can_have(self, port: int) -> bool:
        """Whether it can be had now."""
        return port in self.held or self._bound(port) != 0

    def any_free(self) -> int:
        """One that nobody has.

        Raises:
            ConfigurationError: There is no such interface.
        """
        port = self._bound(0)
        if not port:
            raise ConfigurationError(
                f"Nothing can listen at {self.address}: this machine has no such address. See "
                "address in [gateway] of hanse.toml."
            )
        return port

    def _bound(self, port: int) -> int:
        """The port that was had for a moment; 0 for none."""
        try:
            family, *_, where = socket.getaddrinfo(self.address, port, type=socket.SOCK_STREAM)[0]
            with socket.socket(family, socket.SOCK_STREAM) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(where)
                return probe.getsockname()[1]
        except OSError:
            return 0
