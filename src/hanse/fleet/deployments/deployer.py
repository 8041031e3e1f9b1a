"""Deploys: each deployment is a durable workflow, from the gate to the end of what was before."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Literal

import msgspec

from hanse.fleet.control.staging.api import COOL_SECONDS, Order, Staging
from hanse.fleet.deployments.api import (
    Asking,
    By,
    Deployments,
    Most,
    NoReason,
    NothingToDeploy,
    NotNow,
    Reason,
    Rolling,
    Shown,
    UnknownDeployment,
    Wanted,
)
from hanse.fleet.deployments.beginning import Beginning, Placed, goes_each, new_name, order_of
from hanse.fleet.deployments.book import Book
from hanse.fleet.deployments.each import EachSteps, parts_of
from hanse.fleet.deployments.flag_steps import FlagSteps
from hanse.fleet.deployments.judged.flag_watcher import Rung
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
from hanse.kit.clock import Clock
from hanse.runtime.contract.service import Service
from hanse.runtime.data.collection.collection import Collection
from hanse.runtime.data.database import Database
from hanse.runtime.flags.trials.trial import revision_of
from hanse.runtime.placement.deploy_table import JudgedStage
from hanse.runtime.workflows.declaration import workflow
from hanse.runtime.workflows.retry import Retry
from hanse.runtime.workflows.run import Run
from hanse.runtime.workflows.workflows import Workflows

UNTIL_ANSWERED = Retry(tries=0, first=0.5, most=5.0)
"""While control or the database is away: its keeper starts another."""

STAGE_SECONDS = 30 * 86_400.0
"""For a stage that nobody decides: services that few ask may take weeks."""

ALL = 100.0
AS_BEFORE = "Everything is as it was before."
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
        placed: Where it deploys.
    """

    def __init__(
        self,
        staging: Staging,
        workflows: Workflows,
        kept: Collection[Deployment],
        database: Database,
        clock: Clock,
        placed: Placed,
    ) -> None:
        self._staging = staging
        self._workflows = workflows
        self._book = Book(kept, clock)
        self._steps = Steps(staging, self._book, database, clock)
        self._flags = FlagSteps(staging, self._book, database)
        self._database = database
        self._each = EachSteps(self._book, clock, self._begin_part)
        self._beginning = Beginning(
            staging, workflows, self._book, database=database, clock=clock, placed=placed
        )

    # What people ask.

    async def deploy(self, wanted: Wanted) -> Shown:
        if wanted.emergency and not wanted.reason:
            raise NoReason("Whoever goes around the judge says why: --reason")
        proposed = await self._staging.propose(wanted.names)
        if not proposed.changes:
            raise NothingToDeploy("What lies in the folder runs already.")
        rules = self._beginning.rules(proposed.environment, emergency=wanted.emergency)
        each = goes_each(wanted, proposed, rules)
        return await self._beginning.begin(
            Task(
                order=order_of(proposed),
                rules=rules,
                by=wanted.by,
                reason=wanted.reason,
                emergency=wanted.emergency,
                notes=proposed.notes,
                each=each,
            ),
            self.roll_each if each else self.roll_out,
        )

    async def roll(self, rolling: Rolling) -> Shown:
        if not rolling.reason:
            raise NoReason("Whoever changes a flag says why: --reason")
        rules = self._beginning.rules(self._beginning.environment)
        flag = rolling.flag
        revision = await revision_of(self._database, flag.name)
        flag = msgspec.structs.replace(flag, revision=revision)
        return await self._beginning.begin(
            Task(
                order=Order(deployment=new_name(), changes=()),
                rules=rules,
                by=rolling.by,
                reason=rolling.reason,
                flag=flag,
            ),
            self.roll_flag,
        )

    async def _begin_part(self, task: Task) -> Shown:
        return await self._beginning.begin(task, self.roll_out)

    async def get(self, name: str) -> Shown:
        return self._book.shown(await self._book.get(name))

    async def list(self, most: Most = 20) -> tuple[Shown, ...]:
        return tuple(self._book.shown(one, whole=False) for one in await self._book.newest(most))

    async def ask(self, name: str, doing: Asking, by: By, reason: Reason = "") -> Shown:
        found = await self._book.get(name)
        if found.task.each is not None and doing in {"rollback", "promote", "approve"}:
            return await self._ask_each(found, doing, by, reason)
        if doing == "rollback" and found.state == "done":
            task = await self._beginning.undoing(found, by, reason)
            return await self._beginning.begin(task, self.roll_out)
        if found.state in ENDS or (found.state == "settled") != (doing == "rollback"):
            out = OUT.get(found.state, "")
            raise NotNow(f"{name} is {found.state}: {found.says}\n{out.format(name)}".strip())
        if doing == "rollback":
            await self._beginning.check_alone(found)
        if doing == "promote" and not reason:
            raise NoReason("Whoever goes on without the judge says why: --reason")
        told = f"{by}: {doing}{f' ({reason})' if reason else ''}"
        state: State = "settled" if doing == "rollback" else "running"
        if doing == "rollback":
            rolling = self.roll_flag if found.task.flag else self.roll_out
            await self._workflows.signal(rolling, name, ROLLBACK, by)
        else:
            await self._book.wish(name, "" if doing == "resume" else doing)
            state = "paused" if doing == "pause" else "running"
        await self._book.note(name, told, stage=found.stage, state=state, by=by)
        return await self.get(name)

    async def _ask_each(self, found: Deployment, doing: Asking, by: By, reason: Reason) -> Shown:
        """Of those that go one by one all go back, and nothing else is asked of all."""
        if doing != "rollback" or found.state not in ENDS:
            out = OUT["running"].format(found.name)
            raise NotNow(f"Ask one of them, such as {found.name}-1. {out}")
        number = 0
        for name in parts_of(found.task):
            with suppress(NotNow, UnknownDeployment):  # it went back, or never began
                await self.ask(name, "rollback", by, reason)
                number += 1
        if not number:
            raise NotNow(f"None of {found.name} is through any more.")
        says = f"{by}: rollback{f' ({reason})' if reason else ''}. {number} go back."
        await self._book.note(found.name, says, stage="over", by=by)
        return await self.get(found.name)

    # What a deployment does.

    @workflow(version=1)
    async def roll_each(self, run: Run, task: Task) -> str:
        """Groups that go one by one: begins them, and counts."""
        end = await run.step(self._each.watch, task, retry=UNTIL_ANSWERED, timeout=STAGE_SECONDS)
        return await self._over(run, task, end.state, end.says)

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
        end, why = await self._waves(run, task)
        if end != "good":
            return await self._back(run, task, end, why)
        if why := await self._have(run, task, SETTLED):
            return await self._back(run, task, "failed", why)
        warm = timedelta(seconds=task.rules.warm_seconds)
        if warm and await run.signal(ROLLBACK, str, timeout=warm):
            return await self._back(run, task, "gone back", "")
        says = await self._have(run, task, COOLED)
        return await self._over(run, task, "done", says or DONE)

    @workflow(version=1)
    async def roll_flag(self, run: Run, task: Task) -> str:
        """A value of a flag, from nobody to everybody, or back."""
        flags, rung = self._flags, Rung()
        if refused := await run.step(flags.pass_gate, task, retry=UNTIL_ANSWERED):
            return await self._over(run, task, "refused", refused)
        while rung.percent < ALL:
            rung = await run.step(
                flags.climb, task, rung, retry=UNTIL_ANSWERED, timeout=STAGE_SECONDS
            )
            if (end := ENDS_OF[rung.came_to]) != "good":
                await run.step(flags.withdraw, task, retry=UNTIL_ANSWERED)
                return await self._over(run, task, end, AS_BEFORE)
        revision = await run.step(flags.settle, task, retry=UNTIL_ANSWERED)
        if not revision:
            return await self._over(run, task, "aborted", "Somebody has ruled otherwise of it.")
        warm = timedelta(seconds=task.rules.warm_seconds)
        if warm and await run.signal(ROLLBACK, str, timeout=warm):
            why = await run.step(flags.put_back, task, revision, retry=UNTIL_ANSWERED)
            return await self._over(run, task, "failed" if why else "gone back", why or AS_BEFORE)
        return await self._over(run, task, "done", DONE)

    async def _waves(self, run: Run, task: Task) -> tuple[State | Literal["good"], str]:
        """From region to region: `good`, or the end that it comes to, and why."""
        judged, steps = "", self._steps
        while not task.emergency:
            wave = await run.step(
                steps.wave, task, judged, retry=UNTIL_ANSWERED, timeout=COOL_SECONDS
            )
            if wave.why:
                return "failed", wave.why
            if not wave.region:
                break
            came_to = await run.step(
                steps.judge, task, "wave", wave.region, retry=UNTIL_ANSWERED, timeout=STAGE_SECONDS
            )
            if came_to not in {"good", "lost"}:
                return ENDS_OF[came_to], ""
            judged = wave.region if came_to == "good" else ""  # who is gone is passed over
        return "good", ""

    async def _judged(self, run: Run, task: Task, stage: JudgedStage) -> State | Literal["good"]:
        """`good`, or the end that it comes to."""
        came_to = await run.step(
            self._steps.judge, task, stage, retry=UNTIL_ANSWERED, timeout=STAGE_SECONDS
        )
        return ENDS_OF[came_to]

    async def _back(self, run: Run, task: Task, end: State, why: str) -> str:
        trouble = await self._have(run, task, GONE_BACK)
        says = trouble or AS_BEFORE
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
