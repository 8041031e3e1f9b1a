"""Other judges: the Beta prior of savvi, and Kayenta's rule, written again by its source.

Kayenta's judge is a service of the JVM that asks a store of metrics; what is here is its rule for
one metric (spinnaker/kayenta, kayenta-mannwhitney and kayenta-judge): a two-sided Mann-Whitney
test at 98 % over the points of both, "High" where the lower end of the interval of the
Hodges-Lehmann shift is above a quarter of the shift. It wants 50 points or more.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

BETA_PRIORS: Final = {"savvi_k100": 50.0, "savvi_k2": 1.0}
"""By name, errors of the canary that a prior is worth; 50 of 100 at halves is savvi's default."""
POINTS: Final = 50
TOLERANCE: Final = 0.25
Z_98: Final = 2.3263478740408408


def beta_log(canary: int, twin: int, share: float, errors: float) -> float:
    """Logarithm of savvi's odds: Beta's prior, worth so many errors of an innocent canary.

    `src/hanse/fleet/judge/tests/oracles.json` has what savvi itself says, and a test compares.
    """
    a, b = errors, errors / share * (1 - share)
    return (
        _log_beta(a + canary, b + twin)
        - _log_beta(a, b)
        - canary * math.log(share)
        - twin * math.log(1 - share)
    )


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def kayenta_says_high(canary: Sequence[float], twin: Sequence[float]) -> bool:
    """Whether Kayenta's rule calls the points of the canary too high.

    The interval is of the ranks' normal approximation, as R's `wilcox.test` has it, which Kayenta
    follows: the quantiles of all pairwise differences.
    """
    if canary == twin or len({*canary, *twin}) == 1:
        return False
    differences = sorted(one - other for one in canary for other in twin)
    n, m = len(canary), len(twin)
    spread = Z_98 * math.sqrt(n * m * (n + m + 1) / 12)
    low = max(round(n * m / 2 - spread), 0)
    shift = differences[len(differences) // 2]
    return differences[low] > TOLERANCE * abs(shift)
