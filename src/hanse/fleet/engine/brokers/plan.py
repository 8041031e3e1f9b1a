"""Where the brokers of all regions listen and by which passwords they are reached; chosen once."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Literal

import msgspec

from hanse.fleet.engine.nats import is_free
from hanse.kit.chance import RANDOM
from hanse.runtime.config.configuration_error import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

HOST = "127.0.0.1"

PORTS = range(20_000, 32_000)
"""Below those that systems give away by themselves: no other's connection takes one meanwhile."""

_HOLDERS = ((5, 5), (3, 3), (1, 1))
"""So many regions at least: so many of them hold what all share."""

_TRIES = 1000

Role = Literal["alone", "holder", "leaf"]


class BrokersError(ConfigurationError):
    """The brokers cannot be what they should; `problems` say why, and the way out."""


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """The broker of one region.

    Attributes:
        region: Its name.
        server: The server's own name, by which it is told from whoever else might have its port.
        port: For clients.
        route_port: For the others that hold the streams.
        leaf_port: For the brokers of further regions.
        control: Password of the region's control process.
        hosts: Password of its hosts.
    """

    region: str
    server: str
    port: int
    route_port: int
    leaf_port: int
    control: str
    hosts: str


class BrokerPlan(msgspec.Struct, frozen=True):
    """All of them, in the order of their regions.

    Attributes:
        members: A broker a region.
        route: Password of those that hold the streams, among themselves.
        head: Password of the head.
    """

    members: tuple[Member, ...]
    route: str
    head: str

    @property
    def holders(self) -> tuple[Member, ...]:
        """Those that hold the streams: the first, the first three or the first five."""
        return self.members[: _holders(len(self.members))]

    def role(self, region: str) -> Role:
        """What the broker of a region is to the others."""
        if all(one.region != region for one in self.holders):
            return "leaf"
        return "holder" if len(self.holders) > 1 else "alone"


def planned(regions: Iterable[str], before: BrokerPlan | None) -> BrokerPlan:
    """A plan for these regions: what was chosen stays, and what is missing is chosen.

    Args:
        regions: In their order, by which the first hold the streams.
        before: What was chosen until now.

    Raises:
        BrokersError: Streams lie where none would look for them.
    """
    kept = {one.region: one for one in before.members} if before else {}
    taken = {port for one in kept.values() for port in (one.port, one.route_port, one.leaf_port)}
    plan = BrokerPlan(
        tuple(kept.get(region) or _chosen(region, taken) for region in regions),
        before.route if before else _password(),
        before.head if before else _password(),
    )
    if before is not None:
        check_grown(before, [one.region for one in plan.members], running=False)
    return plan


def check_grown(before: BrokerPlan, regions: Sequence[str], *, running: bool) -> None:
    """Streams move between brokers of one cluster, as it grows, and never from one to another.

    Args:
        before: What was chosen until now.
        regions: Those there should be.
        running: Whether brokers of before run: what one is to the others it is until its end.

    Raises:
        BrokersError: They cannot become those.
    """
    old, new = [one.region for one in before.holders], list(regions[: _holders(len(regions))])
    if running and len(new) > len(old) > 1:
        raise BrokersError(
            f"Events and directory lie at the brokers of {', '.join(old)}, and with "
            f"{len(regions)} regions at those of {', '.join(new)}: brokers take that up when they "
            f"start. First: hanse down, then: hanse up --regions {len(regions)}"
        )
    if new[: len(old)] == old and (len(old) > 1 or len(new) == 1):
        return
    raise BrokersError(
        f"Events and directory lie at the broker{'s' if len(old) > 1 else ''} of "
        f"{', '.join(old)}, and would be looked for at {', '.join(new)}. Run the project with "
        f"{len(before.members)} regions, as it was; or, when hanse events says that all events are "
        "handled, hanse down, and move .hanse/up/nats and the folders nats of all regions away."
    )


def _holders(regions: int) -> int:
    return next((few for least, few in _HOLDERS if regions >= least), 0)


def _chosen(region: str, taken: set[int]) -> Member:
    port, route_port, leaf_port = (_free_port(taken) for _ in range(3))
    return Member(
        region=region,
        server=f"hanse-{region}-{secrets.token_hex(8)}",
        port=port,
        route_port=route_port,
        leaf_port=leaf_port,
        control=_password(),
        hosts=_password(),
    )


def _password() -> str:
    return secrets.token_urlsafe(24)


def _free_port(taken: set[int]) -> int:
    """One that nobody has, and none of ours will have.

    Raises:
        BrokersError: There is none.
    """
    for port in RANDOM.sample(PORTS, _TRIES):
        if port not in taken and is_free(port):
            taken.add(port)
            return port
    raise BrokersError(f"Of the ports {PORTS.start} to {PORTS.stop - 1} too many are taken.")
