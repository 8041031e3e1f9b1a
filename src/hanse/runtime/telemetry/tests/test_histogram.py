"""The histogram against the sorted values themselves."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.runtime.telemetry.histogram import BOUNDS_NS, PLACES, Histogram
from hanse.runtime.telemetry.histogram import filled as filled_places

LONGEST = 1 << 42
durations = st.integers(0, LONGEST) | st.integers(0, 40) | st.integers(0, 41).map(lambda b: 1 << b)
samples = st.lists(durations, min_size=1, max_size=200)


def filled(values) -> Histogram:
    histogram = Histogram()
    for value in values:
        histogram.record(value)
    return histogram


@given(samples, st.floats(0, 1))
def test_a_quantile_is_off_by_a_sixteenth_at_most(values: list[int], q: float) -> None:
    rank = max(1, math.ceil(q * len(values)))
    truth = max(1, sorted(values)[rank - 1])  # nothing takes less than a nanosecond
    assert abs(filled(values).quantile(q) - truth) <= truth / 16


@given(samples)
def test_count_and_sum_are_exact(values: list[int]) -> None:
    histogram = filled(values)
    assert (histogram.count, histogram.sum) == (len(values), sum(values))


@given(samples)
def test_the_buckets_for_prometheus_are_exact(values: list[int]) -> None:
    assert list(filled(values).buckets()) == [
        (bound, sum(value <= bound for value in values)) for bound in BOUNDS_NS
    ]


@given(st.lists(durations, max_size=50), st.lists(durations, max_size=50))
def test_merging_is_the_same_as_recording_all_in_one(ours: list[int], theirs: list[int]) -> None:
    merged, other, whole = filled(ours), filled(theirs), filled(ours + theirs)
    merged.merge(other)
    assert list(merged.buckets()) == list(whole.buckets())
    assert merged.statistics() == whole.statistics()
    assert other.count == len(theirs)


@pytest.mark.parametrize("bound", BOUNDS_NS)
def test_a_value_on_the_bound_belongs_to_it(bound: int) -> None:
    assert dict(filled([bound]).buckets())[bound] == 1
    assert dict(filled([bound + 1]).buckets())[bound] == 0


def test_a_clock_that_went_backwards_counts_as_nothing() -> None:
    histogram = filled([-5, -(10**12)])
    assert (histogram.count, histogram.sum, histogram.quantile(1)) == (2, 0, 1)


def test_what_takes_longer_than_73_minutes_falls_into_the_last_bucket() -> None:
    histogram = filled([10**18, 1 << 300])
    assert histogram.count == 2
    assert histogram.quantile(1) <= LONGEST
    assert len(histogram._counts) == 320


def test_a_histogram_takes_room_as_it_needs_it_and_has_no_quantiles_at_first() -> None:
    histogram = Histogram()
    assert histogram._counts == []
    assert len(filled([1_000_000])._counts) == 144  # a millisecond needs no room for an hour
    assert histogram.quantile(0.99) == 0
    assert histogram.statistics().count == 0


@pytest.mark.parametrize("q", [-0.1, 1.1, 99, math.nan])
def test_a_quantile_outside_of_0_and_1_is_refused(q: float) -> None:
    with pytest.raises(ValueError, match="from 0 to 1"):
        Histogram().quantile(q)


@given(samples)
def test_what_is_counted_by_place_elsewhere_has_the_same_bounds(values: list[int]) -> None:
    places, histogram = [0] * PLACES, Histogram()
    for value in values:
        places[histogram.record(value)] += 1
    told = list(filled_places(places))
    assert [bound for bound, _ in told] == sorted({bound for bound, _ in told})
    for bound in (*BOUNDS_NS, *(bound for bound, _ in told)):
        reached = sum(value <= bound for value in values)
        assert sum(number for one, number in told if one <= bound) == reached


@given(st.integers(LONGEST, 1 << 60))
def test_what_takes_longer_than_all_has_the_last_place(value: int) -> None:
    assert Histogram().record(value) == PLACES - 1
