"""The hosts of one deployment: how they come, change places, and go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.fleet.control.hosts.member import (
    UNDER_WAY,
    MemberRecord,
    free_names,
    is_under_way,
    stem_of,
    under_way,
)
from hanse.fleet.control.hosts.rollout import ChangeFailed
from hanse.fleet.control.staging.waves import waves

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from hanse.fleet.control.hosts.member import Member, Part
    from hanse.fleet.control.hosts.publisher import Publisher
    from hanse.fleet.control.hosts.rollout import Rollout
    from hanse.fleet.control.staging.api import GroupChange, Order
    from hanse.fleet.plan import PlannedGroup


class Stage:
    """Does the steps of one order. Each first looks what is there: it may have been done before.

    Args:
        order: Which.
        publisher: Knows all hosts.
        rollout: Starts and ends them.
        make: A member of a record, not yet started.
        remember: Writes down who there is.
    """

    def __init__(
        self,
        order: Order,
        publisher: Publisher,
        rollout: Rollout,
        make: Callable[[MemberRecord], Member],
        remember: Callable[[], None],
    ) -> None:
        self._order = order
        self._publisher = publisher
        self._rollout = rollout
        self._make = make
        self._remember = remember

    async def begin(self) -> None:
        """Starts a canary and a twin of each group that is there already; the gateway knows them.

        Before them all hosts of groups that are new: the canaries may be who calls them.

        Raises:
            ChangeFailed: One of them does not start, or something else is done to a group.
        """
        self._check()
        if self._done():
            return
        await self._started(self._missing(one for one in self._order.changes if not one.before))
        coming: list[Member] = []
        for change in (one for one in self._order.changes if one.before):
            for part in ("canary", "twin"):
                if not self._of(change, part):
                    coming.append(self._new(change, part, coming))
        await self._started(coming)
        await self._publisher.publish()  # else the first share waits behind all of it

    async def take_over(self) -> None:
        """Starts as many hosts of the new release as a group has, and lets them take its place.

        Whoever is called goes before who calls: that may need what the other's new release has.

        Raises:
            ChangeFailed: One of them does not start; all is as it was.
        """
        self._check()
        await self._started(self._missing(self._order.changes))
        for wave in waves(self._order.changes):
            for change in wave:
                for one in self._before(change, ""):
                    one.become("warm", self._order.deployment)
                for one in (*self._of(change, "next"), *self._of(change, "canary")):
                    one.become("", self._order.deployment)
            await self._told()

    async def settle(self) -> None:
        """Ends the twins."""
        self._publisher.given.take_back(self._order.deployment)
        await self._told()
        await self._rollout.end(self._mine("twin"))
        self._remember()

    async def cool(self) -> None:
        """Ends what stands by."""
        await self._rollout.end(self._mine("warm"))
        for one in self._mine(""):
            one.become("", "")
        self._remember()

    async def go_back(self) -> None:
        """Has everything as it was before: what stood by serves, the rest ends.

        Whoever calls goes before who is called, and ends before.

        A group that somebody else has changed meanwhile is left as it is.

        Raises:
            ChangeFailed: What has to be started anew for that does not start, or somebody has.
        """
        changed = [one for one in self._order.changes if self._is_others(one)]
        mine = [one for one in self._order.changes if one not in changed]
        coming: list[Member] = []
        for change in mine:
            there = [*self._before(change, ""), *self._of(change, "warm", change.before)]
            if not there and change.before:
                number = _group_before(change).replicas
                coming += [self._old(change, coming) for _ in range(number)]
        await self._rollout.start(coming)  # and nobody waits for those that are about to end
        self._publisher.given.take_back(self._order.deployment)
        leaving = [await self._withdrawn(one) for one in reversed(waves(mine))]
        if not leaving:
            await self._told()
        rest = [one for one in self._mine(*UNDER_WAY, "warm") if not one.leaving]
        for some in (*leaving, rest):
            await self._rollout.end(some)
        self._remember()
        if changed:
            names = ", ".join(one.group.name for one in changed)
            raise ChangeFailed(f"{names}: changed meanwhile, and left as it is.")

    async def _withdrawn(self, wave: Sequence[GroupChange]) -> list[Member]:
        """Has what was before serve again; who is to end then."""
        leaving: list[Member] = []
        for change in wave:
            leaving += [
                one for one in self._group(change.group.name) if one in self._mine(*UNDER_WAY)
            ]
            # Also those that somebody started anew meanwhile.
            leaving += self._before(change, "", change.after)
            for one in self._of(change, "warm", change.before):
                one.become("", "")
        for one in leaving:  # told with who serves again: nobody is sent there in between
            one.leaving = True
        await self._told()
        return leaving

    def _check(self) -> None:
        """Refuses what would meet another change of the same group."""
        for change in self._order.changes:
            name = change.group.name
            for one in self._group(name):
                if is_under_way(one) and one.record.deployment != self._order.deployment:
                    raise ChangeFailed(under_way(one))
        self._check_meanwhile()

    def _check_meanwhile(self) -> None:
        for change in self._order.changes:
            name = change.group.name
            runs = {one.record.release for one in self._group(name) if not one.part}
            if runs - {change.before, change.after}:
                raise ChangeFailed(f"{name} was changed meanwhile. Deploy again.")

    def _is_others(self, change: GroupChange) -> bool:
        """Whether hosts serve as this group that run something else than this changes."""
        runs = {one.record.release for one in self._group(change.group.name) if not one.part}
        return bool(runs - {change.before, change.after})

    def _done(self) -> bool:
        """Whether the new release has taken over already."""
        return all(self._of(change, "") for change in self._order.changes)

    def _missing(self, changes: Iterable[GroupChange]) -> list[Member]:
        """Hosts that groups need so that all of them have the new release."""
        coming: list[Member] = []
        for change in changes:
            there = [*self._of(change, ""), *self._of(change, "next"), *self._of(change, "canary")]
            for _ in range(change.group.replicas - len(there)):
                coming.append(self._new(change, "next", coming))
        return coming

    async def _started(self, coming: Sequence[Member]) -> None:
        """Also those that an asking before this one has begun."""
        await self._rollout.start(coming, self._mine(*UNDER_WAY))

    async def _told(self) -> None:
        self._remember()
        await self._rollout.applied(await self._publisher.publish())

    def _new(self, change: GroupChange, part: Part, besides: Iterable[Member]) -> Member:
        """A host of the new release; as a twin, of the one before."""
        if part == "twin":
            return self._made(_group_before(change), change.before, part, besides)
        return self._made(change.group, change.after, part, besides)

    def _old(self, change: GroupChange, besides: Iterable[Member]) -> Member:
        return self._made(_group_before(change), change.before, "warm", besides)

    def _made(
        self, group: PlannedGroup, release: str, part: Part, besides: Iterable[Member]
    ) -> Member:
        taken = [one.name for one in (*self._publisher.members, *besides)]
        [name] = free_names(stem_of(self._rollout.region, group.name), taken, 1)
        order = self._order
        record = MemberRecord(
            name, group, release, order.environment, order.local, order.deployment, part
        )
        return self._make(record)

    # Who there is.

    def _group(self, name: str) -> list[Member]:
        return [one for one in self._publisher.members if one.group.name == name]

    def _of(self, change: GroupChange, part: str, release: str = "") -> list[Member]:
        """Hosts of a group that are this deployment's."""
        wanted = release or (change.before if part == "twin" else change.after)
        mine = self._order.deployment
        return [
            one
            for one in self._group(change.group.name)
            if (one.part, one.record.deployment, one.record.release) == (part, mine, wanted)
        ]

    def _before(self, change: GroupChange, part: str, release: str = "") -> list[Member]:
        """Hosts of a group that run what ran before, or another release, whosever they are."""
        wanted = release or change.before
        return [
            one
            for one in self._group(change.group.name)
            if one.part == part and one.record.release == wanted
        ]

    def _mine(self, *parts: str) -> list[Member]:
        mine = self._order.deployment
        return [
            one
            for one in self._publisher.members
            if one.record.deployment == mine and one.part in parts
        ]


def _group_before(change: GroupChange) -> PlannedGroup:
    return change.group_before or change.group
