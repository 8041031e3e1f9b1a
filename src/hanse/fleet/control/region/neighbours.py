"""The other regions, as one of them has them: what they serve, and what they are told."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Protocol

from hanse.fleet.directory.failures import DirectoryAway

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hanse.fleet.directory.entries import GroupEntry
    from hanse.fleet.directory.shared import SharedDirectory

_ADDRESS = re.compile(r"https://[0-9a-f.:\[\]]+:[0-9]{1,5}")
"""What another region may name; anything else would stop whoever reads it."""

log = logging.getLogger("hanse.region")


class Neighbours(Protocol):
    """What is known of them, and what they know."""

    def elsewhere(self) -> Mapping[str, tuple[str, ...]]:
        """Addresses of every contract in other regions, as far as they live."""
        ...

    def taken(self) -> frozenset[str]:
        """Contracts that others serve, who live and are sent requests."""
        ...

    async def report(self, groups: Mapping[str, GroupEntry], /) -> int | None:
        """Tells them who serves what here.

        Returns:
            The revision that says so; None where nobody could be told.
        """
        ...

    async def renew(self) -> int | None:
        """Tells them whether to send anything here; the revision that says so, as `report`."""
        ...

    def told(self) -> bool:
        """Whether they are told what is reported here, as far as is known."""
        ...

    async def applied(self, revision: int, seconds: float, /) -> tuple[str, ...]:
        """Waits until all that live have read it; names those that have not in time."""
        ...


class NoNeighbours:
    """Of a fleet without regions."""

    def elsewhere(self) -> Mapping[str, tuple[str, ...]]:
        return {}

    def taken(self) -> frozenset[str]:
        return frozenset()

    async def report(self, _groups: Mapping[str, GroupEntry], /) -> int | None:
        return 0

    async def renew(self) -> int | None:
        return None  # nobody to tell

    def told(self) -> bool:
        return True

    async def applied(self, _revision: int, _seconds: float, /) -> tuple[str, ...]:
        return ()


class SharedNeighbours:
    """Of one that shares a directory with them.

    Args:
        directory: That.
        region: The own one's name.
    """

    def __init__(self, directory: SharedDirectory, region: str) -> None:
        self._directory = directory
        self._region = region
        self._told: dict[str, GroupEntry] = {}

    def elsewhere(self) -> Mapping[str, tuple[str, ...]]:
        found = self._directory.others().elsewhere
        return {name: tuple(filter(_ADDRESS.fullmatch, some)) for name, some in found.items()}

    def taken(self) -> frozenset[str]:
        regions = self._directory.others().regions
        takers = [
            one for one in regions if one.live and not one.drained and one.name != self._region
        ]
        return frozenset(
            contract
            for one in takers
            for group in one.groups.values()
            if any(not host.leaving and not host.part for host in group.hosts)
            for contract in group.contracts
        )

    async def report(self, groups: Mapping[str, GroupEntry], /) -> int | None:
        try:
            revision = 0
            for name in [*groups, *(self._known() - groups.keys())]:
                revision = max(revision, await self._directory.report(name, groups.get(name)))
        except DirectoryAway as error:
            log.warning("Other regions are not told of a change: %s", error.detail)
            return None
        self._told = dict(groups)
        return revision

    def _known(self) -> set[str]:
        """Groups that others know of here: from before a death, too."""
        regions = self._directory.others().regions
        own = [one for one in regions if one.name == self._region]
        return {*self._told, *(name for one in own for name in one.groups)}

    async def renew(self) -> int | None:
        try:
            return await self._directory.renew()
        except DirectoryAway as error:
            log.warning("Other regions are not told of a drain: %s", error.detail)
            return None

    def told(self) -> bool:
        return not self._directory.others().old

    async def applied(self, revision: int, seconds: float, /) -> tuple[str, ...]:
        return await self._directory.applied(revision, seconds)
