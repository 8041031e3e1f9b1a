"""The steps of a deployment over regions: it is proven in one, then comes to one after another."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from hanse.fleet.control.hosts.member import UNDER_WAY, is_under_way, under_way
from hanse.fleet.control.hosts.rollout import CannotNow, ChangeFailed
from hanse.fleet.control.regions.bringing import together
from hanse.fleet.control.regions.desired import Desired

if TYPE_CHECKING:
    from hanse.fleet.control.region.api import Step
    from hanse.fleet.control.regions.behind import Behind
    from hanse.fleet.control.regions.region import Region
    from hanse.fleet.control.regions.region_set import RegionSet
    from hanse.fleet.control.regions.shared_ground import Ground
    from hanse.fleet.control.staging.api import Order


class Waves:
    """Has regions do steps. Each may be asked for again: they look what is done.

    Args:
        regions: Those there are.
        ground: What they stand on.
        behind: Who of them missed something, and takes no part in what it has nothing of.
    """

    def __init__(self, regions: RegionSet, ground: Ground, behind: Behind) -> None:
        self._set = regions
        self._ground = ground
        self._behind = behind

    async def step(self, order: Order, step: Step) -> None:
        """Does one step.

        Raises:
            ChangeFailed: It is not done.
            CannotNow: It may be asked for again.
        """
        desired = Desired(await self._ground.directory())
        first, *others = await self._taking_part(order)
        if step == "begin":
            await self._check_free(order)
            await _claimed(desired, order)
            return await first.step(order, step)
        if step == "take_over":
            await desired.claim(order)
            return await first.step(order, step)
        if step == "settle":  # also to those that were passed over, and answer again
            await self._check_there(order)
            for one in (first, *others):
                await one.step(order, "take_over")
        await together(one.step(order, step) for one in (first, *others))
        if step in {"settle", "go_back"}:
            await desired.settle(order, after=step == "settle")
        self._behind.look(self._set.up())
        return None

    async def wave(self, order: Order, judged: str) -> str:
        """Has it take over where it was judged, and begins it in one more region; says in which.

        Twins of the regions before end when others have begun: somebody of the group is under way
        all the time, and nobody else changes it.

        Raises:
            ChangeFailed, CannotNow: As `step`.
        """
        taking = await self._taking_part(order)
        for one in taking:
            if one.name == judged:
                await one.step(order, "take_over")
        serving = await self._serving(order)
        coming = next((one for one in taking if one.name not in serving), None)
        if coming is None:
            return ""
        await coming.step(order, "begin")
        await together(one.step(order, "settle") for one in taking if one.name in serving)
        return coming.name

    async def _serving(self, order: Order) -> set[str]:
        """Regions in which all of it has taken over."""
        mine = [one for one in await self._set.hosts() if one.record.deployment == order.deployment]
        coming = {one.region for one in mine if one.part in set(UNDER_WAY) - {"twin"}}
        return {one.region for one in mine if not one.part} - coming

    async def _taking_part(self, order: Order) -> list[Region]:
        """The one with the canary first, or that would have it."""
        live = self._set.live()
        hosts = await asyncio.gather(*(one.known_hosts() for one in live))
        mine = {
            one.name
            for one, some in zip(live, hosts, strict=True)
            if any(each.record.deployment == order.deployment for each in some)
        }
        taking = [one for one in live if one.name in mine or one.name not in self._behind]
        if not taking:
            raise CannotNow("No region runs what it should yet. Which do: hanse regions")
        drained = await self._set.drained()
        return sorted(taking, key=lambda one: (one.name not in mine, one.name in drained))

    async def _check_free(self, order: Order) -> None:
        """Nobody takes a group from a deployment that is at work on it, in whichever region."""
        groups = {change.group.name for change in order.changes}
        for one in await self._set.hosts():
            is_others = one.record.deployment != order.deployment
            if one.group.name in groups and is_others and is_under_way(one):
                raise ChangeFailed(under_way(one))

    async def _check_there(self, order: Order) -> None:
        """Nothing is settled while a region that has hosts of it says nothing.

        Raises:
            CannotNow: One does not.
        """
        live = {one.name for one in self._set.answering()}
        hosts = await self._set.hosts()
        has = {one.region for one in hosts if one.record.deployment == order.deployment}
        if missing := has - live:
            raise CannotNow(f"{', '.join(sorted(missing))} does not answer.")


async def _claimed(desired: Desired, order: Order) -> None:
    """Nobody waits for what is not begun yet.

    Raises:
        ChangeFailed: It cannot be just now.
    """
    try:
        await desired.claim(order)
    except CannotNow as error:
        raise ChangeFailed(*error.problems) from error
