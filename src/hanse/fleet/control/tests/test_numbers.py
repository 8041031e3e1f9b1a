"""What two looks at a host's counters say: calls a second, and a p99 near the true one."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.fleet.control.looks.numbers import (
    Numbers,
    Rates,
    numbers_in,
    rates,
    read_gateway_numbers,
)
from hanse.runtime.figures.totals import totals_of
from hanse.runtime.telemetry.metrics import Metrics

HUGE = b'{"calls":0,"took":[[1%s,0]],"directory":0,"shares":0}' % (b"0" * 400)


def numbers(*durations: float, at: float) -> Numbers:
    """What is read of a host that served calls of so many seconds each."""
    metrics = Metrics()
    method = metrics.of("cart.v1.Carts", "Get")
    for seconds in durations:
        method.record(int(seconds * 1e9), "")
    return numbers_in(200, msgspec.json.encode(totals_of(metrics, (7, 5))), at)


def test_it_reads_what_our_hosts_write() -> None:
    found = numbers(0.001, 0.002, 0.5, 100.0, at=3.0)

    assert (found.at, found.calls, found.revision, found.shares) == (3.0, 4, 7, 5)
    assert found.buckets[-2:] == ((2**36 / 1e9, 3), (float("inf"), 4))


@pytest.mark.parametrize(
    ("status", "body"), [(404, b"{}"), (200, b"alive\n"), (200, b"{}"), (200, HUGE)]
)
def test_who_answers_otherwise_lives_and_no_more_is_known(status: int, body: bytes) -> None:
    assert numbers_in(status, body, 3.0) == Numbers(3.0)


def test_rates_are_of_the_time_between() -> None:
    before = numbers(*[5.0] * 100, at=10.0)
    now = numbers(*[5.0] * 100, *[0.001] * 50, at=12.0)

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
    found = rates(Numbers(0.0), numbers(*durations, at=1.0))

    true = sorted(durations)[-(-len(durations) * 99 // 100) - 1]
    assert found.p99_seconds is not None
    assert true / 4 <= found.p99_seconds <= true * 4


def test_the_gateways_requests_are_those_of_its_doors() -> None:
    text = "http.http.downstream_rq_total: 40\nhttp.https.downstream_rq_total: 2\nhttp.admin.downstream_rq_total: 9\n"

    now = read_gateway_numbers(text, at=3.0)

    assert rates(Numbers(1.0, 2), now) == Rates(20.0, None)
