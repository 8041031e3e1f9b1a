"""One client, one host of several and one crowd convict nobody, however much they fail."""

import pytest

from hanse.fleet.judge.figures import Counts, Failure, Sample, distinct
from hanse.fleet.judge.plan import Plan, Signal
from hanse.fleet.judge.tests.traffic import CROWD, Did, Traffic

FAST = {8: 45, 20: 5}


class TestOneClient:
    def test_its_failures_alone_do_not_convict(self):
        traffic = Traffic()
        verdict = traffic.seconds(60, Did(100, 1, by=("robot",)), Did(100, 0))
        assert (verdict.state, verdict.reason) == ("undecided", "one_client")
        assert verdict.evidence > verdict.convicts
        assert verdict.weakest < 20
        assert verdict.weakest_without == "client:robot"
        assert "client robot" in verdict.sentence
        assert not verdict.retreat

    def test_nor_with_a_few_of_others(self):
        traffic = Traffic()
        traffic.seconds(3, Did(100, 1), Did(100, 1))
        assert traffic.seconds(60, Did(100, 1, by=("robot",)), Did(100, 0)).reason == "one_client"

    def test_but_what_fails_for_others_as_well_does(self):
        traffic = Traffic()
        traffic.seconds(20, Did(100, 1, by=("robot",)), Did(100, 0))
        assert traffic.seconds(40, Did(100, 1), Did(100, 0)).state == "bad"

    def test_two_are_not_one(self):
        assert Traffic().seconds(60, Did(100, 1, by=("robot", "clock")), Did(100, 0)).state == "bad"

    def test_callers_that_nobody_named_may_all_be_one(self):
        verdict = anonymous(60)
        assert (verdict.state, verdict.reason, verdict.weakest_without) == (
            "undecided",
            "one_client",
            "client:?",
        )
        assert "callers that nobody named" in verdict.sentence

    def test_the_only_one_there_is_is_the_traffic_itself(self):
        """A service that one other calls: what fails for that one, fails."""
        verdict = Caller(share=1.0).seconds(60, Did(100, 1), Did(100, 0))
        assert verdict.state == "bad"

    def test_one_with_a_third_of_the_traffic_is_still_one(self):
        verdict = Caller(share=1 / 3).seconds(60, Did(99, 1), Did(99, 0))
        assert (verdict.state, verdict.reason) == ("undecided", "one_client")

    def test_nor_do_its_slow_requests(self):
        verdict = SlowCaller(Plan()).seconds(60, Did(50, ms={8: 40, 300: 10}), Did(50, ms=FAST))
        assert (verdict.state, verdict.reason) == ("undecided", "one_client")


def anonymous(seconds: int):
    class Anonymous(Traffic):
        def poll(self):
            for one in self.instances.values():
                one.clients = {}
            return super().poll()

    return Anonymous().seconds(seconds, Did(100, 1), Did(100, 0))


class Caller(Traffic):
    """All that fails is one client's, of whom a share of all requests is."""

    def __init__(self, share: float) -> None:
        self.of_all = share
        super().__init__()

    def poll(self):
        poll = super().poll()
        for name, sample in poll.samples.items():
            requests = round(sample.counts.requests * self.of_all)
            counts = Counts(requests=requests, errors=sample.counts.errors)
            poll.samples[name] = Sample(
                born=sample.born,
                age_s=sample.age_s,
                counts=sample.counts,
                clients={"caller": counts},
            )
        return poll


class SlowCaller(Traffic):
    """All that is very slow is one client's."""

    def poll(self):
        poll = super().poll()
        for name, sample in poll.samples.items():
            slow = tuple(one for one in sample.counts.latency if one[0] > 200e6)
            number = sum(count for _, count in slow)
            clients = {"reporter": Counts(requests=number, latency=slow)}
            poll.samples[name] = Sample(
                born=sample.born, age_s=sample.age_s, counts=sample.counts, clients=clients
            )
        return poll


class TestOneHost:
    THREE = {"canaries": ("new-1", "new-2", "new-3"), "twins": ("old-1", "old-2", "old-3")}

    def test_of_several_alone_does_not_convict(self):
        fine = {name: Did(30) for name in ("new-2", "new-3", "old-2", "old-3")}
        verdict = Traffic(**self.THREE).seconds(60, Did(30, 2), Did(30, 0), **fine)
        assert (verdict.state, verdict.reason) == ("undecided", "one_host")
        assert verdict.weakest_without == "host:new-1"
        assert "host new-1" in verdict.sentence

    def test_but_what_all_of_them_do_does(self):
        others = {"new-2": Did(30, 1), "new-3": Did(30, 1), "old-2": Did(30), "old-3": Did(30)}
        assert Traffic(**self.THREE).seconds(60, Did(30, 1), Did(30, 0), **others).state == "bad"

    def test_a_canary_that_is_one_host_is_judged_by_it(self):
        assert (
            Traffic(twins=("old-1", "old-2"))
            .seconds(60, Did(60, 1), Did(30), **{"old-2": Did(30)})
            .state
            == "bad"
        )

    @pytest.mark.parametrize(("of_others", "reason"), [(0, "worse"), (1, "worse"), (6, "one_host")])
    def test_one_that_is_asked_nearly_everything_is_no_one_of_several(self, of_others, reason):
        """Two regions have a host each, and who draws a flag comes to one of them."""
        others = {"new-2": Did(of_others), "old-2": Did(of_others)}
        two = {"canaries": ("new-1", "new-2"), "twins": ("old-1", "old-2")}
        verdict = Traffic(**two).seconds(60, Did(30, 2), Did(30), **others)
        assert verdict.reason == reason

    def test_one_host_without_orders_does_not_convict(self):
        plan = Plan(latency=(), signals=(Signal(name="orders", bad="down"),))
        sells, silent = Did(30, signals={"orders": 6}), Did(30, signals={"orders": 0})
        traffic = Traffic(plan, **self.THREE, signals=("orders",))
        others = dict.fromkeys(("new-2", "new-3", "old-2", "old-3"), sells)
        verdict = traffic.seconds(90, silent, sells, **others)
        assert (verdict.state, verdict.reason) == ("undecided", "one_host")

    def test_nor_does_a_twin_of_several_that_sells_to_all(self):
        plan = Plan(latency=(), signals=(Signal(name="orders", bad="down"),))
        one, many = Did(30, signals={"orders": 2}), Did(30, signals={"orders": 25})
        traffic = Traffic(plan, **self.THREE, signals=("orders",))
        verdict = traffic.seconds(
            90, one, many, **{"new-2": one, "new-3": one, "old-2": one, "old-3": one}
        )
        assert (verdict.state, verdict.weakest_without) == ("undecided", "host:old-1")


class TestOneCrowd:
    def test_however_many_fail_in_one_second_it_is_not_even_suspicious(self):
        traffic = Traffic()
        traffic.seconds(5)
        assert traffic.second(Did(50, 50), Did(50, 0)).evidence < 20

    def test_nor_in_two_one_behind_the_other(self):
        traffic = Traffic()
        traffic.seconds(5)
        traffic.second(Did(50, 25), Did(50, 0))
        assert traffic.second(Did(50, 25), Did(50, 0)).evidence < 20

    def test_what_goes_on_is_none(self):
        verdict = Traffic().seconds(10, Did(50, 50), Did(50, 0))
        assert (verdict.state, verdict.at) == ("bad", 6.0)

    def test_nor_are_errors_that_come_one_by_one(self):
        """Where windows are long, for requests are few, they are told apart by the looks."""
        verdict = Traffic().seconds(20, Did(2, 2), Did(2, 0))
        assert (verdict.state, verdict.at) == ("bad", 9.0)

    def test_a_host_that_stands_still_for_some_seconds_is_not_slow(self):
        traffic = Traffic(Plan())
        traffic.seconds(8, *[Did(50, ms=FAST)] * 2)
        for _ in range(4):
            assert traffic.second(Did(50, ms={900: 50}), Did(50, ms=FAST)).evidence < 20


class TestDistinct:
    def test_a_client_that_fails_all_the_time_fails_once_a_second(self):
        many = [Failure("robot", 7, "canary")] * 50 + [Failure("robot", 8, "canary")] * 50
        assert distinct(many) == [Failure("robot", 7, "canary"), Failure("robot", 8, "canary")]

    def test_others_are_not_it(self):
        assert len(distinct(Failure(client, 7, "canary") for client in CROWD)) == len(CROWD)

    def test_who_fails_everywhere_counts_for_the_canary_by_its_share(self):
        """Once for each side would be as many for a canary with a tenth of the requests."""
        tenth = [
            Failure("robot", second, "twin" if n else "canary")
            for second in range(3000)
            for n in range(10)
        ]
        chosen = [failure.instance for failure in distinct(tenth)]
        assert chosen.count("canary") / len(chosen) == pytest.approx(0.1, abs=0.02)

    def test_in_whatever_order_they_are_read(self):
        some = [
            Failure("robot", second, f"host-{host}") for second in range(50) for host in range(3)
        ]
        assert sorted(map(str, distinct(some))) == sorted(map(str, distinct(reversed(some))))


def test_errors_of_clients_beyond_those_that_can_be_named_are_many():
    """A full list says that there are more."""
    traffic = Traffic(Plan(latency=(), alpha=1e-9))
    assert traffic.seconds(60, Did(100, 2), Did(100, 0)).state == "bad"
    assert len(traffic.instances["canary"].clients) > 16
