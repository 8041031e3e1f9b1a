"""Records what savvi and confseq say of some counts: `python oracles.py > oracles.json`.

Run by hand, in an environment of their own, for confseq 0.0.11 cannot be installed beside ours:
it comes as source alone, needs Boost's headers, and asks for a pybind11 that does not compile on
Python 3.11. With those headers at hand:

    pip install numpy scipy savvi==0.3.1 matplotlib
    pip install scikit-build cmake ninja pybind11 setuptools wheel
    pip install --no-build-isolation confseq==0.0.11

`src/hanse/fleet/judge/tests/test_oracles.py` reads the values; savvi, which needs matplotlib and
does not say so, is also asked anew by the benchmark.
"""

from __future__ import annotations

import importlib
import json
import sys
from importlib import metadata
from typing import Any

SHARES = (0.5, 0.1, 0.02)
COUNTS = ((0, 1), (3, 0), (7, 2), (12, 1), (5, 60), (40, 20), (100, 130))
PRIOR_ERRORS = (0.5, 2.0, 50.0)
"""Errors of the canary that a prior is worth."""
VARIANCES = (8.0, 40.0)
ALPHA = 0.001


def savvi_odds() -> list[dict[str, float]]:
    """Of errors of canary and twin under Dirichlet's prior, for its test of a sample ratio."""
    numpy: Any = importlib.import_module("numpy")
    multinomial: Any = importlib.import_module("savvi.multinomial")
    found: list[dict[str, float]] = []
    for share in SHARES:
        for concentration in (errors / share for errors in PRIOR_ERRORS):
            for canary, twin in COUNTS:
                meant = numpy.array([share, 1 - share])
                test: Any = multinomial.Multinomial(ALPHA, meant, concentration)
                test.update(numpy.array([canary, twin]))
                one = {"share": share, "k": concentration, "canary": canary, "twin": twin}
                found.append(one | {"odds": float(test.odds)})
    return found


def confseq_logs() -> list[dict[str, float]]:
    """Logarithms of its one-sided mixture for sums of bounded variables, of the same counts."""
    boundaries: Any = importlib.import_module("confseq.boundaries")
    mixture = boundaries.beta_binomial_log_mixture
    found: list[dict[str, float]] = []
    for share in SHARES:
        spread = share * (1 - share)
        for variance in VARIANCES:
            for canary, twin in COUNTS:
                number = canary + twin
                excess, v = canary - number * share, number * spread
                log = float(mixture(excess, v, variance, share, 1 - share, ALPHA, True))
                one = {"share": share, "v_opt": variance, "canary": canary, "twin": twin}
                found.append(one | {"log": log})
    return found


def main() -> None:
    """Print all of it."""
    versions = {name: metadata.version(name) for name in ("savvi", "confseq")}
    said = {"versions": versions, "savvi": savvi_odds(), "confseq": confseq_logs()}
    sys.stdout.write(json.dumps(said).replace("{", "\n {") + "\n")


if __name__ == "__main__":
    main()
