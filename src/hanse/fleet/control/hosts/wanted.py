"""A group that should run, and as what."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hanse.fleet.control.hosts.member import MemberRecord, free_names, stem_of
from hanse.fleet.plan import PlannedGroup

if TYPE_CHECKING:
    from collections.abc import Sequence


class Wanted(msgspec.Struct, frozen=True):
    """See `MemberRecord` for what is not said here.

    Attributes:
        group: What its hosts serve, and how many there are.
    """

    group: PlannedGroup
    release: str
    environment: str
    local: bool

    def record(self, name: str) -> MemberRecord:
        """One host of it."""
        return MemberRecord(name, self.group, self.release, self.environment, self.local)

    def fits(self, own: MemberRecord) -> bool:
        """Whether a host is one of those; the number of replicas is not its business."""
        wanted = self.record(own.name)
        group = msgspec.structs.replace(own.group, replicas=self.group.replicas)
        return msgspec.structs.replace(own, group=group, deployment="") == wanted

    def missing(self, there: int, taken: Sequence[str], region: str) -> list[MemberRecord]:
        """Records of the hosts to start in a region where so many are there."""
        stem = stem_of(region, self.group.name)
        names = free_names(stem, taken, self.group.replicas - there)
        return [self.record(name) for name in names]
