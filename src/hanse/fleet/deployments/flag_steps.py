"""What the deployment of a flag does, step by step; each again where its process died in it."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from hanse.fleet.control.looks.scrape import figures_of
from hanse.fleet.deployments.judged.flag_watcher import Around, FlagWatcher, Rolled, Rung
from hanse.fleet.deployments.judged.plan import plan_of
from hanse.fleet.deployments.judged.watching import watch
from hanse.fleet.deployments.record import Task
from hanse.fleet.deployments.watched import OnLooker, keeping, memory_of, write_down
from hanse.fleet.judge.errors import BadFigures
from hanse.runtime.errors import HanseError, InvalidArgument
from hanse.runtime.flags.amending import tried, with_rule
from hanse.runtime.flags.changes import REASON_MAX, Reasoned, change, history, ruled
from hanse.runtime.flags.declaration import Declaration
from hanse.runtime.flags.ruling import NOTHING, Audience, Rule, Ruling, Share
from hanse.runtime.flags.trials.trial import tried as tried_now
from hanse.runtime.flags.trials.trial import withdraw
from hanse.runtime.workflows.retry import OF_THE_MOMENT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hanse.fleet.control.staging.api import Staging
    from hanse.fleet.deployments.book import Book
    from hanse.fleet.deployments.record import Deployment, FlagTask, State
    from hanse.runtime.data.database import Database
    from hanse.runtime.figures.figures import Figures
    from hanse.runtime.flags.changes import Change

log = logging.getLogger("hanse.deployer")


class FlagSteps:
    """Does them.

    Args:
        staging: Knows all hosts.
        book: Where it is written down.
        database: Where flags are ruled.
    """

    def __init__(self, staging: Staging, book: Book, database: Database) -> None:
        self._staging = staging
        self._book = book
        self._database = database

    async def pass_gate(self, task: Task) -> str:
        """Why it cannot be rolled out; empty if it can."""
        flag = _flag(task)
        known = [one for one in (await self._figures()).values() if one is not None]
        if not any(flag.name in one.flags for one in known):
            return f"No host that runs has {flag.name}. First deploy what declares it."
        if other := (await tried_now(self._database)).get(flag.name):
            return f"{flag.name} is rolled out by {other} now. Wait for it, or abort it."
        try:
            await self._rolled(task)
        except InvalidArgument as error:
            return error.detail
        says = "It is known to what runs. First it is looked how many draw; nobody gets it yet."
        await self._book.note(task.name, says, stage="gate")
        return ""

    async def climb(self, task: Task, rung: Rung) -> Rung:
        """Gives a share and watches it, until the next one follows or it goes back."""
        kept = await self._book.get(task.name)
        try:
            return await self._climb(task, rung, kept)
        except OF_THE_MOMENT:
            raise
        except (HanseError, BadFigures, ValueError):
            log.exception("%s: %s cannot be watched", task.name, rung.percent)
            says = "It cannot be watched; see hanse logs deployer."
            await self._book.note(task.name, says, stage="canary")
            return msgspec.structs.replace(rung, came_to="broken")

    async def settle(self, task: Task) -> int:
        """Has all of them have it; the revision of that, 0 if somebody has ruled otherwise."""
        flag, says = _flag(task), "Everybody has it; what was before is kept."
        await self._book.note(task.name, says, stage="warm", state="settled")
        rule = Rule(_audience(flag), msgspec.json.decode(flag.value))
        newest = await self._newest(flag)
        if newest is not None and newest.reason == _because(task).reason:
            return newest.revision  # its process died before that was known
        if (newest.revision if newest else 0) != flag.revision:
            return 0
        made = await change(
            self._database, _declared(flag), lambda old: with_rule(old, rule), _because(task)
        )
        return made.revision

    async def put_back(self, task: Task, revision: int) -> str:
        """Has hold what held before it was everybody's; why that is not so, empty if it is."""
        flag, because = _flag(task), _because(task, "back: ")
        made = await self._newest(flag)
        assert made is not None, "it was ruled when it was settled"
        if made.reason == because.reason:
            return ""  # as above
        if made.revision != revision:
            return f"{made.who} has ruled otherwise of {flag.name} meanwhile, which holds."
        await change(self._database, _declared(flag), lambda _: made.before, because)
        return ""

    async def withdraw(self, task: Task) -> None:
        """Takes it back from everybody."""
        says = "It goes back: what was ruled before holds."
        await self._book.note(task.name, says, stage="over")
        with suppress(HanseError):  # it ends by itself
            await withdraw(self._database, _flag(task).name, task.name)

    async def _climb(self, task: Task, rung: Rung, kept: Deployment) -> Rung:
        rules = msgspec.structs.replace(task.rules, latency=False, signals=())
        around, rolled = Around(self._database, self._figures), await self._rolled(task)
        watcher = FlagWatcher(around, rolled, rung, plan=plan_of(rules), memory=memory_of(kept))
        is_last = rung.percent >= task.rules.flags.steps[-1]
        await watcher.begin()
        state: State = "paused" if kept.wish == "pause" else "running"
        says = f"{watcher.rung.percent:.3g} % of those who draw get it."
        await self._book.note(task.name, says, stage="canary", state=state)
        looker = OnLooker(task, "canary", self._book, asks=is_last)
        async with keeping(self._book, task.name, watcher.judge):
            outcome = await watch(watcher, looker)
        await write_down(self._book, task.name, "canary", watcher.judge, outcome)
        if outcome.state != "good":
            return msgspec.structs.replace(watcher.rung, came_to=outcome.state)
        return watcher.following

    async def _rolled(self, task: Task) -> Rolled:
        """What is rolled out, by what is ruled now.

        Raises:
            InvalidArgument: All have it, or it cannot be compared.
        """
        flag, rules = _flag(task), task.rules.flags
        found = (await ruled(self._database)).get(flag.name)
        ruling: Ruling = (found.ruling or NOTHING) if found else NOTHING
        value, audience = msgspec.json.decode(flag.value), _audience(flag)
        tried(ruling, audience, Share(100.0, value), flag.by)
        rolled = Rolled(
            deployment=task.name,
            flag=flag.name,
            value=value,
            ruling=ruling,
            revision=flag.revision,
            audience=audience,
            by=flag.by,
            steps=rules.steps,
            watch_seconds=rules.watch_seconds,
        )
        left = tuple(one for one in rules.steps if one > rolled.floor)
        if not left:
            says = f"{rolled.floor:g} % have it already. Give it to all: hanse flag set"
            raise InvalidArgument(says)
        return rolled._replace(steps=left)

    async def _figures(self) -> Mapping[str, Figures | None]:
        hosts = await self._staging.instances()
        found = await asyncio.gather(*(figures_of(Path(one.socket)) for one in hosts))
        return {one.name: some for one, some in zip(hosts, found, strict=True)}

    async def _newest(self, flag: FlagTask) -> Change | None:
        found = await history(self._database, flag.name, limit=1)
        return found[0] if found else None


def _flag(task: Task) -> FlagTask:
    assert task.flag is not None, "it is the task of a flag"
    return task.flag


def _audience(flag: FlagTask) -> Audience:
    return msgspec.json.decode(flag.audience, type=Audience)


def _declared(flag: FlagTask) -> Declaration:
    """As far as is known here; hosts look by themselves whether a value is one of theirs."""
    return Declaration(name=flag.name, kind=Any, default=None, owner="", until=None, doc="")


def _because(task: Task, back: str = "") -> Reasoned:
    return Reasoned(task.by, f"{back}deployment {task.name}: {task.reason}"[:REASON_MAX])
