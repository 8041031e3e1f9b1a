"""Takes in what deployments ask, has it done in turn, and says what came of it."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from hanse.fleet.control.hosts.rollout import CannotNow, ChangeFailed
from hanse.fleet.control.hosts.surveyor import migrate_after
from hanse.fleet.control.staging.api import CannotDeploy, Instance
from hanse.fleet.control.staging.proposal import propose
from hanse.fleet.control.turns import EXPECTED, problems_of
from hanse.fleet.releases.built import Bundle
from hanse.runtime.errors import Unavailable
from hanse.runtime.project.project import read_project

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator, Sequence

    from hanse.fleet.control.api import Asked
    from hanse.fleet.control.choices import Choices
    from hanse.fleet.control.following import Following
    from hanse.fleet.control.region.api import HostStatus, Step
    from hanse.fleet.control.regions.regions import Regions
    from hanse.fleet.control.staging.api import GroupChange, Order, Proposal
    from hanse.fleet.control.turns import Turns

T = TypeVar("T")
DOING: dict[Step, str] = {
    "begin": "starting canary and twin of",
    "take_over": "handing over to",
    "settle": "settling",
    "cool": "ending what came before",
    "go_back": "going back from",
}


class StagingDesk:
    """What the service for deployments does.

    Args:
        turns: One change after the other.
        regions: Where the fleet runs.
        following: Builds, and clears away.
        asked: What `hanse up` was told.
        choices: What the fleet has decided by itself.
    """

    def __init__(
        self,
        turns: Turns,
        regions: Regions,
        following: Following,
        asked: Callable[[], Asked],
        choices: Choices,
    ) -> None:
        self._turns = turns
        self._regions = regions
        self._following = following
        self._asked = asked
        self._choices = choices
        self._migrating = asyncio.Lock()

    async def propose(self, names: tuple[str, ...]) -> Proposal:
        """Builds, and compares with what runs."""
        environment = self._asked().environment
        now = await self._regions.hosts(), self._following.shelf
        with _said():  # in nobody's turn: it changes nothing, and packages may take minutes
            project = read_project(Path.cwd(), environment)
            return await propose(project, environment, self._choices, names, now)

    async def step(self, order: Order, step: Step) -> None:
        """Does one step with the hosts of a deployment."""
        what = f"{DOING[step]} {order.deployment}"
        work = partial(self._regions.step, order, step)
        await self._done(what, work, first=step == "go_back")

    async def wave(self, order: Order, judged: str) -> str:
        """Has the new release come to one more region."""
        work = partial(self._regions.wave, order, judged)
        return await self._done(f"starting canary and twin of {order.deployment}", work)

    async def cool(self, order: Order) -> tuple[str, ...]:
        """Ends what stood by, and has changed what waited for that."""

        async def work() -> None:
            await self._regions.step(order, "cool")
            await self._following.forget({one.before for one in order.changes if one.before})

        await self._done(f"{DOING['cool']} {order.deployment}", work)
        hosts = await self._regions.hosts()
        late = [one for one in order.changes if one.post and _runs_before(one, hosts)]
        if late:
            names = ", ".join(one.group.name for one in late)
            return (f"Post migrations wait: not all hosts of {names} have it. Then: hanse up",)
        async with self._migrating:  # in nobody's turn: an index may take an hour
            waiting = [one for one in order.changes if one.post]
            bundles = [Bundle(one.group.services, one.after) for one in waiting]
            said = [await migrate_after(order.environment, one) for one in bundles]
        return tuple(sentence for some in said for sentence in some)

    async def share(self, deployment: str, canary: float, twin: float) -> None:
        """Gives shares at once: whatever else is changed, this does not wait for it.

        Raises:
            Unavailable: A region does not answer; it may be asked for again.
        """
        try:
            await self._regions.share(deployment, canary, twin)
        except ChangeFailed as error:
            raise Unavailable(" ".join(error.problems)) from error

    async def instances(self) -> tuple[Instance, ...]:
        """All hosts there are."""
        return tuple(
            Instance(
                name=one.name,
                group=one.group.name,
                release=one.record.release,
                part=one.part,
                deployment=one.record.deployment,
                answering=one.answering,
                restarts=one.restarts,
                socket=one.socket,
                overran=one.overran,
                region=one.region,
            )
            for one in await self._regions.hosts()
        )

    async def _done(self, what: str, work: Callable[[], Awaitable[T]], *, first: bool = False) -> T:
        """In its turn.

        Raises:
            CannotDeploy: It is not done; everything is as it was.
            Unavailable: It may be asked for again.
        """
        with _said():
            return await self._turns.wait_for(what, work, first=first)


@contextmanager
def _said() -> Generator[None]:
    """Has who asked be told why it is not done, and whether it may be asked for again."""
    try:
        yield
    except CannotNow as error:
        raise Unavailable(" ".join(error.problems)) from error
    except EXPECTED as error:
        raise CannotDeploy("\n".join(problems_of(error))) from error


def _runs_before(change: GroupChange, hosts: Sequence[HostStatus]) -> bool:
    """Whether a host still has what was before, in a region that missed the change."""
    own = [one for one in hosts if one.group.name == change.group.name]
    return any(one.record.release == change.before for one in own)
