"""Brings a fleet to what its project is: built anew, placed, and changed where it differs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from hanse.fleet.control.hosts.member import is_under_way, settled, under_way
from hanse.fleet.control.hosts.rollout import ChangeFailed
from hanse.fleet.control.hosts.surveyor import (
    build_services,
    groups_of,
    is_local,
    migrate_after,
)
from hanse.fleet.control.hosts.wanted import Wanted
from hanse.fleet.plan import split
from hanse.fleet.releases.clearing import clear
from hanse.fleet.releases.shelf import Shelf
from hanse.fleet.releases.wish import renew_wish
from hanse.kit.clock import unix_seconds

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from hanse.fleet.control.choices import Choices
    from hanse.fleet.control.region.api import HostStatus
    from hanse.fleet.control.regions.regions import Regions
    from hanse.fleet.plan import PlannedGroup
    from hanse.fleet.releases.built import Built
    from hanse.fleet.state import StateFolder
    from hanse.runtime.project.project import Project


class Following:
    """Says what every region should run.

    Args:
        state: The project's state folder.
        regions: Where it runs.

    Attributes:
        shelf: Where releases lie.
    """

    def __init__(self, state: StateFolder, regions: Regions) -> None:
        self._regions = regions
        self._aftermath: tuple[str, ...] = ()
        self.shelf = Shelf(state.releases)

    async def follow(
        self,
        project: Project,
        environment: str,
        choices: Choices,
        names: frozenset[str] | None = frozenset(),
    ) -> None:
        """Brings the hosts to what the project is now, and then the tables of its stores.

        Args:
            project: Its file, read anew.
            environment: Which one of it.
            choices: What moved, which is forgotten where the code is new.
            names: Hosts and groups to replace in any case, all if it is None; the groups of others
                stay with the code they have, unless nothing is named.

        Raises:
            ChangeFailed, PlanError: It cannot be; everything is as it was.
        """
        found = await build_services(environment)
        hosts = await self._regions.hosts()
        there = settled(hosts)
        if any(one.record.release != _wish(found, one.group) for one in there):
            choices.bring_home()
        groups = groups_of(project, found, choices)
        anew = [one for one in there if names is None or {one.name, one.group.name} & names]
        touched = {one.group.name for one in anew}
        kept = {one.group.name: one.record.release for one in there} if names else {}
        releases = {name: release for name, release in kept.items() if name not in touched}
        local = is_local(project)
        wanted = [
            Wanted(group, releases.get(group.name) or _wish(found, group), environment, local)
            for group in groups
        ]
        refuse_deployed(hosts, wanted, touched)
        await self._regions.bring(wanted, [one.name for one in anew])
        self._aftermath = found.notes
        hosts = await self._regions.hosts()
        if all(one.record.release == _wish(found, one.group) for one in hosts):
            self._aftermath += await _migrate_after(found, environment)
        await self.forget()

    async def move(self, unit: str) -> None:
        """Gives a unit of services hosts of its own, with the code they have.

        Raises:
            ChangeFailed: It cannot be; everything is as it was.
        """
        hosts = await self._regions.hosts()
        wanted: dict[str, Wanted] = {}
        for one in settled(hosts):
            record = one.record
            for group in split(record.group, unit, {each.group.name for each in hosts}):
                wanted[group.name] = Wanted(group, record.release, record.environment, record.local)
        await self._regions.bring(list(wanted.values()))

    async def forget(self, besides: Collection[str] = ()) -> None:
        """Takes off the shelf what nobody needs any more.

        Args:
            besides: What somebody may want to go back to: it is as new as what is built now.
        """
        for digest in besides:
            renew_wish(digest, self.shelf)
        running = {one.record.release for one in await self._regions.hosts()} | set(besides)
        await asyncio.to_thread(clear, self.shelf, running, unix_seconds())

    def notes(self) -> Iterator[str]:
        """What an operator should know."""
        yield from self._aftermath


def refuse_deployed(
    hosts: Sequence[HostStatus], wanted: Sequence[Wanted], touched: Collection[str]
) -> None:
    """Whoever is at work on a group is not disturbed: it stays what it is in one of the regions.

    In one it may be proven while the others have what was before, and each keeps what it has.

    Raises:
        ChangeFailed: A group would be changed that a deployment is at work on.
    """
    for one in filter(is_under_way, hosts):
        name = one.group.name
        serving = [each for each in settled(hosts) if each.group.name == name]
        runs = [
            [each.record for each in serving if each.region == region]
            for region in {each.region for each in serving}
        ]
        new = [each for each in wanted if each.group.name == name]
        stays = any(all(map(each.fits, records)) for each in new for records in runs)
        if not stays or name in touched:
            raise ChangeFailed(under_way(one))


async def _migrate_after(found: Built, environment: str) -> tuple[str, ...]:
    said = [await migrate_after(environment, one) for one in found.bundles if one.post]
    return tuple(dict.fromkeys(sentence for some in said for sentence in some))


def _wish(built: Built, group: PlannedGroup) -> str:
    """What a group runs from after a build; empty if its services do not share a process now."""
    bundle = built.bundle_of(group.services)
    return bundle.wish if bundle else ""
