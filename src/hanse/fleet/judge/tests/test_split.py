"""Requests that are split otherwise than meant are noticed, and chance is not taken for it."""

import math

import pytest

from hanse.fleet.judge.plan import Plan
from hanse.fleet.judge.split import BETS, TOLERATED, Split
from hanse.fleet.judge.tests.traffic import ERRORS_ONLY, Did, Traffic

LONG = Plan(latency=(), wrong_good=1e-200)


def chances(n: int, p: float) -> list[float]:
    return [math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1)]


@pytest.mark.parametrize("share", [0.5, 0.1, 0.9])
@pytest.mark.parametrize("n", [1, 7, 19, 30])
@pytest.mark.parametrize("tilt", [1 / TOLERATED, 0.9, 1.0, 1.1, TOLERATED])
def test_nobody_wins_while_the_share_is_nearly_as_meant(share, n, tilt):
    """By all ways that n requests can be split, also where they are scaled down."""
    odds = share / (1 - share) * tilt
    mean = 0.0
    for canary, chance in enumerate(chances(n, odds / (1 + odds))):
        split = Split()
        split.look(canary, n - canary, share)
        mean += chance * math.exp(split.evidence)
    assert mean <= 1 + 1e-9


@pytest.mark.parametrize(("canary", "twin"), [(20, 80), (70, 30), (0, 50)])
def test_a_share_that_is_another_is_not_good(canary, twin):
    traffic = Traffic(LONG, share=0.5)
    verdict = traffic.seconds(99, Did(canary), Did(twin))
    assert (verdict.state, verdict.reason) == ("undecided", "split_otherwise")
    assert verdict.split >= 1000
    assert "of the requests and was meant to get another" in verdict.sentence


def test_what_is_bad_is_bad_all_the_same():
    """It is judged by the share it really got."""
    assert Traffic(share=0.5).seconds(60, Did(20, 3), Did(80, 0)).state == "bad"
    fair = Traffic(LONG, share=0.5)
    assert fair.seconds(60, Did(20, 1), Did(80, 4)).evidence < 1


@pytest.mark.parametrize("share", [0.5, 0.1, 0.02])
def test_a_share_as_meant_is_good(share):
    canary = round(1000 * share)
    assert (
        Traffic(ERRORS_ONLY, share=share).seconds(300, Did(canary), Did(1000 - canary)).state
        == "good"
    )


def test_a_burst_on_one_connection_is_no_mismatch():
    traffic = Traffic(LONG, share=0.5)
    traffic.seconds(5)
    assert traffic.second(Did(5000), Did(50)).split < 1000


def test_once_it_is_as_meant_again_it_is_good():
    traffic = Traffic(LONG, share=0.5)
    while traffic.second(Did(10), Did(90)).reason != "split_otherwise":
        pass
    for _ in range(60):
        traffic.second()
    assert traffic.verdict.reason == "more_needed"


def test_where_nobody_was_meant_to_get_a_part_none_is_missed():
    traffic = Traffic(LONG, share=None)
    traffic.silent = {"twin"}
    traffic.second(Did(80), Did(20))  # who says nothing once says all of it the next time
    traffic.silent = set()
    assert traffic.seconds(200, Did(80), Did(20)).reason != "split_otherwise"


def test_bets_are_on_both_sides():
    assert len(Split().gained) == 2 * len(BETS)
