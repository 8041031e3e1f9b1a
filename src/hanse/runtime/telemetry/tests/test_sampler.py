"""The sampler lets so many traces a second through and no more."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.runtime.telemetry.sampler import Sampler


class Dial:
    """Seconds that a test turns."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


def test_a_burst_of_one_second_is_let_through_and_then_the_rate() -> None:
    dial = Dial()
    sampler = Sampler(10, dial)
    assert [sampler.sample() for _ in range(12)] == [True] * 10 + [False] * 2
    dial.at += 0.1001
    assert [sampler.sample() for _ in range(3)] == [True, False, False]
    dial.at += 3600
    assert [sampler.sample() for _ in range(12)] == [True] * 10 + [False] * 2


def test_less_than_one_a_second_is_one_now_and_then() -> None:
    dial = Dial()
    sampler = Sampler(0.1, dial)
    assert [sampler.sample() for _ in range(3)] == [True, False, False]
    dial.at += 9.9
    assert not sampler.sample()
    dial.at += 0.2
    assert [sampler.sample() for _ in range(2)] == [True, False]


def test_none_and_all() -> None:
    none, every = Sampler(0), Sampler(math.inf)
    assert not any(none.sample() for _ in range(1000))
    assert all(every.sample() for _ in range(1000))


@pytest.mark.parametrize("rate", [-1, math.nan])
def test_a_senseless_rate_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match="0 or more"):
        Sampler(rate)


@given(
    st.floats(0.05, 200),
    st.lists(st.floats(0, 0.5), min_size=1, max_size=300),
)
def test_never_more_than_a_burst_and_the_rate(rate: float, steps: list[float]) -> None:
    dial = Dial()
    sampler = Sampler(rate, dial)
    taken = 0
    for step in steps:
        dial.at += step
        taken += sampler.sample()
    assert 1 <= taken <= max(1, rate) + sum(steps) * rate + 1e-6
