"""Whether the requests are split as they were meant to be; if not, no comparison proves a thing."""

from __future__ import annotations

import math
from typing import Final

import msgspec

from hanse.fleet.judge.betting import shares_of, together

TOLERATED: Final = 1.25
"""Ratio of odds, either way, that is no mismatch: balancing is never exact."""
BETS: Final = (1.25, 2.0, 5.0)
"""What is bet on, as multiples of that."""
HEARD: Final = 20
"""Requests of a look that are heard: those of a connection stay together, so more say no more."""

_STAKES = shares_of([1.0] * 2 * len(BETS))


class Split(msgspec.Struct):
    """A sequential test of the sample ratio (Lindon and Malek 2022), for a range of ratios.

    Half of the bets say that canaries get more than the range allows, half that they get less.
    What a look gained is scaled down to `HEARD` requests: the mean of a power below 1 of
    something whose mean is at most 1 is at most 1 as well (Jensen's inequality).
    """

    gained: list[float] = msgspec.field(default_factory=lambda: [0.0] * (2 * len(BETS)))

    @property
    def evidence(self) -> float:
        """Logarithm of how surely the requests are split in another way."""
        return together(self.gained, _STAKES)

    def look(self, canary: int, twin: int, share: float) -> None:
        """Takes the requests of both since the last look."""
        if canary + twin == 0:
            return
        scale = min(1.0, HEARD / (canary + twin))
        meant = share / (1 - share)
        for at, bet in enumerate(BETS):
            more = _gain(canary, twin, meant * TOLERATED, bet)
            less = _gain(canary, twin, meant / TOLERATED, 1 / bet)
            self.gained[at] += scale * more
            self.gained[len(BETS) + at] += scale * less


def _gain(canary: int, twin: int, odds: float, bet: float) -> float:
    return canary * math.log(bet) + (canary + twin) * math.log((1 + odds) / (1 + odds * bet))
