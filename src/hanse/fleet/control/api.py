"""What the command line asks of a control process, and what it answers."""

from __future__ import annotations

from typing import Literal

import msgspec

from hanse.runtime.contract.declaration import rpc
from hanse.runtime.contract.service import Contract
from hanse.runtime.errors import FailedPrecondition, NotFound, ResourceExhausted
from hanse.runtime.identity.permission import kind

SERVICES_ONLY = kind("service")
"""Who opens the socket of the control process is its own user; nobody else can."""

OPEN_SECONDS = 90.0

State = Literal["starting", "ready", "backing off", "stopping", "ended"]
Kind = Literal["host", "gateway", "database", "broker", "backup", "deployer", "region"]


RegionDoing = Literal["drain", "resume", "stop", "kill", "start"]
"""Send it nothing, and something again; end it, running calls first, or at once; start it again."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What `hanse up` was told on its command line.

    Attributes:
        environment: Which one of `hanse.toml` applies; empty for none.
        port: Of the gateway's open door, instead of the one in `hanse.toml`.
        tls_port: Of its door with TLS, likewise.
        regions: How many there should be; None for as many as there are, 0 for a fleet without.
    """

    environment: str = ""
    port: int | None = None
    tls_port: int | None = None
    regions: int | None = None


class ProcessStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One process of a fleet.

    Attributes:
        name: Like `shop-1`; its log is `logs/shop-1.log`.
        kind: What it is.
        state: How it is.
        group: Of a host, its placement group.
        services: Of a host, full names of the contracts it serves.
        release: Of a host, the state of the sources it was started from.
        pid: 0 while there is none.
        up_seconds: Since it runs.
        restarts: Times it had to be started again.
        cpu: Cores' worth it used since the last look, like 0.35.
        memory_bytes: Its proportional share of memory (PSS), where the system tells; else resident.
        requests_per_second: Of a host and the gateway, since the last look.
        p99_seconds: Of a host: what 99 of 100 calls since the last look took at most, roughly; None
            without calls.
        note: What one should know: why it backs off, why a service lives alone.
    """

    name: str
    kind: Kind
    state: State
    group: str = ""
    services: tuple[str, ...] = ()
    release: str = ""
    pid: int = 0
    up_seconds: float = 0.0
    restarts: int = 0
    cpu: float = 0.0
    memory_bytes: int = 0
    requests_per_second: float = 0.0
    p99_seconds: float | None = None
    note: str = ""


class RegionLine(msgspec.Struct, frozen=True, kw_only=True):
    """One region of a fleet.

    Attributes:
        name: Like `r2`.
        state: How it is: `drained` where it is sent nothing, `down` where somebody ended it,
            `lost` where its control does not answer.
        url: Its gateway's open door; empty for none.
        tls_url: Its door with TLS, likewise.
    """

    name: str
    state: Literal["ready", "drained", "down", "lost"]
    url: str = ""
    tls_url: str = ""


class BackupStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How far a fleet's data lies in another place.

    Attributes:
        place: Which.
        bases: How many there are.
        base_seconds: How long ago the newest was done; None if there is none.
        base_bytes: Its size.
        behind_seconds: What was acknowledged so long ago, or longer, lies there; None if nothing.
        behind_bytes: Of the log, what does not lie there yet.
        step: What is done of a base at this moment; empty for nothing.
        answered: The last request for a base that was dealt with.
        refused: Why that came to nothing; empty if it came to something.
    """

    place: str
    bases: int = 0
    base_seconds: float | None = None
    base_bytes: int = 0
    behind_seconds: float | None = None
    behind_bytes: int = 0
    step: str = ""
    answered: str = ""
    refused: str = ""


class NoBackup(FailedPrecondition):
    """The project says of no place for backups, or its database is not this fleet's."""

    code = "no_backup"


class FleetStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A whole fleet.

    Attributes:
        project: Its name.
        environment: Which one of `hanse.toml` applies; empty for none.
        port: Of the open door as `hanse up` was told; None for the one in `hanse.toml`.
        tls_port: Of the door with TLS, likewise.
        regions_asked: How many regions it was told to have; None for a fleet without.
        version: Of the platform that runs it.
        pid: Of the control process.
        changing: What is being done to it now; empty when it is as it should be.
        problems: Why the last change was not made, in sentences.
        url: The gateway's open door.
        tls_url: Its door with TLS; empty for none.
        fronts: Paths that people open first, one of each service with pages.
        notes: What an operator should know, in sentences.
        processes: All of it.
        regions: Its regions; none for a fleet without.
        backup: How far it is backed up; None if it is not.
    """

    project: str
    environment: str
    port: int | None = None
    tls_port: int | None = None
    regions_asked: int | None = None
    version: str
    pid: int
    changing: str
    problems: tuple[str, ...]
    url: str
    tls_url: str
    fronts: tuple[str, ...] = ()
    notes: tuple[str, ...]
    processes: tuple[ProcessStatus, ...]
    regions: tuple[RegionLine, ...] = ()
    backup: BackupStatus | None = None


class CannotOpen(FailedPrecondition):
    """What was asked for does not start; the sentences say why, a line each."""

    code = "cannot_open"


class UnknownProcess(NotFound):
    """No group or process has that name."""

    code = "unknown_process"


class TooManyChanges(ResourceExhausted):
    """So many changes wait already that this one is not taken."""

    code = "too_many_changes"


class UnknownRegion(NotFound):
    """There is no region of that name."""

    code = "unknown_region"


class NoRegions(FailedPrecondition):
    """The fleet runs without regions."""

    code = "no_regions"


class Control(Contract, package="hanse.control.v1"):
    """Runs the fleet of one project on this machine."""

    @rpc(allow=SERVICES_ONLY, idempotent=True)
    async def status(self) -> FleetStatus:
        """How everything is."""
        ...

    @rpc(allow=SERVICES_ONLY, errors=(TooManyChanges,), idempotent=True)
    async def apply(self, asked: Asked) -> None:
        """Reads the project again and begins to change what differs; `status` says how it goes."""
        ...

    @rpc(allow=SERVICES_ONLY, errors=(UnknownProcess, TooManyChanges))
    async def restart(self, names: tuple[str, ...]) -> None:
        """Begins to replace groups or processes of these names, all hosts if there are none."""
        ...

    @rpc(allow=SERVICES_ONLY, errors=(TooManyChanges,), idempotent=True)
    async def stop(self) -> None:
        """Begins to end everything; the control process goes last."""
        ...

    @rpc(
        allow=SERVICES_ONLY,
        errors=(UnknownRegion, NoRegions, TooManyChanges),
        idempotent=True,
    )
    async def region(self, name: str, doing: RegionDoing) -> None:
        """Begins to do something with a region; `status` says how it goes."""
        ...

    @rpc(allow=SERVICES_ONLY, errors=(CannotOpen,), timeout=OPEN_SECONDS, idempotent=True)
    async def open_deployer(self) -> None:
        """Has the process run that deploys, and answers when it does."""
        ...

    @rpc(allow=SERVICES_ONLY, errors=(NoBackup,), idempotent=True)
    async def back_up(self, request: str) -> None:
        """Begins to take a base; `status` says how it goes, and names the request in the end."""
        ...
