"""Which ports the gateway of each region has where all of them are on one machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hanse.fleet.control.api import Asked
from hanse.fleet.control.hosts.rollout import ChangeFailed
from hanse.fleet.control.region.gateway_settings import as_asked
from hanse.runtime.project.gateway_table import HTTPS_PORT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hanse.fleet.control.region.api import RegionWish
    from hanse.runtime.project.gateway_table import GatewayTable


class RegionPorts(NamedTuple):
    """Of one region.

    Attributes:
        http: 0 for any free one.
        https: None for any, or for none where the file says so.
        https_first: The one to try first for that, 0 for any; None where the file says it.
    """

    http: int
    https: int | None
    https_first: int | None = None


def ports_of(
    table: GatewayTable, wish: RegionWish, regions: Sequence[str]
) -> dict[str, RegionPorts]:
    """Those of the first region are as the file or `hanse up` says, and of the next ones the next.

    Args:
        table: `[gateway]` of the file.
        wish: What was said on the command line.
        regions: Their names, in order.

    Raises:
        ChangeFailed: Two doors would have one port.
    """
    table = as_asked(table, Asked(port=wish.port, tls_port=wish.tls_port))
    https = table.tls_port if isinstance(table.tls_port, int) else 0
    found = {
        name: RegionPorts(table.port + index if table.port else 0, https + index if https else None)
        for index, name in enumerate(regions)
    }
    _check(found)
    if table.tls_port is not None or wish.port is not None:
        return found
    taken = {one.http for one in found.values()}
    usual = {name: HTTPS_PORT + index for index, name in enumerate(regions)}
    return {
        name: one._replace(https_first=0 if usual[name] in taken else usual[name])
        for name, one in found.items()
    }


def _check(found: dict[str, RegionPorts]) -> None:
    """Each of those that were asked for is one door's."""
    has: dict[int, str] = {}
    for name, one in found.items():
        for port, door in ((one.http, f"HTTP of {name}"), (one.https or 0, f"HTTPS of {name}")):
            other = has.setdefault(port, door) if port else door
            if other != door:
                raise ChangeFailed(
                    f"{other} and {door} would both have port {port}: each region has the next "
                    f"one. Leave {len(found)} between port and tls_port of [gateway]."
                )
