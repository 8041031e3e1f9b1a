"""What other judges decide wrongly, as their users report it, decided rightly here."""

import random

from hanse.fleet.judge.plan import Plan, Signal
from hanse.fleet.judge.tests.traffic import Did, Traffic

STEADY = {10: 50}


def test_seven_of_ten_points_that_jump_from_1_to_100_do_not_pass():
    """spinnaker/spinnaker#6278: Mann-Whitney passes seven of ten and is turned round by the eighth."""
    failing = Traffic()
    for second in range(7):
        failing.second(Did(1000, 100), Did(1000, 1), seconds=60)
    assert failing.verdict.state == "bad"
    plan = Plan(latency=(), signals=(Signal(name="mistakes", bad="up"),))
    business = Traffic(plan, signals=("mistakes",))
    for second in range(20):
        number = 100 if second % 10 < 7 else 1
        business.second(Did(1000, signals={"mistakes": number}), Did(1000, signals={"mistakes": 1}))
        assert business.verdict.state != "good"
    assert business.verdict.state == "bad"


def test_a_change_of_variance_does_not_pass():
    """spinnaker/kayenta#780: the middle is where it was, and half of the requests take ten times as long."""
    traffic = Traffic(Plan())
    verdict = traffic.seconds(60, Did(50, ms={1: 25, 100: 25}), Did(50, ms={9: 25, 11: 25}))
    assert verdict.state == "bad"


def test_less_variance_is_no_fault():
    traffic = Traffic(Plan())
    verdict = traffic.seconds(200, Did(50, ms={9: 25, 11: 25}), Did(50, ms={8: 25, 12: 23, 100: 2}))
    assert verdict.state == "good"


def test_one_outlier_turns_no_verdict_round():
    """spinnaker/kayenta#426: one request that takes a minute, one second of failures."""
    slow, failing = Traffic(Plan()), Traffic()
    slow.seconds(15, Did(50, ms=STEADY), Did(50, ms=STEADY))
    failing.seconds(5)
    assert slow.second(Did(51, ms={10: 50, 60_000: 1}), Did(50, ms=STEADY)).evidence < 20
    failing.second(Did(50, 40), Did(50))
    for _ in range(100):
        failing.second()
        assert failing.verdict.state == "undecided"


def test_sparse_figures_neither_pass_nor_fail():
    """spinnaker/kayenta#799, argoproj/argo-rollouts#1905: a request a minute, and none for hours."""
    traffic = Traffic()
    chance = random.Random(1)
    for _ in range(120):
        verdict = traffic.second(Did(chance.randrange(2)), Did(chance.randrange(2)), seconds=60)
        assert verdict.state == "undecided"
    assert verdict.more_s > 3600
    for _ in range(120):
        assert traffic.second(Did(0), Did(0), seconds=60).state == "undecided"


def test_low_traffic_that_fails_is_convicted_all_the_same():
    """One request in five seconds for each: minutes instead of never."""
    traffic = Traffic()
    chance = random.Random(1)
    seconds = 0
    while traffic.verdict.state == "undecided":
        requests = chance.randrange(2), chance.randrange(2)
        traffic.second(Did(requests[0], requests[0]), Did(requests[1]), seconds=5)
        seconds += 5
    assert traffic.verdict.state == "bad"
    assert seconds < 600


def test_identical_figures_without_a_single_error_are_good_and_not_for_want_of_a_difference():
    """A judge that takes "no difference found" for good passes three requests. This one needs 500."""
    assert Traffic().seconds(2, Did(3), Did(3)).state == "undecided"
    assert Traffic().seconds(60).state == "good"


def test_one_failure_of_few_is_no_rollback():
    """argoproj/argo-rollouts#4792: one blip in the first minute."""
    traffic = Traffic()
    verdict = traffic.second(Did(3, 1), Did(17, 0))
    assert (verdict.state, verdict.reason) == ("undecided", "more_needed")
    assert verdict.evidence < 20


def test_looking_all_the_time_convicts_no_innocent():
    """A z-test at one percent that is looked at 200 times convicts one innocent in ten.

    That nobody is, is counted exactly in `test_betting.py`, and over many runs by the benchmark.
    """
    convicted = 0
    for seed in range(5):
        chance = random.Random(seed)
        traffic = Traffic(Plan(latency=(), wrong_good=1e-30))
        for _ in range(100):
            did = [Did(50, sum(chance.random() < 0.04 for _ in range(50))) for _ in range(2)]
            convicted += traffic.second(*did).state == "bad"
    assert convicted == 0


def test_a_tenth_of_a_percent_to_one_is_seen_where_a_rank_test_of_minutes_sees_nothing():
    """60 requests a minute for each side: Kayenta's rule sees it in one of 200 runs after 50 minutes."""
    traffic = Traffic()
    chance = random.Random(3)
    minutes = 0
    while traffic.verdict.state == "undecided" and minutes < 120:
        failed = (
            sum(chance.random() < 0.01 for _ in range(60)),
            sum(chance.random() < 0.001 for _ in range(60)),
        )
        traffic.second(Did(60, failed[0]), Did(60, failed[1]), seconds=60)
        minutes += 1
    assert traffic.verdict.state == "bad"
    assert minutes < 50
