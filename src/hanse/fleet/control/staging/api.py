"""What a deployment asks of the control process, step by step; each step may be asked for again."""

from __future__ import annotations

import msgspec

from hanse.fleet.control.api import SERVICES_ONLY
from hanse.fleet.control.hosts.member import Part
from hanse.fleet.plan import PlannedGroup
from hanse.runtime.contract.declaration import rpc
from hanse.runtime.contract.service import Contract
from hanse.runtime.errors import FailedPrecondition

STEP_SECONDS = 1200.0
"""For one step: hosts start one after the other where many changes are made at once, and draining
takes as long as the longest request."""


COOL_SECONDS = 5 * 3600.0
"""For the last step: migrations that had to wait may make indexes."""


class GroupChange(msgspec.Struct, frozen=True, kw_only=True):
    """A group that is to run something else.

    Attributes:
        group: As it will be.
        before: What it runs from now, see `Wish`; empty where there is no such group yet.
        after: What it will run from.
        services: Full names of the contracts whose release differs.
        group_before: As it is now; None where there is none.
        post: Whether migrations wait for the end of what ran before.
        shared: Whether no code of its own differs: only Hanse, settings or packages of all.
        calls: Full names of the contracts that its new release calls.
    """

    group: PlannedGroup
    before: str
    after: str
    services: tuple[str, ...]
    group_before: PlannedGroup | None = None
    post: bool = False
    shared: bool = False
    calls: tuple[str, ...] = ()


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """One deployment.

    Attributes:
        deployment: Its id.
        changes: All that changes at once.
        environment: Which one of `hanse.toml` applies.
        local: Whether only this machine reaches the gateway.
    """

    deployment: str
    changes: tuple[GroupChange, ...]
    environment: str = ""
    local: bool = False


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """What the project's folder would change, if it were deployed.

    Attributes:
        changes: By group; none where all of it runs already.
        groups: Names of all groups there are.
        environment: Which one of `hanse.toml` applies.
        local: Whether only this machine reaches the gateway.
        notes: What an operator should know, in sentences.
    """

    changes: tuple[GroupChange, ...]
    groups: tuple[str, ...]
    environment: str
    local: bool
    notes: tuple[str, ...] = ()


class Instance(msgspec.Struct, frozen=True, kw_only=True):
    """One host.

    Attributes:
        name: Like `shop-3`.
        group: Whose.
        release: What it runs from, see `Wish`.
        part: What it is to a deployment.
        deployment: Whose it is; empty for none.
        answering: Whether calls may be sent there.
        restarts: Times it had to be started again.
        socket: Its trusted door, relative to the project's folder.
        overran: Times it was ended for having more memory than it may.
        region: Where it is; empty for a fleet without regions.
    """

    name: str
    group: str
    release: str
    part: Part
    deployment: str
    answering: bool
    restarts: int
    socket: str
    overran: int = 0
    region: str = ""


class CannotDeploy(FailedPrecondition):
    """What was asked for is not done, and all is as it was; the sentences say why, a line each."""

    code = "cannot_deploy"


class Staging(Contract, package="hanse.control.v1"):
    """Does what deployments need done.

    Every step says whose it is, and does nothing where it was done before: whoever asks may die
    before the answer, and asks again.
    """

    @rpc(allow=SERVICES_ONLY, errors=(CannotDeploy,), timeout=STEP_SECONDS, idempotent=True)
    async def propose(self, names: tuple[str, ...]) -> Proposal:
        """Builds what lies in the folder, and says what of these services and groups would change.

        All of them where none is named.
        """
        ...

    @rpc(allow=SERVICES_ONLY, errors=(CannotDeploy,), timeout=STEP_SECONDS, idempotent=True)
    async def stage(self, order: Order) -> None:
        """Starts a canary and its twin beside each group; they get nothing yet."""
        ...

    @rpc(allow=SERVICES_ONLY, idempotent=True)
    async def share(self, deployment: str, canary: float, twin: float) -> None:
        """Gives canaries and twins these shares of all requests, for ten seconds."""
        ...

    @rpc(allow=SERVICES_ONLY, errors=(CannotDeploy,), timeout=STEP_SECONDS, idempotent=True)
    async def take_over(self, order: Order) -> None:
        """Has the new release serve as its groups; what served before stands by, twins stay."""
        ...

    @rpc(allow=SERVICES_ONLY, errors=(CannotDeploy,), timeout=STEP_SECONDS, idempotent=True)
    async def wave(self, order: Order, judged: str = "") -> str:
        """Starts canary and twin in one more region and says in which; nothing if there is none.

        In the region where it was judged just now the new release takes over first; empty where it
        serves there already.
        """
        ...

    @rpc(allow=SERVICES_ONLY, errors=(CannotDeploy,), timeout=STEP_SECONDS, idempotent=True)
    async def settle(self, order: Order) -> None:
        """Ends the twins: the new release is the group, and what served before stands by."""
        ...

    @rpc(allow=SERVICES_ONLY, errors=(CannotDeploy,), timeout=COOL_SECONDS, idempotent=True)
    async def cool(self, order: Order) -> tuple[str, ...]:
        """Ends what stood by, and changes what waited for that; says what stands against it."""
        ...

    @rpc(allow=SERVICES_ONLY, errors=(CannotDeploy,), timeout=STEP_SECONDS, idempotent=True)
    async def go_back(self, order: Order) -> None:
        """Has what served before serve again, and ends all of the new release."""
        ...

    @rpc(allow=SERVICES_ONLY, idempotent=True)
    async def instances(self) -> tuple[Instance, ...]:
        """All hosts there are."""
        ...
