"""What is kept of a deployment: what it changes, how far it is, and why."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import msgspec

from hanse.fleet.control.staging.api import Order
from hanse.fleet.judge.verdict import Verdict
from hanse.runtime.contract.rules import Instant, Length
from hanse.runtime.data.entity.entity import Entity, entity
from hanse.runtime.data.entity.marks import Index, Unique
from hanse.runtime.placement.deploy_table import DeployTable

State: TypeAlias = Literal[
    "running", "paused", "waiting", "settled", "done", "gone back", "refused", "failed", "aborted"
]
"""`settled`: it is everybody's, and what was before stands by. `waiting`: for somebody to agree.
The last five are ends."""

ENDS: frozenset[State] = frozenset(("done", "gone back", "refused", "failed", "aborted"))

Stage: TypeAlias = Literal["gate", "staging", "canary", "group", "wave", "warm", "over"]
Wish: TypeAlias = Literal["", "pause", "approve", "promote", "abort"]
"""What an operator wants of one that runs; nothing, that it goes on by itself."""

Sentence: TypeAlias = Annotated[str, Length(0, 4000)]
MOMENTS_MAX = 200


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened.

    Attributes:
        at: When.
        stage: In which stage.
        says: What, in a sentence.
        by: Who did it; empty for the deployment itself.
        verdict: What the judge said, with all its numbers.
    """

    at: Instant
    stage: Stage
    says: str
    by: str = ""
    verdict: Verdict | None = None


class FlagTask(msgspec.Struct, frozen=True, kw_only=True):
    """What is rolled out of a flag.

    Attributes:
        name: Of the flag.
        value: What all get in the end, as JSON.
        audience: For whom, as JSON.
        by: Who draws.
        revision: Of what was ruled when it began; what is ruled later ends it.
    """

    name: str
    value: str
    audience: str = "{}"
    by: Literal["principal", "site"] = "principal"
    revision: int = 0


class EachTask(msgspec.Struct, frozen=True, kw_only=True):
    """That each group of an order is a deployment of its own.

    Attributes:
        at_once: How many of them are under way at once.
        stop_after: How many may go back until no other one begins.
    """

    at_once: int = 8
    stop_after: int = 3


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants to be deployed, and how; it does not change any more.

    Attributes:
        order: What control is asked to do.
        rules: What the project said when it began.
        by: Who began it.
        reason: Why, where that had to be said.
        emergency: Whether nobody judges it, and it waits for nobody.
        flag: What is rolled out, if it is a flag; then control is asked to do nothing.
        notes: What an operator should know, in sentences.
        each: That its groups go one by one.
        part_of: Name of the deployment whose groups go one by one, of which this is one.
    """

    order: Order
    rules: DeployTable = DeployTable()
    by: str = ""
    reason: str = ""
    emergency: bool = False
    flag: FlagTask | None = None
    notes: tuple[str, ...] = ()
    each: EachTask | None = None
    part_of: str = ""

    @property
    def name(self) -> str:
        """How people call the deployment."""
        return self.order.deployment


@entity("hanse_fleet.deployment", Index("-create_time"), prefix="deployment")
class Deployment(Entity):
    """One deployment.

    Attributes:
        name: How people call it.
        groups: What it changes.
        services: Full names of the contracts that change.
        task: What was asked.
        what: What else it changes, for people.
        state: How it stands.
        stage: How far it is.
        says: The newest of what is to be said, in a sentence.
        wish: What an operator wants.
        moments: What happened, oldest first.
        memory: The judge's, as JSON: it goes on from there.
        end_time: When it ended.
    """

    name: Annotated[str, Length(1, 40), Unique()]
    groups: tuple[Annotated[str, Length(1, 100)], ...]
    services: tuple[Annotated[str, Length(1, 200)], ...]
    task: Task
    what: Annotated[str, Length(0, 500)] = ""
    state: State = "running"
    stage: Stage = "gate"
    says: Sentence = ""
    wish: Wish = ""
    moments: tuple[Moment, ...] = ()
    memory: str = ""
    end_time: Instant | None = None
