"""What is good, what is bad, and what stays undecided, second by second."""

import math

import msgspec
import pytest

from hanse.fleet.judge.betting import RATIOS, STAKES, Pair, by_shares, shares_of, together
from hanse.fleet.judge.judge import KEPT_BACK, Judge
from hanse.fleet.judge.plan import SUSPICIOUS, Latency, Plan, Signal
from hanse.fleet.judge.tests.traffic import ERRORS_ONLY, Did, Traffic

NOBODY_COUNTS = Plan(latency=(), warm_up_s=0)


def test_a_release_like_its_twin_is_good_once_that_is_proven():
    traffic = Traffic()
    verdict = traffic.seconds(30, Did(50), Did(50))
    assert (verdict.state, verdict.reason) == ("good", "proven")
    # 500 requests without an error prove "below 1 %"; a few more, for one bets on other things, too
    assert 500 <= verdict.canary_requests <= 750
    assert verdict.metrics[0].proof >= 100


def test_a_release_that_fails_ten_times_as_often_is_bad():
    traffic = Traffic()
    verdict = traffic.seconds(200, Did(100, 1), Did(100, 0))
    assert (verdict.state, verdict.reason) == ("bad", "worse")
    assert verdict.evidence >= verdict.convicts == 1000
    assert verdict.metrics[0].hits <= 25


def test_evidence_is_what_the_formula_says():
    traffic = Traffic()
    verdict = traffic.second(Did(60, 4), Did(40, 1))
    gained = together(by_shares(Pair(4, 60, 1, 40), RATIOS), shares_of(STAKES))
    assert verdict.evidence == pytest.approx((1 - KEPT_BACK) * math.exp(gained))
    verdict = traffic.second(Did(10, 0), Did(90, 3))
    sums = [
        a + b
        for a, b in zip(
            by_shares(Pair(4, 60, 1, 40), RATIOS),
            by_shares(Pair(0, 10, 3, 90), RATIOS),
            strict=True,
        )
    ]
    assert verdict.evidence == pytest.approx(
        (1 - KEPT_BACK) * math.exp(together(sums, shares_of(STAKES)))
    )


@pytest.mark.parametrize("alpha", [0.01, 0.001, 1e-6])
def test_it_is_bad_from_one_in_alpha_and_not_before(alpha):
    traffic = Traffic(Plan(latency=(), alpha=alpha))
    before = 0.0
    while traffic.second(Did(100, 1), Did(100, 0)).state == "undecided":
        before = traffic.verdict.evidence
        assert before < 1 / alpha
    assert traffic.verdict.state == "bad"
    assert traffic.verdict.evidence >= 1 / alpha > before >= SUSPICIOUS


def test_from_twenty_on_it_is_suspicious_and_no_longer_good():
    traffic = Traffic(Plan(latency=(), slo=0.5))
    suspicious = False
    while not suspicious:
        verdict = traffic.second(Did(100, 1), Did(100, 0))
        suspicious = verdict.evidence >= 20
        assert (verdict.reason == "suspicious") == suspicious
    assert verdict.metrics[0].proven  # far below what the service may fail
    assert verdict.state == "undecided"
    assert "suspicious" in verdict.sentence


def test_what_the_service_may_fail_is_good_though_the_twin_fails_less():
    """Good is below the greater of the two bounds."""
    failing = Did(1000, 3)
    assert Traffic(Plan(latency=(), slo=0.01)).seconds(20, failing, Did(1000, 3)).state == "good"
    strict = Traffic(Plan(latency=(), slo=0, margin=0.001))
    assert strict.seconds(5, failing, Did(1000, 3)).reason == "more_needed"


def test_a_margin_beside_a_twin_that_fails_often_is_proven_too():
    traffic = Traffic(Plan(latency=(), slo=0.01, margin=0.02))
    assert traffic.seconds(300, Did(500, 25), Did(500, 25)).state == "good"


def test_a_release_beyond_its_margin_is_not_good():
    traffic = Traffic(Plan(latency=(), slo=0.01, margin=0.02, alpha=1e-90))
    assert traffic.seconds(100, Did(500, 36), Did(500, 25)).state == "undecided"


@pytest.mark.parametrize(("share", "errors"), [(0.5, 18), (0.1, 14), (0.02, 12)])
def test_a_canary_that_fails_always_is_convicted_within_few_requests(share, errors):
    """A smaller share costs fewer of them: a judge that is wrong once in 1,000 needs so many."""
    traffic = Traffic(share=share)
    canary = Did(2, 2)
    twin = Did(round(2 / share) - 2, 0)
    verdict = traffic.seconds(60, canary, twin)
    assert verdict.state == "bad"
    assert verdict.metrics[0].hits <= errors


def test_the_share_is_the_realised_one_of_each_look():
    """Canary and twin fail alike while the share grows tenfold: sums alone would convict."""
    traffic = Traffic(share=0.1)
    traffic.seconds(20, Did(50, 0), Did(450, 1))
    traffic.share = 0.9
    verdict = traffic.seconds(40, Did(450, 9), Did(50, 1))
    assert verdict.evidence < 1
    assert verdict.split < SUSPICIOUS


class TestSlowness:
    FAST = {8: 25, 10: 20, 20: 4, 80: 1}

    def latency(self, **limits):
        return Traffic(Plan(**limits), age=100)

    def test_alike_is_good(self):
        traffic = self.latency()
        verdict = traffic.seconds(300, Did(50, ms=self.FAST), Did(50, ms=self.FAST))
        assert verdict.state == "good"
        assert {metric.name for metric in verdict.metrics} == {
            "errors", "slower_than_p50", "slower_than_p90", "slower_than_p99",
        }  # fmt: skip

    @pytest.mark.parametrize("canary", [
        {16: 25, 20: 20, 40: 4, 160: 1},  # all of it twice as slow
        {8: 25, 10: 20, 20: 2, 200: 3},   # only the slowest of all
        {8: 10, 14: 35, 20: 4, 80: 1},    # only the middle
    ])  # fmt: skip
    def test_slower_is_bad(self, canary):
        verdict = self.latency().seconds(200, Did(50, ms=canary), Did(50, ms=self.FAST))
        assert verdict.state == "bad"
        assert " ms were" in verdict.sentence

    def test_a_little_slower_nobody_minds(self):
        canary = {9: 25, 11: 20, 22: 4, 88: 1}
        verdict = self.latency().seconds(300, Did(50, ms=canary), Did(50, ms=self.FAST))
        assert verdict.state == "good"

    def test_its_thresholds_are_those_of_the_windows_before(self):
        """So that nobody is measured by what he has just done himself."""
        traffic = self.latency()
        traffic.seconds(10, Did(50, ms=self.FAST), Did(50, ms=self.FAST))
        verdict = traffic.second(Did(50, ms=self.FAST), Did(50, ms={800: 50}))
        thresholds = [metric.threshold_ms for metric in verdict.metrics if metric.threshold_ms]
        assert thresholds == [10, 12.5, 100]  # 8, 10 and 80 ms, and a quarter

    def test_what_was_slow_while_it_warmed_up_does_not_count(self):
        traffic = Traffic(Plan(warm_up_s=10), age=0)
        for _ in range(10):
            traffic.second(Did(50, ms={900: 50}), Did(50, ms=self.FAST))
        assert traffic.verdict.reason == "more_needed"
        assert [metric.requests for metric in traffic.verdict.metrics] == [500, 0, 0, 0]
        assert traffic.seconds(200, Did(50, ms=self.FAST), Did(50, ms=self.FAST)).state == "good"

    def test_but_what_fails_then_does(self):
        """Users do not ask how old a host is, and its twin is as old."""
        traffic = Traffic(age=0)
        verdict = traffic.seconds(10, Did(10, 9), Did(10, 0))
        assert verdict.state == "bad"

    def test_and_for_good_nothing_does(self):
        traffic = Traffic(Plan(latency=(), warm_up_s=60), age=0)
        for _ in range(59):
            assert traffic.second(Did(50), Did(50)).reason == "warming_up"
        assert traffic.second(Did(50), Did(50)).reason == "more_needed"
        assert traffic.verdict.metrics[0].proof < 2


class TestSignals:
    PLAN = Plan(
        latency=(), signals=(Signal(name="orders", bad="down"), Signal(name="declined", bad="up"))
    )

    def test_alike_is_good(self):
        did = Did(100, signals={"orders": 10, "declined": 4})
        assert (
            Traffic(self.PLAN, signals=("orders", "declined")).seconds(200, did, did).state
            == "good"
        )

    def test_fewer_orders_are_bad(self):
        few, many = ({"orders": number, "declined": 1} for number in (4, 10))
        verdict = Traffic(self.PLAN, signals=("orders", "declined")).seconds(
            99, Did(100, signals=few), Did(100, signals=many)
        )
        assert verdict.state == "bad"
        assert "orders came with" in verdict.sentence

    def test_and_more_orders_are_not(self):
        few, many = ({"orders": number, "declined": 1} for number in (4, 10))
        traffic = Traffic(self.PLAN, signals=("orders", "declined"))
        assert traffic.seconds(99, Did(100, signals=many), Did(100, signals=few)).evidence < 1

    def test_more_payments_declined_are_bad(self):
        few, many = ({"orders": 9, "declined": number} for number in (1, 4))
        traffic = Traffic(self.PLAN, signals=("orders", "declined"))
        assert traffic.seconds(99, Did(100, signals=many), Did(100, signals=few)).state == "bad"

    def test_one_that_is_not_needed_can_only_convict(self):
        plan = Plan(latency=(), signals=(Signal(name="refunds", bad="up", needed=False),))
        traffic = Traffic(plan, signals=("refunds",))
        assert traffic.seconds(99, Did(50), Did(50)).state == "good"

    def test_one_that_is_needed_and_never_came_holds(self):
        traffic = Traffic(self.PLAN, signals=("orders", "declined"))
        assert traffic.seconds(99, Did(50), Did(50)).reason == "more_needed"


class TestTheCap:
    """Errors beyond the twin's from which a suspicious release is given as little as there is."""

    def test_it_acts_only_on_one_that_is_suspicious(self):
        traffic = Traffic(Plan(latency=(), harm_max=25))
        verdict = traffic.second(Did(50_000, 5_000), Did(50_000, 4_900))
        for _ in range(3):
            verdict = traffic.second(Did(50_000, 5_000), Did(50_000, 4_900))
        assert verdict.excess == pytest.approx(400)
        assert verdict.evidence < SUSPICIOUS
        assert not verdict.retreat

    def test_and_then_it_does(self):
        traffic = Traffic(Plan(latency=(), harm_max=10, alpha=1e-6))
        while not (verdict := traffic.second(Did(100, 1), Did(100, 0))).retreat:
            assert verdict.weakest < SUSPICIOUS or verdict.excess < 10
        assert (verdict.state, verdict.reason) == ("undecided", "suspicious")
        assert verdict.excess >= 10

    def test_it_convicts_nobody(self):
        traffic = Traffic(Plan(latency=(), harm_max=1, alpha=1e-6))
        traffic.seconds(14, Did(100, 1), Did(100, 0))
        assert traffic.verdict.retreat
        assert traffic.verdict.state == "undecided"


class TestStages:
    def suspicious(self) -> Traffic:
        traffic = Traffic()
        traffic.seconds(12, Did(100, 1), Did(100, 0))
        assert SUSPICIOUS < traffic.verdict.evidence < 1000
        return traffic

    def test_what_one_stage_has_shown_goes_on_in_the_next(self):
        traffic = self.suspicious()
        before = traffic.verdict.evidence
        traffic.stage = "settle"
        begun = traffic.look()
        # and what was kept back for it is added
        assert begun.evidence == pytest.approx(before + KEPT_BACK * (1 - KEPT_BACK))
        assert (begun.canary_requests, begun.metrics[0].proof) == (0, 1)
        verdict = traffic.second(Did(100, 1), Did(100, 0))
        gained = together(by_shares(Pair(1, 100, 0, 100), RATIOS), shares_of(STAKES))
        assert verdict.evidence == pytest.approx(begun.evidence * math.exp(gained))

    def test_a_stage_that_spoke_for_it_takes_little_from_the_next(self):
        traffic = Traffic(Plan(latency=(), alpha=0.001, wrong_good=1e-30))
        traffic.seconds(40, Did(100, 0), Did(100, 1))
        assert traffic.verdict.evidence < 0.01
        traffic.stage = "settle"
        assert traffic.look().evidence == pytest.approx(KEPT_BACK * (1 - KEPT_BACK), rel=0.05)
        assert traffic.seconds(30, Did(100, 1), Did(100, 0)).state == "bad"

    def test_all_stakes_together_are_one_at_most(self):
        """Whatever the stages, an innocent is convicted in one of 1,000 deployments at most."""
        traffic = Traffic()
        for stage in range(1, 30):
            # nothing was bet on: all stakes of so many stages are still there
            assert traffic.verdict.evidence == pytest.approx(1 - KEPT_BACK**stage)
            traffic.stage = f"region-{stage}"
            traffic.look()

    def test_a_pair_of_other_instances_is_compared_anew(self):
        traffic = Traffic(canaries=("new-1",), twins=("old-1",))
        traffic.seconds(3)
        other = Traffic(canaries=("new-1", "new-2"), twins=("old-2",), age=9999)
        other.judge, other.at, other.stage = traffic.judge, traffic.at, "settle"
        assert other.look().canary_requests == 0
        assert other.second(**{"new-2": Did(50)}).canary_requests == 100


def test_a_verdict_is_written_down_and_read_again():
    for traffic in (Traffic(), Traffic(Plan())):
        verdict = traffic.second(Did(50, 2, ms={5: 50}), Did(50, 0, ms={5: 50}))
        written = msgspec.json.encode(verdict)
        assert msgspec.json.decode(written, type=type(verdict)) == verdict


def test_a_judge_that_was_written_down_goes_on_as_if_nothing_had_been():
    plan = Plan(latency=(Latency(quantile=0.9, margin=0.05),))
    traffic, other = Traffic(plan), Traffic(plan)
    for second in range(40):
        did = (
            Did(50, second % 7 == 0, ms={5: 40, 9: 10}),
            Did(50, second % 9 == 0, ms={5: 41, 9: 9}),
        )
        memory = traffic.judge.memory
        written = msgspec.json.encode(memory)
        traffic.judge = Judge(plan, msgspec.json.decode(written, type=type(memory)))
        assert traffic.second(*did) == other.second(*did)


def test_the_least_of_what_is_asked_of_a_plan():
    assert ERRORS_ONLY.convicts == 1000
    assert [latency.name for latency in Plan().latency] == [
        "slower_than_p50",
        "slower_than_p90",
        "slower_than_p99",
    ]
