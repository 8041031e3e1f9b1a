"""What a region's hosts and gateway are to follow of the others, as one picture."""

from __future__ import annotations

import msgspec

from hanse.fleet.directory.entries import GroupEntry


class RegionSeen(msgspec.Struct, frozen=True):
    """A region, as one follower sees it.

    Attributes:
        name: Its own.
        live: Whether its lease counts.
        drained: Whether calls go elsewhere if they can.
        applied: The revision that its hosts and gateway know.
        groups: What it serves, by name.
    """

    name: str
    live: bool
    drained: bool
    applied: int
    groups: dict[str, GroupEntry]


class Others(msgspec.Struct, frozen=True):
    """What hosts and gateway of a region are to follow.

    Attributes:
        revision: Of the directory, to be told by `applied_here` when they do.
        number: Counts up with every change of this picture, as leases end without a revision.
        old: It is what was last known: the directory is not reached yet, or not any more.
        elsewhere: Addresses in other regions, by contract.
        regions: All of them, one's own too.
    """

    revision: int
    number: int
    old: bool
    elsewhere: dict[str, tuple[str, ...]]
    regions: tuple[RegionSeen, ...]
