"""What two looks at a host's counters say: calls a second, and a p99 near the true one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.fleet.control.looks.numbers import (
    Numbers,
    Rates,
    rates,
    read_gateway_numbers,
    read_numbers,
)
from hanse.runtime.telemetry.metrics import Metrics


def metrics(*durations: float) -> Metrics:
    made = Metrics()
    method = made.of("cart.v1.Carts", "Get")
    for seconds in durations:
        method.record(int(seconds * 1e9), "")
    made.gauge("hanse_directory_revision", "Revision of the directory that is followed.").set(7)
    return made


def test_it_reads_what_our_hosts_write() -> None:
    numbers = read_numbers(metrics(0.001, 0.002, 0.5).prometheus(), at=3.0)

    assert (numbers.at, numbers.calls, numbers.revision) == (3.0, 3, 7)
    assert numbers.buckets[-1] == (float("inf"), 3)


def test_rates_are_of_the_time_between() -> None:
    before = read_numbers(metrics(*[5.0] * 100).prometheus(), at=10.0)
    now = read_numbers(metrics(*[5.0] * 100, *[0.001] * 50).prometheus(), at=12.0)

    found = rates(before, now)

    assert found.calls_per_second == 25.0
    assert found.p99_seconds is not None
    assert found.p99_seconds < 0.005  # what was slow, was slow before


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (Numbers(1.0, 5), Numbers(2.0, 5)),  # nothing happened
        (Numbers(1.0, 5), Numbers(1.0, 9)),  # no time passed
        (Numbers(1.0, 500), Numbers(2.0, 3)),  # it began anew
    ],
)
def test_nothing_is_said_of_nothing(before: Numbers, now: Numbers) -> None:
    assert rates(before, now) == Rates()


@given(st.lists(st.floats(0.0001, 30.0), min_size=1, max_size=200))
def test_p99_is_off_by_the_width_of_a_bucket_at_most(durations: list[float]) -> None:
    found = rates(Numbers(0.0), read_numbers(metrics(*durations).prometheus(), at=1.0))

    true = sorted(durations)[-(-len(durations) * 99 // 100) - 1]
    assert found.p99_seconds is not None
    assert true / 4 <= found.p99_seconds <= true * 4


def test_the_gateways_requests_are_those_of_its_doors() -> None:
    text = "http.http.downstream_rq_total: 40\nhttp.https.downstream_rq_total: 2\nhttp.admin.downstream_rq_total: 9\n"

    now = read_gateway_numbers(text, at=3.0)

    assert rates(Numbers(1.0, 2), now) == Rates(20.0, None)
