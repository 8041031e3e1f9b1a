"""What the command line asks of the process that deploys, and what it answers."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import msgspec

from hanse.fleet.control.api import SERVICES_ONLY
from hanse.fleet.control.staging.api import STEP_SECONDS, CannotDeploy
from hanse.fleet.deployments.record import FlagTask, Moment, Stage, State
from hanse.runtime.contract.declaration import rpc
from hanse.runtime.contract.rules import Instant, Length, Range
from hanse.runtime.contract.service import Contract
from hanse.runtime.errors import FailedPrecondition, NotFound

By: TypeAlias = Annotated[str, Length(1, 100)]
Reason: TypeAlias = Annotated[str, Length(0, 500)]
Most: TypeAlias = Annotated[int, Range(1, 1000)]
Names: TypeAlias = Annotated[tuple[Annotated[str, Length(1, 200)], ...], Length(0, 500)]
Asking: TypeAlias = Literal["pause", "resume", "approve", "promote", "abort", "rollback"]


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be deployed.

    Attributes:
        names: Services and groups; none for all that differs.
        by: Who wants it.
        reason: Why.
        emergency: Whether nobody judges it and it waits for nobody; with a reason.
        each: Whether each group is a deployment of its own; if that is not said, where only what
            all share differs.
    """

    names: Names = ()
    by: By
    reason: Reason = ""
    emergency: bool = False
    each: bool | None = None


class Rolling(msgspec.Struct, frozen=True, kw_only=True):
    """A flag that is to be rolled out.

    Attributes:
        flag: What, see there; of the revision nothing need be known.
        by: Who wants it.
        reason: Why.
    """

    flag: FlagTask
    by: By
    reason: Reason


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A deployment as people see it.

    Attributes:
        name: How it is called.
        groups: What it changes.
        services: Full names of the contracts that change.
        what: What else it changes, for people: the value of a flag.
        flag: Name of the flag that is rolled out; empty for none.
        state: How it stands.
        stage: How far it is.
        says: The newest of what is to be said.
        by: Who began it.
        reason: Why, where that was said.
        emergency: Whether nobody judges it.
        create_time: When it began.
        end_time: When it ended.
        canary: Share of all requests that the new release has now; of a flag, of who draws.
        rate: Requests a second of its groups; of a flag, principals who draw.
        more_s: About how many seconds until it is decided, as far as is known.
        moments: What happened, oldest first.
        parts: How many groups go one by one; none where they go as one.
    """

    name: str
    groups: tuple[str, ...]
    services: tuple[str, ...]
    what: str = ""
    flag: str = ""
    state: State
    stage: Stage
    says: str
    by: str
    reason: str = ""
    emergency: bool = False
    create_time: Instant
    end_time: Instant | None = None
    canary: float = 0.0
    rate: float = 0.0
    more_s: float | None = None
    moments: tuple[Moment, ...] = ()
    parts: int = 0


class NothingToDeploy(FailedPrecondition):
    """What lies in the folder runs already."""

    code = "nothing_to_deploy"


class Frozen(FailedPrecondition):
    """Nobody deploys now; the sentence says why, and until when."""

    code = "frozen"


class NoReason(FailedPrecondition):
    """What goes around rules needs a reason."""

    code = "no_reason"


class NotNow(FailedPrecondition):
    """A deployment is not where that can be asked of it; the sentence says how it stands."""

    code = "not_now"


class UnknownDeployment(NotFound):
    """No deployment has that name."""

    code = "unknown_deployment"


class Deployments(Contract, package="hanse.deployments.v1"):
    """Deploys what lies in the project's folder, and tells of it."""

    @rpc(
        allow=SERVICES_ONLY,
        errors=(CannotDeploy, NothingToDeploy, Frozen, NoReason),
        timeout=STEP_SECONDS,
    )
    async def deploy(self, wanted: Wanted) -> Shown:
        """Builds it and begins; `get` says how it goes."""
        ...

    @rpc(allow=SERVICES_ONLY, errors=(NothingToDeploy, Frozen, NoReason), timeout=60.0)
    async def roll(self, rolling: Rolling) -> Shown:
        """Begins to give a value of a flag to more and more; `get` says how it goes."""
        ...

    @rpc(allow=SERVICES_ONLY, errors=(UnknownDeployment,), idempotent=True)
    async def get(self, name: str) -> Shown:
        """One of them."""
        ...

    @rpc(allow=SERVICES_ONLY, idempotent=True)
    async def list(self, most: Most = 20) -> tuple[Shown, ...]:
        """The newest, without what happened in each."""
        ...

    @rpc(allow=SERVICES_ONLY, errors=(UnknownDeployment, NotNow, NoReason))
    async def ask(self, name: str, doing: Asking, by: By, reason: Reason = "") -> Shown:
        """Has one wait, go on, go on with what the judge said or without it, or go back."""
        ...
