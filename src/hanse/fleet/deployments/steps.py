"""What a deployment does, step by step; each is done once more where its process died in it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from hanse.fleet.control.staging.api import CannotDeploy
from hanse.fleet.deployments.gate import findings
from hanse.fleet.deployments.judged.lately import Lately
from hanse.fleet.deployments.judged.outcome import CameTo
from hanse.fleet.deployments.judged.watcher import Watcher
from hanse.fleet.deployments.judged.watching import watch
from hanse.fleet.deployments.record import Deployment, Stage, State, Task
from hanse.fleet.deployments.watched import OnLooker, keeping, memory_of, write_down
from hanse.fleet.releases.shelf import NoRelease
from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.runtime.errors import HanseError
from hanse.runtime.placement.deploy_table import JudgedStage
from hanse.runtime.workflows.retry import OF_THE_MOMENT

if TYPE_CHECKING:
    from hanse.fleet.control.staging.api import Staging
    from hanse.fleet.deployments.book import Book
    from hanse.kit.clock import Clock
    from hanse.runtime.data.database import Database

log = logging.getLogger("hanse.deployer")

ENDS_OF: dict[CameTo, State | Literal["good"]] = {
    "good": "good",
    "bad": "gone back",
    "crashed": "gone back",
    "stopped": "aborted",
    "overruled": "aborted",
    "lost": "failed",
    "broken": "failed",
}


class Doing(msgspec.Struct, frozen=True):
    """Something that control does.

    Attributes:
        step: Which of its steps.
        says: What is told of it.
        stage: In which stage.
        came: What is told when it is done, if that settles the deployment: whoever deploys again
            as soon as that is said meets it in all regions.
    """

    step: Literal["stage", "take_over", "settle", "cool", "go_back"]
    says: str
    stage: Stage
    came: str = ""


class Wave(msgspec.Struct, frozen=True):
    """That a deployment has begun in one more region.

    Attributes:
        region: In which; empty where there is no other one.
        why: Why it has not.
    """

    region: str = ""
    why: str = ""


STAGED = Doing("stage", "Canary and twin start.", "staging")
TAKEN_OVER = Doing("take_over", "The new release takes over.", "group")
SETTLED = Doing(
    "settle",
    "It comes to everybody.",
    "warm",
    came="It is everybody's; what was before stands by.",
)
COOLED = Doing("cool", "What was before ends.", "over")
GONE_BACK = Doing("go_back", "It goes back.", "over")


class Steps:
    """Does them.

    Args:
        staging: What control does with hosts.
        book: Where it is written down.
        database: Knows which workflows of services are under way.
        clock: Exceptions of the gate end.
    """

    def __init__(self, staging: Staging, book: Book, database: Database, clock: Clock) -> None:
        self._staging, self._lately = staging, Lately(staging)
        self._book = book
        self._database = database
        self._clock = clock

    async def pass_gate(self, task: Task) -> str:
        """What the release breaks, a line each; empty for nothing."""
        try:
            found = await findings(
                task.order,
                await self._staging.instances(),
                self._database,
                self._clock.now().date(),
            )
        except (NoRelease, ConfigurationError, OSError, UnicodeDecodeError) as error:
            return str(error)
        if found:
            return "\n".join(
                f"{one.rule} {one.place}: {one.says} Breaks {', '.join(one.breaks)}. {one.remedy}"
                for one in found
            )
        says = "\n".join(("It breaks nobody who calls or reads.", *task.notes))
        await self._book.note(task.name, says, stage="gate")
        return ""

    async def have_done(self, task: Task, doing: Doing) -> str:
        """Has control do something; why it did not, empty if it did."""
        await self._book.note(task.name, doing.says, stage=doing.stage)
        said, why = await self._asked(task, doing.step)
        if doing.came and not why:
            await self._book.note(task.name, doing.came, stage="warm", state="settled")
        return why or "\n".join(said or ())

    async def wave(self, task: Task, judged: str) -> Wave:
        """Has it begin in one more region, and take over in the one where it was judged."""
        region, why = await self._asked(task, "wave", judged)
        if region:
            says = f"Canary and twin have started in {region}."
            await self._book.note(task.name, says, stage="wave")
        return Wave(region or "", why)

    async def _asked(self, task: Task, step: str, *more: str) -> tuple[Any, str]:
        """What control says to it, and why it was not done; empty if it was."""
        try:
            return await getattr(self._staging, step)(task.order, *more), ""
        except CannotDeploy as error:
            return None, error.detail
        except OF_THE_MOMENT:
            raise
        except HanseError:
            log.exception("%s: control fails to %s", task.name, step)
            return None, "This should not happen; see hanse logs control."

    async def judge(self, task: Task, stage: JudgedStage, region: str = "") -> CameTo:
        """Compares the new release with its twin until something follows from it.

        An emergency is not compared, nor is what is new; an operator may have ended it though.

        Args:
            task: What is deployed.
            stage: Which of its stages.
            region: Where, for people; empty where there is one place only.
        """
        kept = await self._book.get(task.name)
        if task.emergency or not any(one.before for one in task.order.changes):
            return "stopped" if kept.wish == "abort" else "good"
        try:
            return await self._judge(task, stage, region, kept)
        except OF_THE_MOMENT:
            raise
        except Exception:
            log.exception("%s: the %s cannot be watched", task.name, stage)
            await self._book.note(task.name, "It cannot be watched; see hanse logs.", stage=stage)
            return "broken"

    async def end(self, task: Task, state: State, says: str) -> None:
        """Writes down how it ended, and what it ended for."""
        moments = (await self._book.get(task.name)).moments
        verdicts = [one for one in moments if one.verdict and one.verdict.state == "bad"]
        why = verdicts[-1].says if verdicts and state == "gone back" else ""
        await self._book.note(task.name, says, stage="over", state=state)
        if why:
            await self._book.sum_up(task.name, f"{why} {says}")

    async def _judge(self, task: Task, stage: JudgedStage, region: str, kept: Deployment) -> CameTo:
        watcher = Watcher(self._lately, task.order, task.rules, memory_of(kept), stage)
        whom = "group" if stage == "group" else "canary"
        state: State = "paused" if kept.wish == "pause" else "running"
        says = f"The {whom}{f' in {region}' if region else ''} is compared with its twin."
        await self._book.note(task.name, says, stage=stage, state=state)
        try:
            async with keeping(self._book, task.name, watcher.judge):
                outcome = await watch(watcher, OnLooker(task, stage, self._book))
        finally:
            watcher.leave()
        await write_down(self._book, task.name, stage, watcher.judge, outcome)
        return outcome.state
