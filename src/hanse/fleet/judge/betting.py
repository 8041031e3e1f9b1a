"""Bets on one window of canary and twin: what each would gain, as logarithms.

A bet is fair or worse for whoever bets as long as the release is innocent: the mean of what it
multiplies a stake by is at most 1. So is that of a product of bets over windows, and that of an
average of such products, which are therefore e-processes: a stake that has grown to 1/alpha is
seen with a chance of at most alpha, however often one looks (Ville's inequality).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

RATIOS: Final = (1.5, 2.5, 5.0, 10.0, 25.0, 100.0)
"""How many times worse a release may be; bets are laid on each."""
STAKES: Final = (2.0, 2.0, 3.0, 3.0, 1.0, 1.0)
"""How much on each: most on what a release is that is bad in earnest."""
PARTS: Final = (0.5, 0.2, 0.05, 0.01)
"""Parts of a bound at which a release may be, for bets that it is below."""
CAUTIONS: Final = (0.02, 0.05, 0.1, 0.2, 0.4, 0.7, 0.95)
"""What part of a stake is laid on a difference: little where both fail often."""
_LEAST: Final = 1e-6


class Pair(NamedTuple):
    """Requests of both in one window, and those of them that were hit by what is counted."""

    hits: float
    requests: float
    twin_hits: float
    twin_requests: float


def by_shares(pair: Pair, ratios: Sequence[float], null: float = 1.0) -> list[float]:
    """Bets against "the rate of hits is `null` times the twin's, or nearer to it than a bet".

    Each hit is the canary's with a chance that follows from the requests each got (Lindon and
    Malek, NeurIPS 2022, arXiv 2011.03567). With shares a and b of the hits under a bet and under
    the null, a window multiplies by (a/b)^hits ((1-a)/(1-b))^twin_hits. For hits of rates p and q
    of n and m requests its mean is (1+p(a/b-1))^n (1+q((1-a)/(1-b)-1))^m, at most
    exp(np(a/b-1) + mq((1-a)/(1-b)-1)), which is exp(0) where np : mq = b : 1-b. So it holds at
    all rates, and for counts that are Poisson's.
    """
    odds = pair.requests / pair.twin_requests
    hits = pair.hits + pair.twin_hits
    return [
        hits * math.log((1 + odds * null) / (1 + odds * ratio)) + pair.hits * math.log(ratio / null)
        for ratio in ratios
    ]


def by_rates(pair: Pair, base: float, ratios: Sequence[float], null: float = 1.0) -> list[float]:
    """The same bets where hits are frequent: requests that were not hit speak as well.

    A bet says that the twin's rate is `base`, known before the window, and the canary's odds are
    `ratio` times those. It is laid against the point of the null that is nearest to it by
    Kullback and Leibler: then the logarithm of the mean, which is concave in both rates, has its
    greatest value of the null, 0, there (Turner, Ly and Grünwald, "Generic e-variables for exact
    sequential k-sample tests", 2024, arXiv 2106.02693).
    """
    base = min(max(base, _LEAST), 1 - _LEAST)
    return [
        _gain_at(pair, base, ratio * base / (1 - base + ratio * base), null) for ratio in ratios
    ]


def below(pair: Pair, bound: float) -> list[float]:
    """Bets against "the canary's rate is `bound` or more"; the twin does not matter.

    The likelihood ratio of a part of the bound to the bound; its mean falls with the rate, and
    is 1 at the bound.
    """
    spared = pair.requests - pair.hits
    return [
        pair.hits * math.log(part) + spared * math.log((1 - part * bound) / (1 - bound))
        for part in PARTS
    ]


def beside(pair: Pair, margin: float) -> list[float]:
    """Bets against "the canary's rate is the twin's plus `margin`, or more".

    A caution x multiplies by (1-x)^hits (1+xn/m)^twin_hits exp(xn margin). With rates p and q of
    n and m requests the mean is at most exp(-npx + mq xn/m + xn margin), by 1+y <= exp(y), which
    is exp(-xn(p-q-margin)): at most 1 where p is q plus the margin, or more.
    """
    odds = pair.requests / pair.twin_requests
    return [
        pair.hits * math.log(1 - caution)
        + pair.twin_hits * math.log(1 + odds * caution)
        + pair.requests * caution * margin
        for caution in CAUTIONS
    ]


def shares_of(stakes: Sequence[float]) -> tuple[float, ...]:
    """Logarithms of what part of all each stake is."""
    whole = sum(stakes)
    return tuple(math.log(stake / whole) for stake in stakes)


def together(gains: Sequence[float], stakes: Sequence[float]) -> float:
    """Logarithm of what is there of all stakes, after what each has gained."""
    sums = [gain + stake for gain, stake in zip(gains, stakes, strict=True)]
    most = max(sums)
    return most + math.log(sum(math.exp(one - most) for one in sums))


def _gain_at(pair: Pair, base: float, rate: float, null: float) -> float:
    """Of the bet that the rates are these; none where the null would have them so, too."""
    if rate <= null * base:
        return 0.0
    twin_null = _nearest(rate, base, null, pair)
    null_rate = null * twin_null
    return (
        pair.hits * math.log(rate / null_rate)
        + (pair.requests - pair.hits) * math.log((1 - rate) / (1 - null_rate))
        + pair.twin_hits * math.log(base / twin_null)
        + (pair.twin_requests - pair.twin_hits) * math.log((1 - base) / (1 - twin_null))
    )


def _nearest(rate: float, base: float, null: float, pair: Pair) -> float:
    """The twin's rate at the null's point that is nearest to (rate, base).

    Where the sum of n KL(rate, null x) and m KL(base, x) has no slope:
    null (n+m) x^2 - ((1+null) hits + null spared + twin_spared) x + hits = 0.
    """
    n, m = pair.requests, pair.twin_requests
    hits = n * rate + m * base
    middle = (1 + null) * hits + null * n * (1 - rate) + m * (1 - base)
    root = math.sqrt(max(middle * middle - 4 * null * (n + m) * hits, 0.0))
    return 2 * hits / (middle + root)
