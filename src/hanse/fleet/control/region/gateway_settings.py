"""From `[gateway]` of `hanse.toml` to what the gateway is told."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from hanse.fleet.certificates.acme_root import check_root
from hanse.fleet.control.ports import Ports
from hanse.fleet.gateway.settings import GatewaySettings, Limit
from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.runtime.project.gateway_table import HTTPS_PORT, GatewayTable

if TYPE_CHECKING:
    from hanse.fleet.control.api import Asked
    from hanse.fleet.control.choices import Choices
    from hanse.fleet.state import StateFolder
    from hanse.runtime.project import gateway_table

GATEWAY = "gateway"
"""Name of its process."""

WORKERS_MAX = 8


class GatewayWish(msgspec.Struct, frozen=True):
    """What Envoy begins with, and what the file says of names and TLS."""

    settings: GatewaySettings = GatewaySettings()
    table: GatewayTable = GatewayTable()


def as_asked(table: GatewayTable, asked: Asked) -> GatewayTable:
    """`[gateway]` with what the command line says instead."""
    told = {"port": asked.port, "tls_port": asked.tls_port}
    given = {name: port for name, port in told.items() if port is not None}
    return msgspec.structs.replace(table, **given)


def gateway_wish(
    table: GatewayTable,
    asked: Asked,
    choices: Choices,
    held: frozenset[int],
    state: StateFolder,
    tls_first: int | None = None,
) -> GatewayWish:
    """What the gateway of a project should be like; where any port will do, one is chosen.

    Args:
        table: `[gateway]` of the file.
        asked: What the command line says.
        choices: Ports chosen before.
        held: Ports our own gateway has open.
        state: The region's state folder.
        tls_first: The port for TLS that is tried first, see `RegionWish`.

    Raises:
        ConfigurationError: Both doors would have one port, or there is none to be had; a file that
            is named is none.
        StateError: What was chosen cannot be kept.
    """
    table = as_asked(table, asked)
    if table.port and table.port == table.tls_port:
        raise ConfigurationError(f"HTTPS has port {table.port} already; choose another for HTTP.")
    if table.acme is not None and table.acme.root is not None:
        check_root(Path(table.acme.root))
    ports = Ports(table.address, held)
    http = table.port or choices.port("http", ports, but=table.tls_port)
    https = _tls_port(table, asked, choices, ports, http, tls_first)
    settings = GatewaySettings(
        address=table.address,
        port=http,
        tls_port=https,
        redirect=https if table.redirect is True else table.redirect or None,
        strict_transport=table.strict_transport,
        own_files=table.certificate is not None,
        per_address=_limit(table.limits.per_address),
        per_key=_limit(table.limits.per_key),
        workers=min(os.cpu_count() or 1, WORKERS_MAX),
        state=str(state.folder),
    )
    return GatewayWish(settings, table)


def _tls_port(
    table: GatewayTable,
    asked: Asked,
    choices: Choices,
    ports: Ports,
    http: int,
    tls_first: int | None,
) -> int | None:
    """Where nobody said which, the usual one if it can be had.

    Beside an HTTP port from the command line it is not tried for: that is a second copy, and the
    usual port the first one's.
    """
    if table.tls_port == "off":
        return None
    if table.tls_port:
        return table.tls_port
    if tls_first is not None:
        return choices.port("https", ports, first=tls_first, but=http)
    if asked.port is not None:
        return choices.port(f"https beside {asked.port}", ports, but=http)
    first = HTTPS_PORT if table.tls_port is None else 0
    return choices.port("https", ports, first=first, but=http)


def _limit(limit: gateway_table.Limit) -> Limit:
    return Limit(limit.requests_per_second, limit.at_once)
