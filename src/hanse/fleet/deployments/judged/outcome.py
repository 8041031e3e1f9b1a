"""Who is compared in a stage, how it stands, and how it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from hanse.fleet.control.staging.api import Instance
    from hanse.fleet.judge.verdict import Verdict

CRASHES_MAX = 3
"""Ends of a canary, beyond those of its twin, that say enough."""


CameTo: TypeAlias = Literal["good", "bad", "crashed", "stopped", "overruled", "lost", "broken"]
"""How a stage ended; `broken` if it could not be watched."""


class Outcome(NamedTuple):
    """How a stage ended.

    Attributes:
        state: `good` and `bad` are the judge's; `crashed` needs none; `stopped` is an operator's,
            and so is `overruled`, of a flag that was ruled otherwise meanwhile; `lost` if there is
            nobody to be compared any more.
        says: Why.
        verdict: The judge's last.
    """

    state: CameTo
    says: str
    verdict: Verdict | None = None


class Now(NamedTuple):
    """How a stage stands.

    Attributes:
        canary: The share it has.
        twin: The share its twin has.
        rate: Requests a second of the groups.
        verdict: The judge's.
    """

    canary: float
    twin: float
    rate: float
    verdict: Verdict


class Pair(NamedTuple):
    """Who is compared."""

    canaries: tuple[Instance, ...]
    twins: tuple[Instance, ...]

    @property
    def all(self) -> tuple[Instance, ...]:
        return (*self.canaries, *self.twins)

    @property
    def whole(self) -> bool:
        """Whether there is somebody on both sides."""
        return bool(self.canaries and self.twins)

    @property
    def crashed(self) -> bool:
        """Whether a canary ends again and again, or for its memory, and its twin does not."""
        if self.overran:
            return True
        most = max((one.restarts for one in self.canaries), default=0)
        return most - max((one.restarts for one in self.twins), default=0) >= CRASHES_MAX

    @property
    def overran(self) -> bool:
        """Whether a canary was ended for having more memory than it may, and no twin was."""
        return any(one.overran for one in self.canaries) and not any(
            one.overran for one in self.twins
        )

    @property
    def crash(self) -> str:
        """What became of it, for people."""
        names = ", ".join(one.name for one in self.canaries)
        if self.overran:
            return f"{names} had more memory than memory_bytes allows; its twin had not."
        return f"{names} ends again and again; its twin does not."
