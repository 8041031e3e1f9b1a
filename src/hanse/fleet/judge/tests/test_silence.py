"""Silence and nonsense: neither is ever good."""

import math

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hanse.fleet.judge.errors import BadFigures, BadPlan
from hanse.fleet.judge.figures import Counts
from hanse.fleet.judge.plan import Latency, Plan, Signal
from hanse.fleet.judge.tests.traffic import Did, Traffic

FAST = {8: 45, 20: 5}


def test_nothing_at_all_is_undecided():
    traffic = Traffic()
    for _ in range(500):
        assert traffic.second(Did(0), Did(0)).reason == "no_traffic"


def test_no_traffic_on_one_side_is_undecided():
    quiet_canary, quiet_twin = Traffic(), Traffic()
    for _ in range(100):
        assert quiet_canary.second(Did(0), Did(50)).state == "undecided"
        assert quiet_twin.second(Did(50), Did(0)).state == "undecided"


def test_few_requests_are_undecided_and_say_how_many_more():
    traffic = Traffic()
    verdict = traffic.seconds(20, Did(1), Did(1))
    assert verdict.reason == "more_needed"
    assert verdict.more_s == pytest.approx(verdict.more_requests / 2)
    assert "more requests decide, which takes" in verdict.sentence
    came = 0
    while traffic.second(Did(1), Did(1)).state == "undecided":
        came += 2
    assert verdict.more_requests == pytest.approx(came, rel=0.15)


def test_a_suspicious_one_says_how_many_more_as_well():
    traffic = Traffic(Plan(latency=(), alpha=1e-9))
    while traffic.second(Did(100, 1), Did(100, 0)).reason != "suspicious":
        pass
    told, came = traffic.verdict.more_requests, 0
    while traffic.second(Did(100, 1), Did(100, 0)).state == "undecided":
        came += 200
    assert told == pytest.approx(came, rel=0.15)


def test_where_no_number_of_requests_decides_it_says_so():
    """A little worse than allowed, and too little worse to be convicted."""
    traffic = Traffic(Plan(latency=(), slo=0, margin=0.001))
    verdict = traffic.seconds(30, Did(1000, 22), Did(1000, 20))
    assert (verdict.reason, verdict.more_requests, verdict.more_s) == ("more_needed", None, None)
    assert "no number of requests" in verdict.sentence


def test_who_was_good_and_is_silent_is_undecided():
    traffic = Traffic(Plan(latency=(), wrong_good=1e-4))
    traffic.seconds(14)
    traffic.silent = {"canary"}
    for _ in range(100):
        verdict = traffic.second(Did(50), Did(50))
        assert (verdict.state, verdict.reason) == ("undecided", "figures_missing")
        assert "canary" in verdict.sentence
    traffic.silent = set()
    assert traffic.second().state == "good"  # it says now what it did meanwhile


def test_a_twin_that_is_silent_is_not_good_either():
    traffic = Traffic()
    traffic.seconds(5)
    traffic.silent = {"twin"}
    assert traffic.seconds(100).reason == "figures_missing"


def test_a_canary_that_never_answered_is_undecided():
    traffic = Traffic(canaries=("one", "two"))
    traffic.silent = {"two"}
    assert traffic.seconds(100).reason == "figures_missing"


def test_one_that_hangs_gets_no_part_of_the_requests_and_is_not_good():
    """Requests that are never answered are counted nowhere: silence of another kind."""
    traffic = Traffic(Plan(latency=(), wrong_good=1e-30))
    traffic.seconds(20)
    for _ in range(10):
        verdict = traffic.second(Did(0), Did(50))
    assert verdict.reason == "split_otherwise"


class TestMetrics:
    def test_latency_that_nobody_measures_is_not_proven(self):
        traffic = Traffic(Plan())
        for _ in range(100):
            traffic.instances["canary"].latency = None
            verdict = traffic.second(Did(50), Did(50, ms=FAST))
        assert (verdict.state, verdict.reason) == ("undecided", "metric_missing")
        assert "slower_than_p50" in verdict.sentence
        assert not verdict.metrics[1].measured

    def test_nor_one_that_is_no_longer_measured(self):
        """Though it had been proven by then, and all else is by now."""
        traffic = Traffic(Plan(slo=0, margin=0.0005))
        did = Did(500, ms={8: 450, 20: 50})
        while not all(metric.proven for metric in traffic.second(did, did).metrics[1:]):
            pass
        assert traffic.verdict.reason == "more_needed"
        traffic.instances["canary"].latency = None
        while not traffic.second(Did(500), did).metrics[0].proven:
            pass
        assert traffic.verdict.reason == "metric_missing"

    def test_a_signal_that_nobody_counts_is_not_proven(self):
        traffic = Traffic(Plan(latency=(), signals=(Signal(name="orders", bad="down"),)))
        verdict = traffic.seconds(100)
        assert (verdict.state, verdict.reason) == ("undecided", "metric_missing")

    def test_what_fails_convicts_all_the_same(self):
        traffic = Traffic(Plan(signals=(Signal(name="orders", bad="down"),)))
        traffic.instances["canary"].latency = None
        assert traffic.seconds(60, Did(50, 5), Did(50, 0)).state == "bad"


class TestLives:
    def test_what_was_before_the_first_look_does_not_count(self):
        traffic = Traffic()
        traffic.instances["canary"].does(Did(1000, 900))
        traffic.stage = "again"
        traffic.look()
        assert traffic.second().metrics[0].hits == 0

    def test_one_that_has_begun_anew_is_counted_from_there(self):
        traffic = Traffic()
        traffic.seconds(3, Did(50, 1), Did(50, 1))
        again = traffic.instances["canary"]
        again.born, again.age, again.requests, again.errors, again.clients = "second", -1, 0, 0, {}
        verdict = traffic.second(Did(20, 1), Did(50))
        assert (verdict.metrics[0].hits, verdict.metrics[0].requests) == (4, 170)
        assert verdict.reason == "warming_up"

    def test_one_that_begins_anew_all_the_time_is_never_good(self):
        traffic = Traffic()
        for life in range(300):
            if life % 9 == 0:
                again = traffic.instances["canary"]
                again.born, again.age, again.requests = f"life {life}", -1, 0
            assert traffic.second().reason == "warming_up"

    def test_of_one_that_was_there_unseen_only_what_comes_counts(self):
        traffic = Traffic(canaries=("one", "two"))
        traffic.silent, traffic.stage = {"two"}, "begins without it"
        traffic.look()
        traffic.instances["two"].does(Did(1000, 1000))
        traffic.seconds(3)
        traffic.silent = set()
        traffic.second()
        assert traffic.second(two=Did(50)).metrics[0].hits == 0


COUNTS = {
    "negative requests": {"requests": -1},
    "negative errors": {"errors": -3},
    "requests that are none": {"requests": math.nan},
    "endless requests": {"requests": math.inf},
    "half a request": {"requests": 10.5},
    "a truth for a count": {"errors": True},
    "more errors than requests": {"requests": 10, "errors": 11},
    "negative durations": {"latency": ((10, -1),)},
    "durations of no length": {"latency": ((math.nan, 1),)},
    "buckets that do not ascend": {"latency": ((10, 1), (10, 1))},
    "more durations than requests": {"latency": ((10, 9_999),)},
    "negative orders": {"signals": {"orders": -1}},
    "orders that are none": {"signals": {"orders": math.nan}},
    "fewer requests than before": {"requests": 99},
    "fewer errors than before": {"errors": 1},
    "fewer durations than before": {"latency": ((10, 1),)},
    "durations that are gone": {"latency": ((11, 99),)},
    "fewer orders than before": {"signals": {"orders": 1}},
}
POLLS = {
    "a time that is none": {"at": math.nan},
    "a time before the last": {"at": 0.5},
    "a time below zero": {"at": -1.0},
    "an endless time": {"at": math.inf},
    "one on both sides": {"twins": ("twin", "canary")},
    "figures of a stranger": {"twins": ()},
    "no share": {"share": 0.0},
    "a share that is none": {"share": math.nan},
    "a share above all": {"share": 1.5},
}


class TestNonsense:
    @pytest.fixture
    def traffic(self) -> Traffic:
        traffic = Traffic(
            Plan(warm_up_s=0, signals=(Signal(name="orders", bad="down"),)), signals=("orders",)
        )
        traffic.seconds(2, *[Did(50, 1, ms={1e-5: 20}, signals={"orders": 5})] * 2)
        return traffic

    def refused(self, traffic: Traffic, poll) -> str:
        memory = msgspec.json.encode(traffic.judge.memory)
        with pytest.raises(BadFigures) as refused:
            traffic.judge.look(poll)
        assert refused.value.code == "bad_figures"
        as_before = msgspec.json.encode(traffic.judge.memory) == memory
        assert as_before
        traffic.second()  # whoever mends it goes on
        return str(refused.value)

    @pytest.mark.parametrize("wrong", COUNTS.values(), ids=COUNTS)
    def test_counts_that_cannot_be_are_refused(self, traffic, wrong):
        traffic.at += 1
        poll = traffic.poll()
        canary = poll.samples["canary"]
        poll.samples["canary"] = msgspec.structs.replace(
            canary, counts=msgspec.structs.replace(canary.counts, **wrong)
        )
        assert self.refused(traffic, poll).startswith("canary: ")

    @pytest.mark.parametrize("wrong", POLLS.values(), ids=POLLS)
    def test_polls_that_cannot_be_are_refused(self, traffic, wrong):
        self.refused(traffic, msgspec.structs.replace(traffic.poll(), **wrong))

    @pytest.mark.parametrize("age", [-1.0, math.nan, math.inf])
    def test_ages_that_cannot_be_are_refused(self, traffic, age):
        poll = traffic.poll()
        poll.samples["twin"] = msgspec.structs.replace(poll.samples["twin"], age_s=age)
        assert "twin: an age of" in self.refused(traffic, poll)

    @pytest.mark.parametrize("clients", [
        {"one": Counts(requests=-1)},
        {"one": Counts(requests=9_999)},
        {"one": Counts(requests=60, errors=50)},
        {f"{number}": Counts(requests=1) for number in range(17)},
    ], ids=["negative", "more than all", "more errors than all", "too many"])  # fmt: skip
    def test_clients_that_cannot_be_are_refused(self, traffic, clients):
        poll = traffic.poll()
        poll.samples["canary"] = msgspec.structs.replace(poll.samples["canary"], clients=clients)
        self.refused(traffic, poll)


@given(
    st.lists(
        st.tuples(st.integers(0, 60), st.integers(0, 60), st.booleans(), st.booleans()),
        min_size=1,
        max_size=30,
    )
)
@settings(max_examples=30)
def test_whatever_comes_good_is_never_said_without_figures_of_both(seconds):
    traffic = Traffic(Plan(latency=(), slo=0.2, wrong_good=0.5, warm_up_s=0))
    for canary, twin, silent, _ in seconds:
        traffic.silent = {"canary"} if silent else set()
        verdict = traffic.second(Did(canary), Did(twin))
        if verdict.state == "good":
            assert not silent
            assert verdict.canary_requests
            assert verdict.twin_requests


@pytest.mark.parametrize("wrong", [
    {"alpha": 0.0}, {"alpha": 0.05}, {"alpha": math.nan}, {"wrong_good": 1.0}, {"margin": 0.0}, {"slo": 1.0},
    {"slo": -0.1}, {"harm_max": -1.0}, {"harm_max": math.nan}, {"window_s": math.inf},
    {"latency": (Latency(quantile=1.0, margin=0.1),)}, {"latency": (Latency(quantile=0.5, margin=0.0),)},
    {"latency": (Latency(quantile=0.5, margin=0.1, slack=0.5),)}, {"latency": (Latency(quantile=0.5, margin=0.1),) * 2},
    {"signals": (Signal(name="errors", bad="up"),)}, {"signals": (Signal(name="a", bad="up"),) * 2},
    {"signals": (Signal(name="a", bad="up", margin=0.0),)},
], ids=str)  # fmt: skip
def test_plans_that_cannot_be_kept_are_refused(wrong):
    with pytest.raises(BadPlan):
        Plan(**wrong)
