"""What is counted, and by which bets each of it convicts or is proven."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from hanse.fleet.judge.betting import (
    CAUTIONS,
    PARTS,
    RATIOS,
    STAKES,
    Pair,
    below,
    beside,
    by_rates,
    by_shares,
    shares_of,
)

if TYPE_CHECKING:
    from hanse.fleet.judge.plan import Latency, Plan, Signal

ERRORS: Final = "errors"
FREQUENT: Final = 0.05
"""Rate of the twin from which requests that were not hit are heard as well."""
KNOWN: Final = 100
"""Requests of the twin from which its rate is known well enough for that."""
CROWD: Final = {"errors": math.log(4), "latency": math.log(2), "signal": math.log(2)}
"""Logarithm of what one crowd of hits multiplies a stake by at most."""
ERRORS_PART: Final = 0.5
"""Part of the stake that is laid on errors where other things are counted, too."""

_CONVICTING = shares_of(STAKES)
_FEWER = tuple(1 / ratio for ratio in RATIOS)
_LESS = (0.8, 2 / 3, 0.5, 0.25)
_MORE = (1.25, 1.5, 2.0, 4.0)


class Rule(NamedTuple):
    """One thing that is counted.

    Attributes:
        name: Of it.
        part: Logarithm of the part of the stake that is laid on it.
        needed: Whether a release is good only once this is proven.
        source: Which figures it is counted from.
        ratios: What is bet on, as multiples of the twin's rate.
        null: The multiple that convicts nobody.
        slo: Share that may be hit, whatever the twin does; 0 for none.
        margin: What a good release may be worse by: of requests, or as a part of the twin's.
        latency: Which requests are slow, of a rule about that.
    """

    name: str
    part: float
    needed: bool
    source: Literal["errors", "latency", "signal"]
    ratios: tuple[float, ...]
    null: float
    margin: float
    slo: float = 0.0
    latency: Latency | None = None

    @property
    def slack(self) -> float:
        """How many times the twin's durations those of the canary may be."""
        return 1.0 if self.latency is None else self.latency.slack

    @property
    def stakes(self) -> tuple[float, ...]:
        """Logarithms of the parts laid on each ratio."""
        return _CONVICTING

    @property
    def proofs(self) -> tuple[float, ...]:
        """Logarithms of the parts laid on each bet that a release is no worse than allowed."""
        if self.source == "signal":
            return shares_of([1.0] * len(_LESS))
        beside_twin = [1.0 / len(CAUTIONS)] * len(CAUTIONS)
        return shares_of(
            [*[1.0 / len(PARTS)] * len(PARTS), *beside_twin] if self.slo else beside_twin
        )

    def convicting(self, pair: Pair, past: Pair, crowds: int = 1) -> list[float]:
        """Bets that the release is worse than its twin.

        Hits come in crowds: a pause, a lost connection, a slow disk hit all that was under way. So
        no crowd multiplies a stake by more than `CROWD`; giving some of a gain away leaves a bet
        as fair as it was.

        Args:
            pair: The window.
            past: All windows before.
            crowds: In how many looks of this one there were errors.
        """
        most = CROWD[self.source] * (max(crowds, 1) if self.source == "errors" else 1)
        return [min(gain, most) for gain in self._convicting(pair, past)]

    def _convicting(self, pair: Pair, past: Pair) -> list[float]:
        if self.source != "signal" and past.twin_requests >= KNOWN:
            base = (past.twin_hits + 0.5) / (past.twin_requests + 1)
            if base > FREQUENT:
                return by_rates(pair, base, self.ratios, self.null)
        return by_shares(pair, self.ratios, self.null)

    def proving(self, pair: Pair) -> list[float]:
        """Bets that it is no worse than allowed."""
        if self.source == "signal":
            more = self.ratios[0] > 1
            bound = 1 + self.margin if more else 1 - self.margin
            ratios = [bound * part for part in (_LESS if more else _MORE)]
            return by_shares(pair, ratios, bound)
        bets = beside(pair, self.margin)
        return [*below(pair, self.slo), *bets] if self.slo else bets


def rules_of(plan: Plan) -> tuple[Rule, ...]:
    """All that a plan has counted: errors first, which are half of it."""
    others = len(plan.latency) + len(plan.signals)
    part = math.log((1 - ERRORS_PART) / others) if others else 0.0
    errors = Rule(
        ERRORS, math.log(ERRORS_PART) if others else 0.0, needed=True, source="errors",
        ratios=RATIOS, null=1.0, margin=plan.margin, slo=plan.slo,
    )  # fmt: skip
    slow = [_slow(one, part) for one in plan.latency]
    return (errors, *slow, *(_signal(one, part) for one in plan.signals))


def _slow(latency: Latency, part: float) -> Rule:
    ratios = tuple(ratio * latency.tolerated for ratio in RATIOS)
    return Rule(
        latency.name, part, needed=True, source="latency", ratios=ratios,
        null=latency.tolerated, margin=latency.margin, latency=latency,
    )  # fmt: skip


def _signal(signal: Signal, part: float) -> Rule:
    return Rule(
        signal.name, part, needed=signal.needed, source="signal",
        ratios=RATIOS if signal.bad == "up" else _FEWER, null=1.0, margin=signal.margin,
    )  # fmt: skip
