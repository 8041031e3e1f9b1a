"""The bounded map."""

from hypothesis import given
from hypothesis import strategies as st

from hanse.runtime.credentials.recent import Recent

KEYS = st.integers(0, 30).map(lambda n: bytes([n]))


@given(st.integers(2, 10), st.lists(st.tuples(st.sampled_from(["get", "put", "drop"]), KEYS)))
def test_it_holds_at_most_its_limit_and_never_a_wrong_value(limit, steps):
    recent: Recent[int] = Recent(limit)
    truth: dict[bytes, int] = {}
    for n, (step, key) in enumerate(steps, start=1):
        if step == "put":
            recent.put(key, n)
            truth[key] = n
        elif step == "get":
            assert recent.get(key) in (None, truth.get(key))
        else:
            recent.drop_where(lambda value: value % 2 == 0)
            truth = {k: v for k, v in truth.items() if v % 2}
        assert len(recent) <= limit
        if step == "put":
            assert recent.get(key) == n


@given(st.integers(4, 20), st.lists(KEYS))
def test_what_is_asked_for_all_the_time_stays(limit, others):
    recent: Recent[int] = Recent(limit)
    recent.put(b"favourite", 1)
    for key in others:
        recent.put(key, 2)
        assert recent.get(b"favourite") == 1
