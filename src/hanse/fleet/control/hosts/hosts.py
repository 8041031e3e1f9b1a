"""The hosts of a region: changed without a lost request, and looked after meanwhile."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from hanse.fleet.control.hosts.relief import notes_of_limits, relieve
from hanse.fleet.control.hosts.rollout import TOLD_LATER, CannotNow, ChangeFailed, Rollout
from hanse.fleet.control.hosts.roster import Roster, read_roster, write_roster
from hanse.fleet.control.looks.hangs import Hangs
from hanse.fleet.control.staging.stage import Stage
from hanse.fleet.engine.process import is_running
from hanse.fleet.releases.shelf import NoRelease
from hanse.kit.clock import monotonic

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from hanse.fleet.control.hosts.member import Member, MemberRecord
    from hanse.fleet.control.hosts.publisher import Publisher
    from hanse.fleet.control.hosts.wanted import Wanted
    from hanse.fleet.control.region.front import Front
    from hanse.fleet.control.staging.api import Order
    from hanse.fleet.state import StateFolder

log = logging.getLogger("hanse.control")


class Hosts:
    """Knows all hosts, and writes down who they are before they begin.

    Args:
        state: The region's state folder.
        publisher: Tells others of them.
        make: A member of a record, not yet started.
    """

    def __init__(
        self, state: StateFolder, publisher: Publisher, make: Callable[[MemberRecord], Member]
    ) -> None:
        self._state = state
        self._make = make
        self._publisher = publisher
        self._rollout = Rollout(publisher, make, self._begin_change, state.region)
        self._hangs = Hangs()
        publisher.drained = read_roster(state.roster).drained  # it alone says so; leases follow it

    @property
    def members(self) -> Sequence[Member]:
        return self._publisher.members

    @property
    def drained(self) -> bool:
        """Whether other regions take all requests."""
        return self._publisher.drained

    def adopt(self) -> bool:
        """Takes over what runs; False if nothing does, or if a change was broken off."""
        roster = read_roster(self._state.roster)
        if not any(is_running(record.name, self._state) for record in roster.members):
            return False
        try:
            self._publisher.members[:] = [self._make(record) for record in roster.members]
        except NoRelease as error:
            log.warning("What runs cannot be taken over, and is replaced: %s", error)
            return False
        for one in self.members:
            one.supervision.start()
        return roster.settled

    async def bring(self, wanted: Sequence[Wanted], anew: Collection[str] = ()) -> None:
        """Makes the hosts what they should be.

        Args:
            wanted: All groups.
            anew: Names of hosts that are replaced in any case.

        Raises:
            ChangeFailed: It cannot be; everything is as it was.
        """
        try:
            await self._rollout.bring(wanted, anew)
        except ChangeFailed:
            self._remember(settled=True)
            raise
        self._remember(settled=True)  # what broke off otherwise is for the next one to end

    async def end(self, names: Collection[str]) -> None:
        """Ends hosts of these names, as far as they are there, when nobody calls them any more.

        Raises:
            ChangeFailed: Other regions cannot be told.
        """
        await self._rollout.end([one for one in self.members if one.name in names])
        self._remember(settled=True)

    def stage(self, order: Order) -> Stage:
        """The hosts of a deployment."""

        def remember() -> None:
            self._remember(settled=True)

        rollout = Rollout(self._publisher, self._make, remember, self._state.region)
        return Stage(order, self._publisher, rollout, self._make, remember)

    async def share(self, deployment: str, canary: float, twin: float) -> None:
        """Gives canaries and twins shares of all requests, from now on for a while.

        Returns when the gateway has it; hosts look four times a second.
        """
        await self._publisher.share(deployment, canary, twin)

    async def relieve(self, member: Member) -> None:
        """Has another host in the place of one that has more memory than it may."""
        if member in self.members:
            await relieve(member, self._publisher, self._rollout)
            self._remember(settled=True)

    async def tell(self) -> None:
        """Tells hosts and gateway how things are, and returns when all hosts here have read it."""
        await self._rollout.applied_here(await self._publisher.publish())

    async def drain(self, *, drained: bool) -> None:
        """Has other regions take all requests, or no more; returns when all of them know.

        Raises:
            CannotNow: They cannot be told: a region that was to be drained is not. One that comes
                back serves at least where it is, and they are told as soon as they can be.
        """
        before = self.drained
        self._drain(drained=drained)
        await self._publisher.publish()
        reported = await self._publisher.neighbours.renew()
        if reported is None:
            self._drain(drained=before and drained)
            await self._publisher.publish()
            raise CannotNow(f"Other regions cannot be told. {TOLD_LATER}")
        told = await self._publisher.publish()
        await self._rollout.applied(told._replace(reported=max(reported, told.reported or 0)))

    def _drain(self, *, drained: bool) -> None:
        before, self._publisher.drained = self.drained, drained
        try:
            self._remember(settled=True)
        except BaseException:
            self._publisher.drained = before
            raise

    def show(self, front: Front) -> None:
        """Has the gateway show this besides the hosts."""
        if front != self._publisher.front:
            self._publisher.front = front
            self._publisher.changed()

    def look(self, silent: Mapping[str, int]) -> None:
        """Sends calls past hosts that do not answer, and kills those that never will.

        Args:
            silent: Those that did not answer the last look, with their processes then.
        """
        if self._hangs.look(self.members, silent, monotonic()):
            self._publisher.changed()

    def notes(self) -> Iterator[str]:
        """What an operator should know."""
        yield from self._hangs.notes()
        yield from self._publisher.notes
        if self._publisher.rejected:
            yield self._publisher.rejected
        yield from notes_of_limits(self.members)

    async def stop(self) -> None:
        """Ends all of them, running calls first."""
        await self._rollout.end_all()
        self._publisher.members.clear()
        self._remember(settled=True)

    async def leave(self) -> None:
        """Leaves them running, for another to adopt."""
        for one in self.members:
            await one.supervision.leave()

    def _begin_change(self) -> None:
        self._remember(settled=False)

    def _remember(self, *, settled: bool) -> None:
        records = tuple(one.record for one in self.members)
        write_roster(self._state.roster, Roster(records, settled, self.drained))
