"""Brings the hosts of a fleet from what they are to what they should be: make before break."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from hanse.fleet.control.hosts.member import settled
from hanse.fleet.control.looks.scrape import Lines
from hanse.kit.clock import monotonic, wait_set

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from hanse.fleet.control.hosts.member import Member, MemberRecord
    from hanse.fleet.control.hosts.publisher import Published, Publisher
    from hanse.fleet.control.hosts.wanted import Wanted
    from hanse.fleet.control.looks.numbers import Numbers

log = logging.getLogger("hanse.control")

APPLIED_SECONDS = 10.0
"""For all hosts to read the directory; they look four times a second, unless they are blocked."""

LOOK_SECONDS = 0.1
"""Between two times that hosts are asked whether they have: nearly all of them are asked twice."""

WORDS_SHOWN = 8
TOLD_LATER = "Most of their brokers must run for that; see hanse status."


class ChangeFailed(Exception):
    """What was asked for does not run; everything is as it was. `problems` says why."""

    def __init__(self, *problems: str) -> None:
        super().__init__(*problems)
        self.problems = problems


class CannotNow(ChangeFailed):
    """Something that is needed for it does not answer: it may be asked for again."""


class Rollout:
    """Starts what is missing, waits until it answers, sends calls there, ends what is too much.

    Args:
        publisher: Knows all members; they are changed in place.
        make: A member of a record, not yet started.
        remember: Writes down who there is, before anybody is started.
        region: Where; empty for a fleet without regions.
    """

    def __init__(
        self,
        publisher: Publisher,
        make: Callable[[MemberRecord], Member],
        remember: Callable[[], None],
        region: str = "",
    ) -> None:
        self.region = region
        self._publisher = publisher
        self._members = publisher.members
        self._make = make
        self._remember = remember

    async def bring(self, wanted: Sequence[Wanted], anew: Collection[str] = ()) -> None:
        """Makes the members what they should be.

        Args:
            wanted: All groups.
            anew: Names of those that are replaced although they are what they should be.

        Raises:
            ChangeFailed: Something new does not start; then all is as it was.
        """
        old = [one for one in settled(self._members) if one.name not in anew]
        taken = [one.name for one in self._members]
        staying: list[Member] = []
        coming: list[Member] = []
        for each in wanted:
            fit = [one for one in old if each.fits(one.record)][: each.group.replicas]
            staying += fit
            coming += [self._make(record) for record in each.missing(len(fit), taken, self.region)]
        leaving = [one for one in settled(self._members) if one not in staying]
        await self.start(coming)
        await self.end(leaving)

    async def start(self, coming: Sequence[Member], begun: Sequence[Member] = ()) -> None:
        """Starts hosts that are not there yet, and returns when all of them answer.

        Args:
            coming: Those.
            begun: Those that were started before, and are waited for as well.

        Raises:
            ChangeFailed: One does not; then none of them is there.
        """
        self._members += coming
        try:
            self._remember()
            await self._publisher.publish()  # no host starts while a contract has no address
        except BaseException:
            self._members[:] = [one for one in self._members if one not in coming]
            raise
        for one in coming:
            one.supervision.start()
        await self._ready([*begun, *coming])

    async def end(self, leaving: Sequence[Member]) -> None:
        """Ends hosts when nobody sends them calls any more, from whichever region.

        Raises:
            CannotNow: Other regions cannot be told, and may call them: so they run on, though their
                own region sends them nothing any more.
        """
        if not leaving:
            return
        for one in leaving:
            one.leaving = True
        told = await self._publisher.publish()
        if told.reported is None:
            names = ", ".join(one.name for one in leaving)
            raise CannotNow(f"Other regions cannot be told that {names} would end. {TOLD_LATER}")
        await self.applied(told)
        await self._take_away(leaving)

    async def withdraw(self, begun: Sequence[Member]) -> None:
        """Ends hosts that were begun for something that came to nothing; regions may not know."""
        for one in begun:
            one.leaving = True
        if begun:
            await self.applied_here(await self._publisher.publish())
            await self._take_away(begun)

    async def end_all(self) -> None:
        """Ends every host, the running calls first."""
        await asyncio.gather(*(one.supervision.stop() for one in self._members))

    async def _ready(self, coming: Sequence[Member]) -> None:
        stages = await asyncio.gather(
            *(one.supervision.until("ready", "backing off") for one in coming)
        )
        failed = [one for one, stage in zip(coming, stages, strict=True) if stage != "ready"]
        if failed:
            problems = [said for one in failed for said in self._words(one)]
            await self._take_away(coming)
            raise ChangeFailed(*dict.fromkeys(problems))

    def _words(self, member: Member) -> list[str]:
        """What keeps a host from starting: what is wrong with the code, else its last words."""
        try:
            return member.problems.read_text().splitlines()
        except FileNotFoundError:
            words = member.supervision.last_words[-WORDS_SHOWN:]
            return [f"{member.name} does not start.", *words]

    async def _take_away(self, members: Sequence[Member]) -> None:
        await asyncio.gather(*(one.supervision.stop() for one in members))
        for one in members:
            self._members.remove(one)
        await self._publisher.publish()

    async def applied(self, told: Published) -> None:
        """Waits until every host has read what it was told, or has had its time; others too."""
        others = self._publisher.neighbours.applied(told.reported or 0, APPLIED_SECONDS)
        late, _ = await asyncio.gather(others, self.applied_here(told))
        if late:
            names = ", ".join(late)
            log.warning("Regions %s did not read the directory in %g s.", names, APPLIED_SECONDS)

    async def applied_here(self, told: Published) -> None:
        """The same of the region's own hosts alone."""
        limit, never, lines = monotonic() + APPLIED_SECONDS, asyncio.Event(), Lines()
        waiting: list[Member] = [one for one in self._members if one.answering]
        try:
            while waiting and monotonic() < limit:
                await wait_set(never, LOOK_SECONDS)
                asked = (lines.numbers_of(one.socket, 0.0) for one in waiting)
                found = await asyncio.gather(*asked)
                late = [numbers is None or not _knows(numbers, told) for numbers in found]
                waiting = [one for one, is_late in zip(waiting, late, strict=True) if is_late]
        finally:
            lines.keep(())
        if waiting:
            names = ", ".join(one.name for one in waiting)
            log.warning("%s did not read the directory in %g s.", names, APPLIED_SECONDS)


def _knows(numbers: Numbers, told: Published) -> bool:
    """Or what came after that."""
    return numbers.revision >= told.directory and numbers.shares >= told.shares
