"""Deployments of chosen error rates, error by error, by the judge's own bets.

An error belongs to the canary with a chance that follows from shares and rates, and the requests
between errors are geometric. How many innocents are ever convicted is not drawn but counted: the
chance of every way that the errors can fall, as long as it has crossed no line.
"""

from __future__ import annotations

import math
import random
import statistics
from typing import TYPE_CHECKING

import msgspec

from benchmarks.judge.rivals import BETA_PRIORS, beta_log
from hanse.fleet.judge.betting import RATIOS, STAKES, Pair, by_shares, shares_of, together
from hanse.fleet.judge.judge import KEPT_BACK
from hanse.fleet.judge.plan import SUSPICIOUS
from hanse.fleet.judge.rules import ERRORS_PART

if TYPE_CHECKING:
    from collections.abc import Callable

ALPHA = 0.001
ERRORS_MAX = 2000
IN_TIME = 6000
"""Requests of 50 minutes at 60 a minute and side, after which Kayenta's rule is asked."""
HANSE = "Hanse"
_PARTS = shares_of(STAKES)
_LAID = math.log((1 - KEPT_BACK) * ERRORS_PART)


class Found(msgspec.Struct, frozen=True, tag="convicted"):
    """Requests of canary and twin until a judge convicts, and the canary's errors by then.

    `in_time` is the share of runs that need no more than `IN_TIME`.
    """

    judge: str
    canary_rate: float
    twin_rate: float
    share: float
    runs: int
    median: float
    p95: float
    errors: float
    in_time: float


class Innocent(msgspec.Struct, frozen=True, tag="innocent"):
    """Chances that one that is no worse is ever suspected, convicted, or capped at that.

    Attributes:
        share: The canary's, of the requests.
        errors: So many came, of both together.
        suspected: A stake of 20.
        convicted: A stake of 1/alpha.
        capped: A stake of 20 and 25 errors beyond the twin's: what a cap that convicts would cost.
    """

    share: float
    errors: int
    suspected: float
    convicted: float
    capped: float


def worth(canary: int, twin: int, share: float) -> float:
    """Logarithm of the stake after so many errors of each, with what is laid elsewhere."""
    pair = Pair(canary, share, twin, 1 - share)
    return _LAID + together(by_shares(pair, RATIOS), _PARTS)


JUDGES: dict[str, Callable[[int, int, float], float]] = {
    HANSE: worth,
    **{
        name: lambda canary, twin, share, errors=errors: beta_log(canary, twin, share, errors)
        for name, errors in BETA_PRIORS.items()
    },
}


def convict(judge: str, rates: tuple[float, float], share: float, runs: int) -> Found:
    """Runs of a canary and a twin of these rates, until the judge convicts the canary."""
    chance = random.Random(f"{rates} {share}")  # the same errors for all judges
    until: list[float] = []
    errors: list[float] = []
    for _ in range(runs):
        requests, hits = _one(JUDGES[judge], rates, share, chance)
        until.append(requests)
        errors.append(hits)
    until.sort()
    in_time = sum(one <= IN_TIME for one in until) / runs
    return Found(
        judge, *rates, share, runs,
        statistics.median(until), until[int(0.95 * runs)], statistics.median(errors), in_time,
    )  # fmt: skip


def _one(
    judge: Callable[[int, int, float], float],
    rates: tuple[float, float],
    share: float,
    chance: random.Random,
) -> tuple[float, int]:
    rate = share * rates[0] + (1 - share) * rates[1]
    at_canary = share * rates[0] / rate
    requests, canary, twin = 0.0, 0, 0
    while canary + twin < ERRORS_MAX:
        requests += _gap(rate, chance)
        if chance.random() < at_canary:
            canary += 1
        else:
            twin += 1
        if canary > twin * share / (1 - share) and judge(canary, twin, share) >= -math.log(ALPHA):
            return requests, canary
    return math.inf, canary


def _gap(rate: float, chance: random.Random) -> int:
    """Requests up to the next error and with it, where each fails at a rate."""
    if rate >= 1:
        return 1
    return int(math.log(1 - chance.random()) / math.log(1 - rate)) + 1


def innocent(share: float, errors: int) -> Innocent:
    """Counts what may happen to a canary that fails as its twin does."""
    lines = [math.log(SUSPICIOUS), -math.log(ALPHA)]
    crossed = [_ever(share, errors, lambda at, worth, line=line: worth >= line) for line in lines]
    capped = _ever(share, errors, lambda excess, worth: excess >= 25 and worth >= lines[0])
    return Innocent(share, errors, crossed[0], crossed[1], capped)


def _ever(share: float, errors: int, crosses: Callable[[float, float], bool]) -> float:
    """The chance that a line is ever crossed: what crosses it is taken out, and counted."""
    chances = {0: 1.0}
    crossed = 0.0
    for number in range(1, errors + 1):
        after: dict[int, float] = {}
        for canary, chance in chances.items():
            after[canary] = after.get(canary, 0.0) + chance * (1 - share)
            after[canary + 1] = after.get(canary + 1, 0.0) + chance * share
        chances = {}
        for canary, chance in after.items():
            if chance < 1e-15:
                continue
            excess = canary - (number - canary) * share / (1 - share)
            if excess > 0 and crosses(excess, worth(canary, number - canary, share)):
                crossed += chance
            else:
                chances[canary] = chance
    return crossed
