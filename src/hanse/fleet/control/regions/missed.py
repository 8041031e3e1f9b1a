"""What a region that answers again has missed: what it should run, and what nobody ended there."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hanse.fleet.control.hosts.member import settled
from hanse.fleet.control.hosts.wanted import Wanted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hanse.fleet.control.region.api import HostStatus
    from hanse.fleet.control.regions.desired import Desired


class Missed(NamedTuple):
    """All of it.

    Attributes:
        wanted: What should run there.
        left_over: Names of hosts of deployments that are over.
    """

    wanted: tuple[Wanted, ...]
    left_over: tuple[str, ...]


def missed(own: Sequence[HostStatus], others: Sequence[HostStatus], desired: Desired) -> Missed:
    """What a region has missed.

    Where a deployment is at work on a group, the region keeps what it has of it.

    Args:
        own: Its hosts.
        others: Those of all other regions.
        desired: What is written down.
    """
    has = {one.group.name: one for one in wanted_of(own)}
    runs = {one.group.name: one for one in wanted_of(others)}
    wanted: list[Wanted] = []
    for name in dict.fromkeys([*runs, *has]):
        written = desired.of(name)
        kept = has.get(name) if written.deployment else None
        should = kept or written.wanted or (None if name in has else runs[name])
        wanted += [should] if should else []
    going_on = {one.record.deployment for one in others}
    left_over = tuple(
        one.name
        for one in own
        if one.part
        and one.record.deployment not in going_on
        and one.record.deployment != desired.of(one.group.name).deployment
    )
    return Missed(tuple(wanted), left_over)


def wanted_of(hosts: Sequence[HostStatus]) -> list[Wanted]:
    """What would bring about these."""
    found = {
        one.group.name: Wanted(
            one.group, one.record.release, one.record.environment, one.record.local
        )
        for one in settled(hosts)
    }
    return list(found.values())
