"""How a release that is proven in one region may go on in a further one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from hanse.fleet.judge.verdict import Verdict

CALM: Final = frozenset({"more_needed", "no_traffic"})
"""Reasons of a verdict in which nothing is suspicious and nothing missing; who is asked nothing can
harm nobody."""


class Calm:
    """That nothing speaks against it for some time.

    It need not be proven once more: what is looked for is what is wrong in this region only.

    Args:
        seconds: How long, at the greatest share that a canary may get.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._since: float | None = None

    def look(self, verdict: Verdict, now: float, *, full: bool) -> bool:
        """Whether it was calm for so long.

        Args:
            verdict: How it stands.
            now: Seconds, by a clock that never jumps.
            full: Whether the canary has its greatest share.
        """
        if not full or verdict.reason not in CALM:
            self._since = None
            return False
        if self._since is None:
            self._since = now
        return now - self._since >= self._seconds
