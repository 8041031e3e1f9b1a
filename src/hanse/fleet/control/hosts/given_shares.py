"""What canaries and twins are given of all requests: for a while, unless somebody says it again."""

from __future__ import annotations

from typing import NamedTuple

LEASE_SECONDS = 10.0
"""From when it was given. Hosts and gateway count the same from when they were told, so that no
single death, be it of who judges or of who tells, leaves a canary with its share for longer."""


class Given(NamedTuple):
    """Shares of all requests of a group, from 0 to 1.

    Attributes:
        canary: Of its canaries together.
        twin: Of its twins together.
        until: Monotonic seconds.
    """

    canary: float = 0.0
    twin: float = 0.0
    until: float = 0.0


NOTHING = Given()


class GivenShares:
    """By deployment."""

    def __init__(self) -> None:
        self._given: dict[str, Given] = {}

    def give(self, deployment: str, canary: float, twin: float, now: float) -> bool:
        """From now on, for `LEASE_SECONDS`; whether they are others than it had."""
        before = self.of(deployment)
        self._given[deployment] = Given(canary, twin, now + LEASE_SECONDS)
        return before.until <= now or (before.canary, before.twin) != (canary, twin)

    def take_back(self, deployment: str) -> None:
        """Whatever it was."""
        self._given.pop(deployment, None)

    def of(self, deployment: str) -> Given:
        """What it has, after `look`."""
        return self._given.get(deployment, NOTHING)

    def look(self, now: float) -> bool:
        """Takes back what nobody has given again; whether there was anything."""
        over = [name for name, one in self._given.items() if one.until <= now]
        for name in over:
            del self._given[name]
        return bool(over)

    def seconds_left(self, now: float) -> float | None:
        """Until the first of them ends; None if there is none."""
        return min((one.until - now for one in self._given.values()), default=None)
