"""Bets are fair under the null: the mean of what they multiply by is at most 1, counted exactly."""

import math
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
    together,
)

RATES = (0.0, 0.003, 0.05, 0.2, 0.5, 0.8, 0.97, 1.0)
SIZES = ((1, 1), (1, 5), (6, 2), (4, 4))
FAIR = 1 + 1e-9


def binomial(n: int, p: float) -> list[float]:
    return [math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1)]


def mean(bets, n: int, p: float, m: int, q: float) -> float:
    """The greatest of the means of what the bets multiply by, over all that may happen."""
    sums: list[float] = []
    for (hits, a), (twin_hits, b) in product(enumerate(binomial(n, p)), enumerate(binomial(m, q))):
        gains = bets(Pair(hits, n, twin_hits, m))
        sums = sums or [0.0] * len(gains)
        for at, gain in enumerate(gains):
            sums[at] += a * b * math.exp(gain)
    return max(sums)


@pytest.mark.parametrize("null", [1.0, 1.5])
@pytest.mark.parametrize(("n", "m"), SIZES)
def test_by_shares_nobody_wins_against_one_that_is_no_worse(n, m, null):
    for p, q in product(RATES, RATES):
        if p <= null * q:
            assert (
                mean(lambda pair: by_shares(pair, [null * r for r in RATIOS], null), n, p, m, q)
                <= FAIR
            )


@pytest.mark.parametrize(("n", "m"), SIZES)
def test_by_shares_nobody_wins_against_one_with_no_fewer(n, m):
    """The same bets, turned around: for events of which fewer are worse, and for proofs."""
    for null, p, q in product((1.0, 0.5), RATES, RATES):
        if p >= null * q:
            assert (
                mean(lambda pair: by_shares(pair, [null / r for r in RATIOS], null), n, p, m, q)
                <= FAIR
            )


@given(
    st.floats(0.05, 3),
    st.floats(0.05, 3),
    st.integers(1, 9),
    st.integers(1, 9),
    st.sampled_from([1.0, 2.0]),
)
@settings(max_examples=15)
def test_by_shares_counts_may_be_poissons(rate, worse, n, m, null):
    """Business events may come several times a request."""
    twin = rate * worse
    canary = min(null * twin, rate)
    pairs = [
        (math.exp(-n * canary - m * twin + a * math.log(n * canary) + b * math.log(m * twin) - math.lgamma(a + 1) - math.lgamma(b + 1)),
         by_shares(Pair(a, n, b, m), [1.5 * null], null)[0])
        for a, b in product(range(70), range(70))
    ]  # fmt: skip
    # what is beyond is left out, and may only be more: so the ratio is small enough to be seen whole
    assert sum(chance * math.exp(gain) for chance, gain in pairs) <= FAIR


@pytest.mark.parametrize("null", [1.0, 1.5])
@pytest.mark.parametrize("base", [0.06, 0.3, 0.8])
@pytest.mark.parametrize(("n", "m"), SIZES)
def test_by_rates_nobody_wins_whatever_base_was_guessed(n, m, base, null):
    for p, q in product(RATES, RATES):
        if p <= min(null * q, 1.0):
            bets = lambda pair: by_rates(pair, base, [null * r for r in RATIOS], null)
            assert mean(bets, n, p, m, q) <= FAIR


def test_by_rates_is_by_shares_where_hits_are_rare():
    """The two are forms of one bet: with 1,000 times the requests, they agree."""
    pair = Pair(7, 40_000, 2, 50_000)
    rare = by_rates(pair, 5e-5, RATIOS)
    shares = by_shares(pair, RATIOS)
    # where by_rates knows the base, by_shares does not: the best of its bets is about as good
    assert max(rare) == pytest.approx(max(shares), abs=1.2)


def test_by_rates_wins_more_where_hits_are_frequent():
    half = Pair(65, 100, 50, 100)
    assert max(by_rates(half, 0.5, RATIOS)) > 1.5 * max(by_shares(half, RATIOS))


def test_a_bet_that_the_null_allows_gains_nothing():
    assert by_rates(Pair(90, 100, 50, 100), 0.5, [2.25], null=1.5) == [0.0]


@pytest.mark.parametrize("bound", [0.001, 0.05, 0.4])
@pytest.mark.parametrize("n", [1, 4, 9])
def test_below_nobody_wins_where_the_rate_is_the_bound_or_more(n, bound):
    for p in (bound, *(rate for rate in RATES if rate >= bound)):
        assert mean(lambda pair: below(pair, bound), n, p, 0, 0.0) <= FAIR


@pytest.mark.parametrize("margin", [0.003, 0.05, 0.3])
@pytest.mark.parametrize(("n", "m"), SIZES)
def test_beside_nobody_wins_where_the_rate_is_the_twins_and_the_margin_or_more(n, m, margin):
    for q in RATES:
        for p in (q + margin, *RATES):
            if q + margin <= p <= 1:
                assert mean(lambda pair: beside(pair, margin), n, p, m, q) <= FAIR


def ever(threshold: float, shares: list[float], stakes=STAKES) -> float:
    """The chance that a stake is ever worth so much while an innocent canary gets these shares.

    Over every way that the errors can fall, one after the other: its chance, and its gains. Those
    that end alike are one, so shares come by turns and are counted by their kinds.
    """
    parts = shares_of(stakes)
    kinds = sorted(set(shares))
    chances = {(0,) * (2 * len(kinds)): 1.0}
    crossed = 0.0
    for share in shares:
        at = kinds.index(share)
        after: dict[tuple, float] = {}
        for counted, chance in chances.items():
            for hit in (0, 1):
                now = list(counted)
                now[2 * at + 1 - hit] += 1
                key = tuple(now)
                after[key] = after.get(key, 0.0) + chance * (share if hit else 1 - share)
        chances = {}
        for counted, chance in after.items():
            gains = [0.0] * len(RATIOS)
            for kind, odds in enumerate(kinds):
                pair = Pair(counted[2 * kind], odds, counted[2 * kind + 1], 1 - odds)
                gains = [a + b for a, b in zip(gains, by_shares(pair, RATIOS), strict=True)]
            if together(gains, parts) >= math.log(threshold):
                crossed += chance
            else:
                chances[counted] = chance
    return crossed


@pytest.mark.parametrize("share", [0.5, 0.1, 0.02])
def test_whenever_one_stops_an_innocent_is_suspected_in_one_of_20_at_most(share):
    assert 0.001 < ever(20, [share] * 150) <= 1 / 20


def test_also_while_the_share_changes():
    assert 0.001 < ever(20, [0.1] * 20 + [0.5] * 20) <= 1 / 20


def test_more_errors_of_the_canary_are_more_evidence_and_more_of_the_twin_are_less():
    for hits, twin_hits in product(range(12), range(12)):
        here = by_shares(Pair(hits, 50, twin_hits, 80), RATIOS)
        worse = by_shares(Pair(hits + 1, 50, twin_hits, 80), RATIOS)
        better = by_shares(Pair(hits, 50, twin_hits + 1, 80), RATIOS)
        assert all(a < b for a, b in zip(here, worse, strict=True))
        assert all(a > b for a, b in zip(here, better, strict=True))


def test_more_requests_without_a_hit_are_more_of_a_proof():
    for hits in range(5):
        fewer, more = below(Pair(hits, 500, 0, 0), 0.01), below(Pair(hits, 600, 0, 0), 0.01)
        assert all(a < b for a, b in zip(fewer, more, strict=True))
        fewer, more = beside(Pair(hits, 500, 3, 500), 0.01), beside(Pair(hits, 600, 3, 600), 0.01)
        assert all(a < b for a, b in zip(fewer, more, strict=True))


def test_stakes_are_parts_of_one():
    for stakes in (STAKES, [1.0] * len(PARTS), [1.0] * len(CAUTIONS)):
        assert together([0.0] * len(stakes), shares_of(stakes)) == pytest.approx(0.0)
