"""One host of a fleet: what it serves, where, and whether it may be sent calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from hanse.fleet.plan import PlannedGroup

if TYPE_CHECKING:
    from collections.abc import Iterable

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
        self.record = record
        self.supervision = supervision
        self.socket = state.socket(record.name)
        self.gate = state.gate(record.name)
        self.stall = state.stall(record.name)
        self.problems = state.problems(record.name)
        self.leaving = False
        self.silent = False

    @property
    def name(self) -> str:
        return self.record.name

    @property
    def group(self) -> PlannedGroup:
        return self.record.group

    @property
    def part(self) -> Part:
        return self.record.part

    def become(self, part: Part, deployment: str) -> None:
        """Is something else to a deployment from now on; it runs on as it is."""
        self.record = msgspec.structs.replace(self.record, part=part, deployment=deployment)

    @property
    def serving(self) -> bool:
        """Whether calls may be sent there."""
        return self.supervision.stage == "ready" and not self.leaving

    @property
    def answering(self) -> bool:
        """Whether calls sent there are answered, as far as is known."""
        return self.serving and not self.silent


def free_names(group: str, taken: Iterable[str], count: int) -> list[str]:
    """So many names for further hosts of a group that none has: `shop-3`, `shop-4`."""
    numbers = [int(name.rpartition("-")[2]) for name in taken if name.rpartition("-")[0] == group]
    first = max(numbers, default=0) + 1
    return [f"{group}-{number}" for number in range(first, first + count)]
