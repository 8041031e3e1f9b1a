"""Which ports the gateway of each region has where all of them are on one machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hanse.fleet.control.api import Asked
from hanse.fleet.control.region.gateway_settings import as_asked
from hanse.runtime.project.gateway_table import HTTPS_PORT

if TYPE_CHECKING:
    from hanse.fleet.control.region.api import RegionWish
    from hanse.runtime.project.gateway_table import GatewayTable


class RegionPorts(NamedTuple):
    """Of one region.

    Attributes:
        http: 0 for any free one.
        https: None for any, or for none where the file says so.
    """

    http: int
    https: int | None


def ports_of(table: GatewayTable, wish: RegionWish, index: int) -> RegionPorts:
    """Those of the first region are as the file or `hanse up` says, and of the next ones the next.

    Args:
        table: `[gateway]` of the file.
        wish: What was said on the command line.
        index: Of the region, from 0 on.
    """
    table = as_asked(table, Asked(port=wish.port, tls_port=wish.tls_port))
    http = table.port + index if table.port else 0
    if isinstance(table.tls_port, int) and table.tls_port:
        return RegionPorts(http, table.tls_port + index)
    usual = table.tls_port is None and wish.port is None
    return RegionPorts(http, HTTPS_PORT + index if usual else None)
