"""What a program has of memory beyond what it may, and what came of that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from hanse.kit.backoff import Backoff

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hanse.runtime.placement.host_limits import HostLimits

LOOKS_MIN = 2
"""So many in a row say that it is over: one alone may have met a peak."""

FIRST_SECONDS, MOST_SECONDS = 5.0, 300.0
"""Between two gentle ends of one program: one that leaks within seconds is not always being
replaced. Until then it serves on, and is killed where it runs away."""

REMEMBERED_SECONDS = 600.0

MB = 1_000_000

Found = Literal["", "over", "runaway"]


class Excess:
    """Of one program, and of those that follow it in its place.

    Attributes:
        ends: How often one was ended for its memory, lately.
        ended_at: When that was last, monotonic; None for never.
        used: Bytes it had then; 0 where the kernel ended it and does not say.
        limit: Bytes it might have had.
        seen: Bytes at the last look.
    """

    def __init__(self) -> None:
        self.ends = 0
        self.ended_at: float | None = None
        self.used = 0
        self.limit = 0
        self.seen = 0
        self._backoff = Backoff(FIRST_SECONDS, MOST_SECONDS)
        self._not_before = 0.0
        self._looks = 0
        self._killed = False

    def look(self, used: int, limits: HostLimits, now: float) -> Found:
        """What follows from what it has now: nothing, that it should be replaced, or killed."""
        if limits.memory_bytes is None or limits.killed_bytes is None:
            return ""
        self._forget(now)
        self.seen = used
        self._looks = self._looks + 1 if used > limits.memory_bytes else 0
        if used >= limits.killed_bytes:
            return "runaway"
        return "over" if self._looks >= LOOKS_MIN and now >= self._not_before else ""

    def end(self, used: int, limits: HostLimits, now: float, *, killed: bool = False) -> None:
        """It is ended for that."""
        self.ends += 1
        self.ended_at, self.used, self.limit = now, used, limits.memory_bytes or 0
        self._killed, self._looks = killed, 0
        self._not_before = now + self._backoff.next()

    def says(self, name: str) -> str:
        """What was done, with figures and what to do."""
        had = f"had {self.used / MB:.0f} MB" if self.used else "wanted more"
        done = "killed and started again" if self._killed else "replaced"
        times = f", {self.ends} times in a row now" if self.ends > 1 else ""
        return (
            f"{name} {had} of memory where memory_bytes allows {self.limit / MB:.0f} MB, so it was "
            f"{done}{times}. Where that repeats, its code keeps what it should let go; else allow "
            f"its group more in [placement] of hanse.toml. What it did last: hanse logs {name}"
        )

    def notes(self, name: str, now: float) -> Iterator[str]:
        """What an operator should know, for a while."""
        self._forget(now)
        if self.ended_at is not None:
            yield self.says(name)

    def _forget(self, now: float) -> None:
        if self.ended_at is not None and now - self.ended_at > REMEMBERED_SECONDS:
            self.ends, self.ended_at = 0, None
            self._backoff.reset()
