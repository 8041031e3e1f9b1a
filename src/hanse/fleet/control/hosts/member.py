"""One host of a fleet: what it serves, where, and whether it may be sent calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol, TypeVar

import msgspec

from hanse.fleet.plan import PlannedGroup

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hanse.fleet.engine.kept import Kept
    from hanse.fleet.state import StateFolder


Part = Literal["", "canary", "twin", "next", "warm"]
"""What a host is to a deployment: nothing; of the new release, and judged; of the old one, and
judged by; of the new one, and about to take over; of the old one, to be gone back to."""


class MemberRecord(msgspec.Struct, frozen=True):
    """What is written down of a host, so that the next control process knows it.

    Attributes:
        name: Like `shop-1`.
        group: What it serves.
        release: The state of the sources it was started from.
        environment: Which one of `hanse.toml` it has.
        local: Whether only this machine reaches it, so that tokens of `hanse token` count.
        deployment: Whose it is; empty for none.
        part: What it is to that; a host that serves as any other has none.
    """

    name: str
    group: PlannedGroup
    release: str
    environment: str
    local: bool = False
    deployment: str = ""
    part: Part = ""


class Known(Protocol):
    """A host, as far as its record tells: one that is supervised here, or one of another region."""

    @property
    def record(self) -> MemberRecord: ...


K = TypeVar("K", bound=Known)

UNDER_WAY = ("canary", "twin", "next")
"""Parts in a deployment that is not decided yet."""


class Member:
    """A host that is supervised.

    Args:
        record: What it is.
        supervision: What keeps it running.
        state: Where its doors are.

    Attributes:
        leaving: No new calls; it is about to be stopped.
        silent: It does not answer at the moment; calls go there only where no other one answers.
    """

    def __init__(self, record: MemberRecord, supervision: Kept, state: StateFolder) -> None:
        self._record = record
        self.supervision = supervision
        self.socket = state.socket(record.name)
        self.gate = state.gate(record.name)
        self.stall = state.stall(record.name)
        self._mutual = state.mutual(record.name)
        self._reached: tuple[int | None, str] = None, ""
        self.problems = state.problems(record.name)
        self.leaving = False
        self.silent = False

    @property
    def record(self) -> MemberRecord:
        return self._record

    @property
    def name(self) -> str:
        return self.record.name

    @property
    def group(self) -> PlannedGroup:
        return self.record.group

    @property
    def part(self) -> Part:
        return self.record.part

    @property
    def mutual_address(self) -> str:
        """Where other regions reach it while it is ready; empty where they do not, or not yet.

        It says so once in its life, before it is ready or a moment later.
        """
        life = self.supervision.pid
        if self._reached[0] != life or not self._reached[1]:
            try:
                self._reached = life, self._mutual.read_text()
            except FileNotFoundError:
                return ""
        return self._reached[1]

    def become(self, part: Part, deployment: str) -> None:
        """Is something else to a deployment from now on; it runs on as it is."""
        self._record = msgspec.structs.replace(self.record, part=part, deployment=deployment)

    @property
    def serving(self) -> bool:
        """Whether calls may be sent there."""
        return self.supervision.stage == "ready" and not self.leaving

    @property
    def answering(self) -> bool:
        """Whether calls sent there are answered, as far as is known."""
        return self.serving and not self.silent


def settled(hosts: Sequence[K]) -> list[K]:
    """Those that serve as any other."""
    return [one for one in hosts if not one.record.part]


def is_under_way(host: Known) -> bool:
    """Whether it is of a deployment that is not decided yet."""
    return host.record.part in UNDER_WAY


def under_way(host: Known) -> str:
    """Why nobody else may change its group now, for people."""
    deployment = host.record.deployment
    return (
        f"{host.record.group.name} is being deployed by {deployment}. "
        f"Wait for it, or: hanse deployments abort {deployment}"
    )


def stem_of(region: str, group: str) -> str:
    """What the names of a group's hosts begin with: no two hosts of a fleet have one name."""
    return f"{region}.{group}" if region else group


def free_names(stem: str, taken: Iterable[str], count: int) -> list[str]:
    """So many names for further hosts that none has: `shop-3`, `shop-4`."""
    numbers = [int(name.rpartition("-")[2]) for name in taken if name.rpartition("-")[0] == stem]
    first = max(numbers, default=0) + 1
    return [f"{stem}-{number}" for number in range(first, first + count)]
