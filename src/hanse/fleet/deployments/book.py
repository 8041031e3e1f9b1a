"""Writes down what happens to deployments, and keeps what is only true now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from hanse.fleet.deployments.api import Shown, UnknownDeployment
from hanse.fleet.deployments.record import ENDS, MOMENTS_MAX, Deployment, Moment
from hanse.kit.clock import Clock
from hanse.runtime.data.collection.collection import Collection
from hanse.runtime.data.collection.conflict import RevisionConflict

if TYPE_CHECKING:
    from hanse.fleet.deployments.judged.outcome import Now
    from hanse.fleet.deployments.record import Stage, State, Wish
    from hanse.fleet.judge.judge import Memory
    from hanse.fleet.judge.verdict import Verdict

PAGE = 100


class Book:
    """All deployments of a fleet.

    Args:
        kept: Where they are kept.
        clock: Says when something happens.

    Attributes:
        now: By name: how the stage stands that is watched here.
        wishes: By name: what an operator wants, as it is kept.
    """

    def __init__(self, kept: Collection[Deployment], clock: Clock) -> None:
        self._kept = kept
        self._clock = clock
        self.now: dict[str, Now] = {}
        self.wishes: dict[str, Wish] = {}

    async def add(self, deployment: Deployment) -> Deployment:
        """Writes down a new one.

        Raises:
            Duplicate: Another one has its name.
        """
        return await self._kept.create(deployment)

    async def get(self, name: str) -> Deployment:
        """One of them.

        Raises:
            UnknownDeployment: None has that name.
        """
        found = (await self._kept.query({"name": name}, page_size=1)).items
        if not found:
            raise UnknownDeployment(f"There is no deployment {name}. See: hanse deployments")
        [one] = found
        self.wishes.setdefault(name, one.wish)
        return one

    async def newest(self, most: int) -> tuple[Deployment, ...]:
        """The newest first, without those that are parts of another."""
        found: list[Deployment] = []
        cursor = ""
        while len(found) < most:
            page = await self._kept.query(
                sort=["-create_time"], page_size=min(most, PAGE), cursor=cursor
            )
            found += [one for one in page.items if not one.task.part_of]
            if not (cursor := page.next_cursor):
                break
        return tuple(found[:most])

    async def note(
        self,
        name: str,
        says: str,
        *,
        stage: Stage,
        state: State = "running",
        by: str = "",
        verdict: Verdict | None = None,
    ) -> None:
        """Something happened. The same again, as after an end in the middle of it, is no news."""
        moment = Moment(at=self._clock.now(), stage=stage, says=says[:4000], by=by, verdict=verdict)
        while True:  # an operator and the deployment itself may both say something now
            found = await self.get(name)
            changes = self._changes(found, moment, state)
            try:
                await self._kept.update(found.id, changes, revision=found.revision)
            except RevisionConflict:
                continue
            return

    def _changes(self, found: Deployment, moment: Moment, state: State) -> dict[str, Any]:
        changes: dict[str, Any] = {}
        last = found.moments[-1] if found.moments else None
        if last is None or (last.stage, last.says) != (moment.stage, moment.says):
            changes["moments"] = (*found.moments, moment)[-MOMENTS_MAX:]
        if found.state in ENDS and state not in ENDS:
            return changes or {"says": found.says}  # said too late: it is over
        changes |= {"state": state, "stage": moment.stage, "says": moment.says}
        if state in ENDS:
            changes |= {"end_time": self._clock.now(), "wish": "", "memory": ""}
        return changes

    async def sum_up(self, name: str, says: str) -> None:
        """Says of the whole something else than what happened last."""
        found = await self.get(name)
        await self._kept.update(found.id, {"says": says[:4000]})

    async def wish(self, name: str, wish: Wish) -> None:
        """Writes down what an operator wants."""
        found = await self.get(name)
        await self._kept.update(found.id, {"wish": wish})
        self.wishes[name] = wish

    async def remember(self, name: str, memory: Memory) -> None:
        """Writes down what the judge of a deployment remembers."""
        found = await self.get(name)
        await self._kept.update(found.id, {"memory": msgspec.json.encode(memory).decode()})

    def shown(self, one: Deployment, *, whole: bool = True) -> Shown:
        """As people see it."""
        shown = Shown(
            name=one.name,
            groups=one.groups,
            services=one.services,
            what=one.what,
            flag=one.task.flag.name if one.task.flag else "",
            state=one.state,
            stage=one.stage,
            says=one.says,
            by=one.task.by,
            reason=one.task.reason,
            emergency=one.task.emergency,
            create_time=one.create_time or self._clock.now(),
            end_time=one.end_time,
            moments=one.moments if whole else (),
            parts=len(one.groups) if one.task.each else 0,
        )
        now = self.now.get(one.name)
        if now is None:
            return shown
        return msgspec.structs.replace(
            shown,
            canary=now.canary if one.stage == "canary" else 1.0 - now.twin,
            rate=now.rate,
            more_s=now.verdict.more_s,
            says=now.verdict.sentence if one.state == "running" else one.says,
        )
