"""Figures: quantiles, sums over processes, and bounds."""

import pytest
from boutique_load.tally import BUCKET_RATIO, SENTENCES_MAX, Latencies, Tally, added
from hypothesis import given
from hypothesis import strategies as st


@given(
    st.lists(st.floats(1e-5, 100), min_size=1, max_size=200), st.sampled_from([0.5, 0.9, 0.99, 1.0])
)
def test_a_quantile_is_within_half_a_per_cent(seconds, share):
    latencies = Latencies()
    for each in seconds:
        latencies.record(each)

    exact = sorted(seconds)[max(1, -int(-len(seconds) * share // 1)) - 1]
    assert exact / BUCKET_RATIO <= latencies.quantile(share) <= exact * BUCKET_RATIO


def test_nothing_seen_is_nought():
    report = Tally().report()
    assert (report.requests, report.p99_ms, report.requests_per_second) == (0, 0.0, 0.0)


def test_what_two_processes_saw_is_added_up():
    one, other = Tally(seconds=2, wrong=1), Tally(seconds=3, failed=2, unserved=4)
    for tally, latency in ((one, 0.1), (other, 0.3)):
        tally.requests.record(latency)
        tally.task("home", latency)
    one.says("a", 2)
    other.says("a", 3)

    report = added([one, other]).report()

    assert (report.requests, report.wrong, report.failed, report.unserved, report.seconds) == (
        2,
        1,
        2,
        4,
        3,
    )
    assert report.max_ms == pytest.approx(300)
    assert report.tasks["home"].count == 2
    assert report.sentences == {"a": 5}


def test_sentences_have_a_limit():
    tally = Tally()
    for number in range(SENTENCES_MAX + 7):
        tally.says(f"sentence {number}")

    assert len(tally.sentences) == SENTENCES_MAX + 1
    assert tally.sentences["others"] == 7
