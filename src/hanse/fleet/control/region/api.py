"""What the head asks of a region, and what that answers."""

from __future__ import annotations

from typing import Literal

import msgspec

from hanse.fleet.control.api import SERVICES_ONLY, ProcessStatus, RegionLine
from hanse.fleet.control.choices import Moved
from hanse.fleet.control.hosts.member import MemberRecord, Part
from hanse.fleet.control.hosts.wanted import Wanted
from hanse.fleet.control.staging.api import STEP_SECONDS, Order
from hanse.fleet.plan import PlannedGroup
from hanse.runtime.contract.declaration import rpc
from hanse.runtime.contract.service import Contract
from hanse.runtime.errors import FailedPrecondition

Step = Literal["begin", "take_over", "settle", "cool", "go_back"]
"""Of a deployment, see `Stage`."""

OPEN_SECONDS = 120.0
LOOK_SECONDS = 2.0
"""For what is read and changes nothing: who hangs is passed over."""

STOP_SECONDS = 110.0
"""For everything to end: calls have half a minute, one host after the other has none."""


class RegionWish(msgspec.Struct, frozen=True, kw_only=True):
    """How a region's gateway should be, besides what the project's file says.

    Attributes:
        project: The project's name.
        environment: Which one of `hanse.toml` applies.
        regions: How many there should be; 0 for as many as there are.
        port: Of the open door, instead of the one in the file; None for that.
        tls_port: Of the door with TLS, likewise.
        tls_first: The one for that which is taken if it can be had, where nobody said which, and 0
            for any; None where it is decided by `[gateway]` alone.
    """

    project: str
    environment: str = ""
    regions: int = 0
    port: int | None = None
    tls_port: int | None = None
    tls_first: int | None = None


class HostStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One host, as whoever changes the fleet has to know it.

    Attributes:
        record: What it is.
        answering: Whether calls may be sent there.
        restarts: Times it had to be started again.
        socket: Its trusted door, relative to the project's folder.
        overran: Times it was ended for the memory it took.
        region: Where it is; empty for a fleet without regions.
    """

    record: MemberRecord
    answering: bool
    restarts: int
    socket: str
    overran: int = 0
    region: str = ""

    @property
    def name(self) -> str:
        return self.record.name

    @property
    def group(self) -> PlannedGroup:
        return self.record.group

    @property
    def part(self) -> Part:
        return self.record.part


class RegionStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A whole region.

    Attributes:
        processes: All of it.
        url: The gateway's open door; empty for none.
        tls_url: Its door with TLS, likewise.
        fronts: Paths that people open first.
        notes: What an operator should know, in sentences.
        regions: Where it is several.
        settled: Whether no change was broken off in it.
        drained: Whether it is sent nothing, as far as other regions take it.
    """

    processes: tuple[ProcessStatus, ...]
    url: str = ""
    tls_url: str = ""
    fronts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    regions: tuple[RegionLine, ...] = ()
    settled: bool = True
    drained: bool = False


class RegionRefused(FailedPrecondition):
    """What was asked for is not done, and all is as it was; the sentences say why, a line each."""

    code = "region_refused"


class RegionControl(Contract, package="hanse.control.v1"):
    """One region of a fleet. Each step may be asked for again: it looks first what was done."""

    @rpc(allow=SERVICES_ONLY, errors=(RegionRefused,), idempotent=True, timeout=OPEN_SECONDS)
    async def open(self, wish: RegionWish) -> None:
        """Begins gateway and broker."""
        ...

    @rpc(allow=SERVICES_ONLY, errors=(RegionRefused,), idempotent=True, timeout=OPEN_SECONDS)
    async def ready(self) -> None:
        """Answers when they do."""
        ...

    @rpc(allow=SERVICES_ONLY, errors=(RegionRefused,), idempotent=True, timeout=STEP_SECONDS)
    async def bring(self, wanted: tuple[Wanted, ...], anew: tuple[str, ...]) -> None:
        """Makes the hosts those; the named ones are replaced in any case."""
        ...

    @rpc(allow=SERVICES_ONLY, errors=(RegionRefused,), idempotent=True, timeout=STEP_SECONDS)
    async def end(self, names: tuple[str, ...]) -> None:
        """Ends hosts of these names, as far as they are there, when nobody calls them any more."""
        ...

    @rpc(allow=SERVICES_ONLY, errors=(RegionRefused,), idempotent=True, timeout=STEP_SECONDS)
    async def step(self, order: Order, step: Step) -> None:
        """Does one step with the hosts of a deployment."""
        ...

    @rpc(allow=SERVICES_ONLY, idempotent=True, timeout=LOOK_SECONDS)
    async def share(self, deployment: str, canary: float, twin: float) -> None:
        """Gives shares, see `Staging.share`."""
        ...

    @rpc(allow=SERVICES_ONLY, idempotent=True, timeout=LOOK_SECONDS)
    async def hosts(self) -> tuple[HostStatus, ...]:
        """All hosts there are."""
        ...

    @rpc(allow=SERVICES_ONLY, idempotent=True, timeout=LOOK_SECONDS)
    async def blocked(self) -> tuple[Moved, ...]:
        """Units that have to live alone."""
        ...

    @rpc(allow=SERVICES_ONLY, idempotent=True, timeout=LOOK_SECONDS)
    async def status(self) -> RegionStatus:
        """How everything is."""
        ...

    @rpc(allow=SERVICES_ONLY, errors=(RegionRefused,), idempotent=True, timeout=STEP_SECONDS)
    async def drain(self, drained: bool) -> None:  # noqa: FBT001 - a field of its request
        """Has it sent nothing, or something again; answers when all others know."""
        ...

    @rpc(allow=SERVICES_ONLY, idempotent=True, timeout=STOP_SECONDS)
    async def stop(self) -> None:
        """Ends everything but what answers this."""
        ...
