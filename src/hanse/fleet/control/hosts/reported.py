"""From who there is in a region to what the others are told of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.fleet.directory.entries import GroupEntry, HostEntry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hanse.fleet.control.hosts.member import Member


def reported_of(members: Sequence[Member]) -> dict[str, GroupEntry]:
    """All groups, with those of their hosts that can be called from elsewhere."""
    groups: dict[str, list[Member]] = {}
    for one in members:
        groups.setdefault(one.group.name, []).append(one)
    return {name: _entry(some) for name, some in groups.items()}


def _entry(members: Sequence[Member]) -> GroupEntry:
    contracts = tuple(dict.fromkeys(name for one in members for name in one.group.contracts))
    return GroupEntry(contracts, tuple(entry for one in members if (entry := _host(one))))


def _host(one: Member) -> HostEntry | None:
    if one.supervision.stage not in {"ready", "stopping"} or not one.mutual_address:
        return None
    return HostEntry(
        name=one.name,
        address=one.mutual_address,
        leaving=not one.serving,
        silent=one.silent,
        part=one.part,
    )
