"""The hosts of a project: what its file asks for, brought about without a lost request."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from hanse.fleet.control.hosts.member import Member, MemberRecord
from hanse.fleet.control.hosts.relief import notes_of_limits, relieve
from hanse.fleet.control.hosts.rollout import ChangeFailed, Rollout, Wanted
from hanse.fleet.control.hosts.roster import Roster, read_roster, write_roster
from hanse.fleet.control.hosts.surveyor import (
    build_services,
    groups_of,
    is_local,
    migrate_after,
)
from hanse.fleet.control.hosts.told import settled
from hanse.fleet.control.looks.hangs import Hangs
from hanse.fleet.control.staging.stage import Stage, is_under_way, under_way
from hanse.fleet.engine.process import is_running
from hanse.fleet.plan import split
from hanse.fleet.releases.clearing import clear
from hanse.fleet.releases.shelf import NoRelease, Shelf
from hanse.fleet.releases.wish import renew_wish
from hanse.kit.clock import monotonic, unix_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from hanse.fleet.control.choices import Choices
    from hanse.fleet.control.ground.front import Front
    from hanse.fleet.control.hosts.publisher import Publisher
    from hanse.fleet.control.staging.api import Order
    from hanse.fleet.plan import PlannedGroup
    from hanse.fleet.releases.built import Built
    from hanse.fleet.state import StateFolder
    from hanse.runtime.project.project import Project


log = logging.getLogger("hanse.control")


class Hosts:
    """Knows all hosts, and writes down who they are before they begin.

    Args:
        state: The project's state folder.
        publisher: Tells others of them.
        make: A member of a record, not yet started.

    Attributes:
        shelf: Where releases lie.
        project: The project's name; empty until its file was read.
    """

    def __init__(
        self, state: StateFolder, publisher: Publisher, make: Callable[[MemberRecord], Member]
    ) -> None:
        self._state = state
        self._make = make
        self._publisher = publisher
        self._rollout = Rollout(publisher, make, self._begin_change)
        self._hangs = Hangs()
        self._aftermath: tuple[str, ...] = ()
        self.shelf = Shelf(state.releases)
        self.project = ""

    @property
    def members(self) -> Sequence[Member]:
        return self._publisher.members

    def adopt(self) -> bool:
        """Takes over what runs; False if nothing does, or if a change was broken off."""
        roster = read_roster(self._state.roster)
        if not any(is_running(record.name, self._state) for record in roster.members):
            return False
        self.project = roster.project
        try:
            self._publisher.members[:] = [self._make(record) for record in roster.members]
        except NoRelease as error:
            log.warning("What runs cannot be taken over, and is replaced: %s", error)
            return False
        for one in self.members:
            one.supervision.start()
        return roster.settled

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
        self.project = project.name
        found = await build_services(environment)
        there = settled(self.members)
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
        self._refuse_deployed(wanted, touched)
        await self._bring(wanted, anew)
        self._aftermath = found.notes
        if all(one.record.release == _wish(found, one.group) for one in self.members):
            self._aftermath += await self._migrate_after(found, environment)
        await self.forget()

    def stage(self, order: Order) -> Stage:
        """The hosts of a deployment."""

        def remember() -> None:
            self._remember(settled=True)

        rollout = Rollout(self._publisher, self._make, remember)
        return Stage(order, self._publisher, rollout, self._make, remember)

    async def share(self, deployment: str, canary: float, twin: float) -> None:
        """Gives canaries and twins shares of all requests, from now on for a while.

        Returns when the gateway has it; hosts look four times a second.
        """
        self._publisher.given.give(deployment, canary, twin, monotonic())
        await self._publisher.publish()

    async def forget(self, besides: Collection[str] = ()) -> None:
        """Takes off the shelf what nobody needs any more.

        Args:
            besides: What somebody may want to go back to: it is as new as what is built now.
        """
        for digest in besides:
            renew_wish(digest, self.shelf)
        running = {one.record.release for one in self.members} | set(besides)
        await asyncio.to_thread(clear, self.shelf, running, unix_seconds())

    def _refuse_deployed(self, wanted: Sequence[Wanted], touched: Collection[str]) -> None:
        """Whoever is at work on a group is not disturbed."""
        for one in filter(is_under_way, self.members):
            name = one.group.name
            same = [each for each in settled(self.members) if each.group.name == name]
            stays = [
                each for each in wanted if each.group.name == name and all(map(each.fits, same))
            ]
            if not stays or name in touched:
                raise ChangeFailed(under_way(one))

    async def _migrate_after(self, found: Built, environment: str) -> tuple[str, ...]:
        said = [await migrate_after(environment, one) for one in found.bundles if one.post]
        return tuple(dict.fromkeys(sentence for some in said for sentence in some))

    async def move(self, unit: str) -> None:
        """Gives a unit of services hosts of its own, with the code they have.

        Raises:
            ChangeFailed: It cannot be; everything is as it was.
        """
        wanted: dict[str, Wanted] = {}
        for one in settled(self.members):
            record = one.record
            for group in split(record.group, unit, {each.group.name for each in self.members}):
                wanted[group.name] = Wanted(group, record.release, record.environment, record.local)
        await self._bring(list(wanted.values()))

    async def relieve(self, member: Member) -> None:
        """Has another host in the place of one that has more memory than it may."""
        if member in self.members:
            await relieve(member, self._publisher, self._rollout)
            self._remember(settled=True)

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
        yield from notes_of_limits(self.members)
        yield from self._aftermath

    async def stop(self) -> None:
        """Ends all of them, running calls first."""
        await self._rollout.end_all()
        self._publisher.members.clear()
        self._remember(settled=True)

    async def leave(self) -> None:
        """Leaves them running, for another to adopt."""
        for one in self.members:
            await one.supervision.leave()

    async def _bring(self, wanted: Sequence[Wanted], anew: Sequence[Member] = ()) -> None:
        try:
            await self._rollout.bring(wanted, anew)
        except ChangeFailed:
            self._remember(settled=True)
            raise
        self._remember(settled=True)  # what broke off otherwise is for the next one to end

    def _begin_change(self) -> None:
        self._remember(settled=False)

    def _remember(self, *, settled: bool) -> None:
        records = tuple(one.record for one in self.members)
        write_roster(self._state.roster, Roster(self.project, records, settled))


def _wish(built: Built, group: PlannedGroup) -> str:
    """What a group runs from after a build; empty if its services do not share a process now."""
    bundle = built.bundle_of(group.services)
    return bundle.wish if bundle else ""
