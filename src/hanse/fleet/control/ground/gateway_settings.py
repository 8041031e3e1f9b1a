"""From `[gateway]` of `hanse.toml` to what the gateway is told."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import msgspec

from hanse.fleet.gateway.settings import GatewaySettings, Limit
from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.runtime.project.gateway_table import GatewayTable

if TYPE_CHECKING:
    from hanse.fleet.control.api import Asked
    from hanse.fleet.control.choices import Choices
    from hanse.runtime.project import gateway_table
    from hanse.runtime.project.project import Project

WORKERS_MAX = 8


class GatewayWish(msgspec.Struct, frozen=True):
    """How a gateway should be: what Envoy begins with, and what the file says of names and TLS."""

    settings: GatewaySettings = GatewaySettings()
    table: GatewayTable = GatewayTable()


def gateway_wish(project: Project, asked: Asked, choices: Choices) -> GatewayWish:
    """What the gateway of a project should be like; where any port will do, one is chosen.

    Raises:
        ConfigurationError: Both doors would have one port.
        StateError: What was chosen cannot be kept.
    """
    table = project.gateway
    http, https = table.port if asked.port is None else asked.port, table.https_port
    if http and http == https:
        raise ConfigurationError(f"HTTPS has port {https} already; choose another for HTTP.")
    settings = GatewaySettings(
        address=table.address,
        port=choices.port("http", http, table.address),
        tls_port=None if https is None else choices.port("https", https, table.address),
        per_address=_limit(table.limits.per_address),
        per_key=_limit(table.limits.per_key),
        workers=min(os.cpu_count() or 1, WORKERS_MAX),
    )
    return GatewayWish(settings, table)


def _limit(limit: gateway_table.Limit) -> Limit:
    return Limit(limit.requests_per_second, limit.at_once)
