"""Several groups are one canary and one twin to the judge."""

import pytest
from msgspec.structs import replace

from hanse.fleet.control.staging.api import Instance
from hanse.fleet.deployments.judged.outcome import Pair
from hanse.fleet.deployments.judged.unit import Unit
from hanse.fleet.judge.figures import Counts, Poll, Sample, check


def instance(name: str, part: str = "canary") -> Instance:
    group = name.partition("-")[0]
    return Instance(
        name=name,
        group=group,
        release="r",
        part=part,
        deployment="d",
        answering=True,
        restarts=0,
        socket="",
    )


@pytest.mark.parametrize(
    ("canary", "twin", "crashed"),
    [(0, 0, False), (1, 0, True), (1, 1, False)],
)
def test_a_canary_that_was_ended_for_its_memory_has_crashed(
    canary: int, twin: int, crashed: bool
) -> None:
    pair = Pair(
        (replace(instance("shop-2"), overran=canary),),
        (replace(instance("shop-3", "twin"), overran=twin),),
    )

    assert pair.crashed == crashed
    assert ("more memory than memory_bytes allows" in pair.crash) == crashed


def sample(requests: int, errors: int, bound: int = 1, born: str = "a", **clients: int) -> Sample:
    named = {name: Counts(requests=number, errors=0) for name, number in clients.items()}
    counts = Counts(
        requests=requests, errors=errors, latency=((bound, requests),), signals={"e": 1}
    )
    return Sample(born=born, age_s=float(requests), counts=counts, clients=named)


def test_hosts_of_one_group_stay_hosts() -> None:
    pair = Pair((instance("shop-1"), instance("shop-2")), (instance("shop-3", "twin"),))
    samples = {name: sample(10, 1) for name in ("shop-1", "shop-2", "shop-3")}

    assert Unit().compared(pair, samples) == (("shop-1", "shop-2"), ("shop-3",), samples)


def test_the_first_hosts_of_all_groups_are_one() -> None:
    pair = Pair(
        (instance("shop-4"), instance("shop-5"), instance("till-2")),
        (instance("shop-6", "twin"), instance("till-3", "twin")),
    )
    samples = {
        "shop-4": sample(10, 1, 5, ada=3),
        "till-2": sample(20, 2, 7, ada=4, bob=1),
        "shop-5": sample(30, 3),
        "shop-6": sample(40, 0),
    }

    found = Unit().compared(pair, samples)

    assert (found.canaries, found.twins) == (("canary 1", "canary 2"), ("twin 1",))
    assert found.samples.keys() == {"canary 1", "canary 2"}, "a half of twin 1 has not answered"
    one = found.samples["canary 1"]
    assert (one.counts.requests, one.counts.errors, one.counts.signals, one.age_s) == (
        30,
        3,
        {"e": 2},
        10.0,
    )
    assert one.counts.latency == ((5, 10), (7, 20))
    assert {name: counts.requests for name, counts in one.clients.items()} == {"ada": 7, "bob": 1}
    check(
        Poll(
            at=1.0,
            stage="s",
            canaries=found.canaries,
            twins=found.twins,
            samples=found.samples,
            share=0.5,
        )
    )


def test_who_begins_anew_takes_nothing_of_the_others_along() -> None:
    pair = Pair((instance("shop-1"), instance("till-1")), (instance("shop-2", "twin"),))
    unit = Unit()

    def counted(shop: Sample, till: Sample) -> Sample:
        return unit.compared(pair, {"shop-1": shop, "till-1": till}).samples["canary 1"]

    first = counted(sample(1000, 5, ada=10), sample(100, 3, bob=4))
    second = counted(sample(1010, 5, ada=11), sample(7, 1, born="b", bob=1))
    third = counted(sample(1010, 5, ada=11), sample(9, 1, born="b", bob=1))

    assert first.born == second.born == third.born
    assert [one.counts.requests for one in (first, second, third)] == [1100, 1117, 1119]
    assert [one.counts.errors for one in (first, second, third)] == [8, 9, 9]
    assert [one.clients["bob"].requests for one in (first, second, third)] == [4, 5, 5]
    assert second.age_s == 7.0
