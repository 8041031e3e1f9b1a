"""Deploys: each deployment is a durable workflow, from the gate to the end of what was before."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Literal

import msgspec

from hanse.fleet.control.staging.api import COOL_SECONDS, Order, Proposal, Staging
from hanse.fleet.deployments.api import (
    Asking,
    By,
    Deployments,
    Frozen,
    Most,
    NoReason,
    NothingToDeploy,
    NotNow,
    Reason,
    Shown,
    Wanted,
)
from hanse.fleet.deployments.book import Book
from hanse.fleet.deployments.freeze import why_frozen
from hanse.fleet.deployments.record import ENDS, Deployment, State, Task
from hanse.fleet.deployments.steps import (
    COOLED,
    ENDS_OF,
    GONE_BACK,
    SETTLED,
    STAGED,
    TAKEN_OVER,
    Doing,
    Steps,
)
from hanse.kit.chance import RANDOM
from hanse.kit.clock import Clock
from hanse.runtime.contract.service import Service
from hanse.runtime.data.collection.collection import Collection
from hanse.runtime.data.database import Database
from hanse.runtime.placement.deploy_table import JudgedStage
from hanse.runtime.project.project import read_project
from hanse.runtime.workflows.declaration import workflow
from hanse.runtime.workflows.retry import Retry
from hanse.runtime.workflows.run import Run
from hanse.runtime.workflows.workflows import Workflows

LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
"""Of names: none that is taken for another."""

UNTIL_ANSWERED = Retry(tries=0, first=0.5, most=5.0)
"""While control or the database is away: its keeper starts another."""

STAGE_SECONDS = 30 * 86_400.0
"""For a stage that nobody decides: services that few ask may take weeks."""

ROLLBACK = "rollback"
DONE = "It is everybody's, and nothing else is left."
OUT: dict[State, str] = {
    "running": "To end it: hanse deployments abort {}",
    "paused": "To end it: hanse deployments abort {}",
    "waiting": "To end it: hanse deployments abort {}",
    "settled": "To go back: hanse rollback {}",
}


class Deployer(Service, Deployments):
    """Deploys what lies in the project's folder.

    Args:
        staging: What control does with hosts.
        workflows: Each deployment is one.
        kept: What is told of them.
        database: Knows which workflows of services are under way.
        clock: Of freezes.
    """

    def __init__(
        self,
        staging: Staging,
        workflows: Workflows,
        kept: Collection[Deployment],
        database: Database,
        clock: Clock,
    ) -> None:
        self._staging = staging
        self._workflows = workflows
        self._clock = clock
        self._book = Book(kept, clock)
        self._steps = Steps(staging, self._book, database, clock)
        self._database = database

    # What people ask.

    async def deploy(self, wanted: Wanted) -> Shown:
        if wanted.emergency and not wanted.reason:
            raise NoReason("Whoever goes around the judge says why: --reason")
        proposed = await self._staging.propose(wanted.names)
        if not proposed.changes:
            raise NothingToDeploy("What lies in the folder runs already.")
        rules = read_project(Path.cwd(), proposed.environment).file.deploy
        frozen = why_frozen(rules, self._clock.now())
        if frozen and not wanted.emergency:
            raise Frozen(f"Nobody deploys now: {frozen}. If it must be: --emergency --reason")
        return await self._begin(
            Task(
                order=_order(proposed),
                rules=rules,
                by=wanted.by,
                reason=wanted.reason,
                emergency=wanted.emergency,
            )
        )

    async def _begin(self, task: Task) -> Shown:
        changes = task.order.changes
        deployment = Deployment(
            name=task.name,
            groups=tuple(one.group.name for one in changes),
            services=tuple(each for one in changes for each in one.services),
            task=task,
            says="It begins.",
        )
        async with self._database.transaction():
            made = await self._book.add(deployment)
            await self._workflows.start(self.roll_out, task, id=task.name)
        return self._book.shown(made)

    async def get(self, name: str) -> Shown:
        return self._book.shown(await self._book.get(name))

    async def list(self, most: Most = 20) -> tuple[Shown, ...]:
        return tuple(self._book.shown(one, whole=False) for one in await self._book.newest(most))

    async def ask(self, name: str, doing: Asking, by: By, reason: Reason = "") -> Shown:
        found = await self._book.get(name)
        if doing == "rollback" and found.state == "done":
            return await self._undo(found, by, reason)
        if found.state in ENDS or (found.state == "settled") != (doing == "rollback"):
            out = OUT.get(found.state, "")
            raise NotNow(f"{name} is {found.state}: {found.says}\n{out.format(name)}".strip())
        if doing == "rollback":
            await self._check_alone(found)
        if doing == "promote" and not reason:
            raise NoReason("Whoever goes on without the judge says why: --reason")
        told = f"{by}: {doing}{f' ({reason})' if reason else ''}"
        state: State = "settled" if doing == "rollback" else "running"
        if doing == "rollback":
            await self._workflows.signal(self.roll_out, name, ROLLBACK, by)
        else:
            await self._book.wish(name, "" if doing == "resume" else doing)
            state = "paused" if doing == "pause" else "running"
        await self._book.note(name, told, stage=found.stage, state=state, by=by)
        return await self.get(name)

    async def _check_alone(self, found: Deployment) -> None:
        """Nobody goes back below a deployment that is under way."""
        for one in await self._staging.instances():
            other = one.deployment != found.name and one.part in {"canary", "twin", "next"}
            if other and one.group in found.groups:
                raise NotNow(
                    f"{one.group} is being deployed by {one.deployment}. First: "
                    f"hanse deployments abort {one.deployment}"
                )

    async def _undo(self, found: Deployment, by: str, reason: str) -> Shown:
        """Deploys what ran before, unjudged: it was everybody's once."""
        runs = {one.group: one.release for one in await self._staging.instances() if not one.part}
        order = found.task.order
        changes = tuple(
            msgspec.structs.replace(
                one,
                group=one.group_before,
                group_before=one.group,
                before=runs[one.group.name],
                after=one.before,
                post=False,
            )
            for one in order.changes
            if one.group_before and runs.get(one.group.name, one.before) != one.before
        )
        if not changes:
            raise NotNow(f"What ran before {found.name} runs now, or there was nothing.")
        why = f"rollback of {found.name}{f': {reason}' if reason else ''}"
        undoing = Order(
            deployment=_name(), changes=changes, environment=order.environment, local=order.local
        )
        return await self._begin(
            Task(order=undoing, rules=found.task.rules, by=by, reason=why, emergency=True)
        )

    # What a deployment does.

    @workflow(version=1)
    async def roll_out(self, run: Run, task: Task) -> str:
        """From the gate to the end of what was before."""
        if not task.emergency:
            refused = await run.step(self._steps.pass_gate, task, retry=UNTIL_ANSWERED)
            if refused:
                return await self._over(run, task, "refused", refused)
        if not task.emergency and (why := await self._have(run, task, STAGED)):
            return await self._back(run, task, "failed", why)
        if (end := await self._judged(run, task, "canary")) != "good":
            return await self._back(run, task, end, "")
        why = await self._have(run, task, TAKEN_OVER)
        if why:
            return await self._back(run, task, "failed", why)
        if (end := await self._judged(run, task, "group")) != "good":
            return await self._back(run, task, end, "")
        if why := await self._have(run, task, SETTLED):
            return await self._back(run, task, "failed", why)
        warm = timedelta(seconds=task.rules.warm_seconds)
        if warm and await run.signal(ROLLBACK, str, timeout=warm):
            return await self._back(run, task, "gone back", "")
        says = await self._have(run, task, COOLED)
        return await self._over(run, task, "done", says or DONE)

    async def _judged(self, run: Run, task: Task, stage: JudgedStage) -> State | Literal["good"]:
        """`good`, or the end that it comes to."""
        came_to = await run.step(
            self._steps.judge, task, stage, retry=UNTIL_ANSWERED, timeout=STAGE_SECONDS
        )
        return ENDS_OF[came_to]

    async def _back(self, run: Run, task: Task, end: State, why: str) -> str:
        trouble = await self._have(run, task, GONE_BACK)
        says = trouble or "Everything is as it was before."
        end = "failed" if trouble else end
        return await self._over(run, task, end, f"{why}\n{says}".strip())

    async def _have(self, run: Run, task: Task, doing: Doing) -> str:
        """Has control do something; why it did not, empty if it did."""
        return await run.step(
            self._steps.have_done, task, doing, retry=UNTIL_ANSWERED, timeout=COOL_SECONDS
        )

    async def _over(self, run: Run, task: Task, end: State, says: str) -> str:
        await run.step(self._steps.end, task, end, says, retry=UNTIL_ANSWERED)
        return end


def _name() -> str:
    return "".join(RANDOM.choices(LETTERS, k=6))


def _order(proposed: Proposal) -> Order:
    return Order(
        deployment=_name(),
        changes=proposed.changes,
        environment=proposed.environment,
        local=proposed.local,
    )
