"""`met` and `ratio` are computed, whichever way a metric points."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.result import Result, limit

figures = st.floats(min_value=0.001, max_value=1e9)


def result(**changed):
    given = {
        "metric": "requests_per_second",
        "unit": "1/s",
        "better": "higher",
        "value": 90.0,
        "peer": "fastapi",
        "peer_value": 10.0,
        "goal": 8.0,
    }
    return Result(**(given | changed))


def test_more_is_better_compares_ours_with_theirs():
    assert result().ratio == 9.0
    assert result().met is True
    assert result(value=79.0).met is False


def test_less_is_better_compares_theirs_with_ours():
    faster = result(better="lower", value=2.0, peer_value=3.0, goal=1.0)
    assert faster.ratio == 1.5
    assert faster.met is True
    assert result(better="lower", value=3.0, peer_value=2.0, goal=1.0).met is False


def test_a_ratio_that_only_rounds_up_to_the_goal_is_missed():
    nearly = result(value=79.9999)
    assert nearly.line()["ratio"] == 8.0
    assert nearly.line()["met"] is False


@pytest.mark.parametrize("missing", ["value", "peer_value"])
def test_a_goal_nobody_measured_is_missed(missing):
    line = result(**{missing: None}).line()
    assert line["ratio"] is None
    assert line["met"] is False


def test_without_a_goal_nothing_is_met_or_missed():
    assert result(goal=None).met is None


def test_a_bound_is_met_up_to_its_own_value():
    assert limit("first_answer", "s", value=0.6, at_most=0.6).met is True
    assert limit("first_answer", "s", value=0.61, at_most=0.6).met is False


def test_a_line_has_exactly_the_published_keys():
    published = ["metric", "value", "unit", "peer", "peer_value", "ratio", "goal", "met"]
    assert list(result().line()) == published


@given(ours=figures, theirs=figures, goal=st.floats(min_value=0.1, max_value=50))
def test_met_is_always_ratio_at_least_goal(ours, theirs, goal):
    for better in ("higher", "lower"):
        one = result(better=better, value=ours, peer_value=theirs, goal=goal)
        assert one.met == (one.ratio >= goal)
