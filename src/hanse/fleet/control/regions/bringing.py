"""Has all regions run what they should, or what they ran before; never some of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from hanse.fleet.control.hosts.member import is_under_way
from hanse.fleet.control.hosts.rollout import CannotNow, ChangeFailed
from hanse.fleet.control.regions.desired import Desired
from hanse.fleet.control.regions.missed import wanted_of
from hanse.fleet.control.regions.region_book import Change
from hanse.fleet.state import StateError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Collection, Iterable, Sequence

    from hanse.fleet.control.hosts.wanted import Wanted
    from hanse.fleet.control.region.api import HostStatus
    from hanse.fleet.control.regions.behind import Behind
    from hanse.fleet.control.regions.region import Region
    from hanse.fleet.control.regions.region_set import RegionSet
    from hanse.fleet.control.regions.shared_ground import Ground


class Bringing:
    """Writes down what it is about before anything is so: the next head goes on with that.

    Of a group that a deployment is at work on, each region keeps what it has.

    Args:
        regions: Those there are.
        ground: What they stand on.
        behind: Who of them missed something.
    """

    def __init__(self, regions: RegionSet, ground: Ground, behind: Behind) -> None:
        self._set = regions
        self._ground = ground
        self._behind = behind

    async def bring(self, wanted: Sequence[Wanted], anew: Collection[str]) -> None:
        """Makes the hosts of all regions those.

        Raises:
            ChangeFailed: Something does not start, or cannot be just now; all is as it was.
            StateError: The disk is full.
        """
        groups = _Groups(await self._set.hosts(), Desired(await self._ground.directory()))
        broken_off = self._set.book.change
        before = broken_off.before if broken_off else groups.before()
        await self._make(Change(groups.free(wanted), groups.free(before)), groups, tuple(anew))

    async def finish(self) -> None:
        """Goes on with what a head before was about when it died, or could not write down.

        Raises:
            ChangeFailed: As `bring`.
        """
        change = self._set.book.change
        if change is not None:
            groups = _Groups(await self._set.hosts(), Desired(await self._ground.directory()))
            await self._make(change, groups, ())

    async def _make(self, change: Change, groups: _Groups, anew: tuple[str, ...]) -> None:
        try:
            await self._made(change, groups, anew)
        except StateError:  # the book says something else than is so: it is looked at again
            self._all_are_behind()
            raise

    async def _made(self, change: Change, groups: _Groups, anew: tuple[str, ...]) -> None:
        self._set.note(change=change)
        try:
            await groups.desired.write(change.wanted, change.gone)
            first, *others = self._set.live()
            # Alone: what does not start there starts nowhere.
            await self._had(first, first.bring(groups.of(first, change.wanted), anew))
            await together(
                self._had(one, one.bring(groups.of(one, change.wanted), anew)) for one in others
            )
        except ChangeFailed:
            await self._go_back(change, groups)
            raise
        self._set.note(change=None)

    async def _go_back(self, change: Change, groups: _Groups) -> None:
        if change.before:
            await together(self._back(one, change, groups) for one in self._set.answering())
        back = change.turned()
        try:
            await groups.desired.write(back.wanted, back.gone)
        except ChangeFailed:  # until it can be, the next one who looks goes on with that
            self._set.note(change=back)
            self._all_are_behind()
            return
        self._set.note(change=None)

    def _all_are_behind(self) -> None:
        self._behind.add(*(one.name for one in self._set.up()))

    async def _back(self, one: Region, change: Change, groups: _Groups) -> None:
        try:
            await one.bring(groups.of(one, change.before), ())
        except ChangeFailed:
            self._behind.add(one.name)

    async def _had(self, one: Region, work: Awaitable[None]) -> None:
        """Has a region do it; nobody knows how one stands that does not answer amid that."""
        try:
            await work
        except CannotNow:
            self._behind.add(one.name)
            raise


class _Groups:
    """What is known of all groups as a change begins."""

    def __init__(self, hosts: Sequence[HostStatus], desired: Desired) -> None:
        self.desired = desired
        self._hosts = hosts
        self._claimed = {one.group.name for one in hosts if is_under_way(one)}

    def free(self, wanted: Iterable[Wanted]) -> tuple[Wanted, ...]:
        """Without groups that a deployment is at work on."""
        return tuple(one for one in wanted if one.group.name not in self._claimed)

    def before(self) -> list[Wanted]:
        """What all should run until now."""
        return [self.desired.of(one.group.name).wanted or one for one in wanted_of(self._hosts)]

    def of(self, region: Region, wanted: Sequence[Wanted]) -> list[Wanted]:
        """What one region is to run then."""
        own = wanted_of([one for one in self._hosts if one.region == region.name])
        has = {one.group.name: one for one in own}
        kept = [has.get(name) or self.desired.of(name).wanted for name in sorted(self._claimed)]
        return [*self.free(wanted), *(one for one in kept if one is not None)]


async def together(works: Iterable[Awaitable[object]]) -> None:
    """Does all of it side by side, to its end, and says what failed first."""
    for came in await asyncio.gather(*works, return_exceptions=True):
        if isinstance(came, BaseException):
            raise came
