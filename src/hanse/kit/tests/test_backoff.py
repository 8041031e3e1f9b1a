"""Waits double up to their bound, spread, and begin anew."""

from hypothesis import given
from hypothesis import strategies as st

from hanse.kit.backoff import Backoff


def test_waits_double_up_to_their_bound() -> None:
    backoff = Backoff(first=0.1, most=1.0, chance=lambda: 0.0)
    assert [round(backoff.next(), 3) for _ in range(6)] == [0.1, 0.2, 0.4, 0.8, 1.0, 1.0]


def test_after_health_it_begins_anew() -> None:
    backoff = Backoff(first=0.1, chance=lambda: 0.0)
    for _ in range(5):
        backoff.next()
    backoff.reset()
    assert backoff.next() == 0.1


@given(st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=30))
def test_every_wait_is_spread_over_its_upper_half(chances: list[float]) -> None:
    drawn = iter(chances)
    backoff = Backoff(first=1.0, most=8.0, chance=lambda: next(drawn))
    whole = 1.0
    for _ in chances:
        assert whole / 2 <= backoff.next() <= whole
        whole = min(8.0, whole * 2)
