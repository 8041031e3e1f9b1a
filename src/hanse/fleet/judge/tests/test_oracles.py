"""The same stakes as others lay, laid on our bets, win what they say they win.

Recorded by `benchmarks/judge/oracles.py`, which says why they are not installed here: savvi has the
tests of Lindon and Malek by their authors, confseq confidence sequences of Howard and Ramdas.
"""

import json
import math
from pathlib import Path

import pytest

from hanse.fleet.judge.betting import Pair, by_shares, together

SAID = json.loads(Path(__file__).with_name("oracles.json").read_text())
STEPS = 4000


def won(row: dict, a: float, b: float, least: float = 0.0) -> float:
    """Logarithm of what bets on shares above the least win, with stakes by Beta's density."""
    share, canary, twin = row["share"], row["canary"], row["twin"]
    # Evenly in the angle, so that the density is finite where it is none in the share.
    angles = [math.pi / 2 * (step + 0.5) / STEPS for step in range(STEPS)]
    shares = [math.sin(angle) ** 2 for angle in angles]
    chosen = [each for each in shares if each > least]
    stakes = [(a - 0.5) * math.log(each) + (b - 0.5) * math.log1p(-each) for each in chosen]
    whole = together([0.0] * len(stakes), stakes)
    ratios = [each / (1 - each) * (1 - share) / share for each in chosen]
    gains = by_shares(Pair(canary, share, twin, 1 - share), ratios)
    return together(gains, stakes) - whole


@pytest.mark.parametrize(
    "row", SAID["savvi"], ids=lambda row: "{share} {k} {canary} {twin}".format(**row)
)
def test_savvis_prior_wins_what_savvi_says(row):
    a, b = row["k"] * row["share"], row["k"] * (1 - row["share"])
    assert won(row, a, b) == pytest.approx(math.log(row["odds"]), abs=2e-2)


@pytest.mark.parametrize(
    "row", SAID["confseq"], ids=lambda row: "{share} {v_opt} {canary} {twin}".format(**row)
)
def test_confseqs_one_sided_prior_wins_what_confseq_says(row):
    """Its prior is Beta's beyond the share of an innocent, as wide as its `best_rho` says."""
    share = row["share"]
    double = 2 * math.log(1 / (2 * 0.001))
    wide = row["v_opt"] / (double + math.log1p(double)) - share * (1 - share)
    assert won(row, wide / (1 - share), wide / share, least=share) == pytest.approx(
        row["log"], abs=2e-2
    )
