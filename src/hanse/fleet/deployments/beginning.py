"""How deployments begin: what may be deployed now, and as what it is written down."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import msgspec

from hanse.fleet.control.staging.api import Order
from hanse.fleet.deployments.api import Frozen, NotNow
from hanse.fleet.deployments.freeze import why_frozen
from hanse.fleet.deployments.record import Deployment, EachTask, Task
from hanse.kit.chance import RANDOM
from hanse.runtime.project.project import read_project

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from hanse.fleet.control.staging.api import Proposal, Staging
    from hanse.fleet.deployments.api import Shown, Wanted
    from hanse.fleet.deployments.book import Book
    from hanse.kit.clock import Clock
    from hanse.runtime.data.database import Database
    from hanse.runtime.placement.deploy_table import DeployTable
    from hanse.runtime.workflows.run import Run
    from hanse.runtime.workflows.workflows import Workflows

    Rolls: TypeAlias = Callable[[Run, Task], Awaitable[str]]

LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
"""Of names: none that is taken for another."""


class Placed(NamedTuple):
    """Where it is deployed: which environment of `hanse.toml` applies."""

    environment: str


class Beginning:
    """Begins them.

    Args:
        staging: Knows what runs.
        workflows: Each deployment is one.
        book: Where they are written down.
        database: Where both lie.
        clock: Of freezes.
        placed: Where it is deployed.

    Attributes:
        environment: Which one of `hanse.toml` applies.
    """

    def __init__(
        self,
        staging: Staging,
        workflows: Workflows,
        book: Book,
        *,
        database: Database,
        clock: Clock,
        placed: Placed,
    ) -> None:
        self._staging = staging
        self._workflows = workflows
        self._book = book
        self._database = database
        self._clock = clock
        self.environment = placed.environment

    def rules(self, environment: str, *, emergency: bool = False) -> DeployTable:
        """What the project says now.

        Raises:
            Frozen: Nobody deploys now.
        """
        rules = read_project(Path.cwd(), environment).file.deploy
        frozen = why_frozen(rules, self._clock.now())
        if frozen and not emergency:
            raise Frozen(f"Nobody deploys now: {frozen}. If it must be: --emergency --reason")
        return rules

    async def begin(self, task: Task, rolling: Rolls) -> Shown:
        """Writes it down and has it go its way: both, or nothing."""
        changes = task.order.changes
        deployment = Deployment(
            name=task.name,
            groups=tuple(one.group.name for one in changes),
            services=tuple(each for one in changes for each in one.services),
            what=_what(task),
            task=task,
            says="It begins.",
        )
        async with self._database.transaction():
            made = await self._book.add(deployment)
            await self._workflows.start(rolling, task, id=task.name)
        return self._book.shown(made)

    async def check_alone(self, found: Deployment) -> None:
        """Nobody goes back below a deployment that is under way."""
        for one in await self._staging.instances():
            other = one.deployment != found.name and one.part in {"canary", "twin", "next"}
            if other and one.group in found.groups:
                raise NotNow(
                    f"{one.group} is being deployed by {one.deployment}. First: "
                    f"hanse deployments abort {one.deployment}"
                )

    async def undoing(self, found: Deployment, by: str, reason: str) -> Task:
        """Deploys what ran before, unjudged: it was everybody's once."""
        if found.task.flag is not None:
            raise NotNow(
                f"What was ruled before is told by: hanse flag show {found.task.flag.name}"
            )
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
            deployment=new_name(), changes=changes, environment=order.environment, local=order.local
        )
        return Task(order=undoing, rules=found.task.rules, by=by, reason=why, emergency=True)


def new_name() -> str:
    """A name that people can read to each other."""
    return "".join(RANDOM.choices(LETTERS, k=6))


def order_of(proposed: Proposal) -> Order:
    """A deployment of all that differs."""
    return Order(
        deployment=new_name(),
        changes=proposed.changes,
        environment=proposed.environment,
        local=proposed.local,
    )


def _what(task: Task) -> str:
    """What it changes beside services, for people."""
    if task.flag is not None:
        return f"{task.flag.name} {task.flag.value}"
    return f"{len(task.order.changes)} groups, each by itself" if task.each else ""


def goes_each(wanted: Wanted, proposed: Proposal, rules: DeployTable) -> EachTask | None:
    """Whether groups go one by one: where nobody says it, if no code of theirs differs.

    What all of them share, Hanse or settings, is not one change of a unit, and an emergency waits
    for nobody.
    """
    each = wanted.each
    if each is None:
        each = not wanted.emergency and all(one.shared for one in proposed.changes)
    if not each or len(proposed.changes) < 2:
        return None
    return EachTask(at_once=rules.at_once, stop_after=rules.stop_after)
