"""How much a canary gets: no more than what is known of it allows to be lost."""

from hypothesis import given
from hypothesis import strategies as st

from hanse.fleet.deployments.judged.ramp import HARM_MAX, SLOW_RATE, Known, most_of_one, share


def known(rate: float = 1000.0, requests: int = 0, excess: float = 0.0) -> Known:
    return Known(rate=rate, react_seconds=2.0, requests=requests, excess=excess)


def test_the_first_share_loses_ten_requests_at_most() -> None:
    assert share(known(), 0.0, 0.5) == HARM_MAX / (1000 * 2.0)


def test_whom_few_ask_gets_its_half_at_once() -> None:
    assert share(known(rate=SLOW_RATE - 1), 0.0, 0.5) == 0.5


def test_it_grows_with_what_went_well_and_no_faster_than_twofold() -> None:
    found = [share(known(), 0.0, 0.5)]
    requests = 0
    while found[-1] < 0.5:
        requests += int(1000 * found[-1])
        found.append(share(known(requests=requests), found[-1], 0.5))

    assert all(after <= 2 * before for before, after in zip(found, found[1:], strict=False))
    assert len(found) < 20


def test_it_falls_where_requests_fail() -> None:
    assert share(known(requests=100, excess=50), 0.2, 0.5) < share(known(requests=100), 0.2, 0.5)


@given(
    rate=st.floats(SLOW_RATE, 1e5),
    requests=st.integers(0, 10**6),
    part=st.floats(0, 1),
    before=st.floats(0, 0.5),
)
def test_whatever_is_true_of_it_no_more_is_lost_than_allowed(
    rate: float, requests: int, part: float, before: float
) -> None:
    """Whose true rate of errors lies where one of 20 would not."""
    now = Known(rate=rate, react_seconds=2.0, requests=requests, excess=part * requests)

    given_share = share(now, before, 0.5)

    worst = min(1.0, max(part, 3 / max(1, requests)))
    assert given_share * rate * 2.0 * worst <= HARM_MAX * 1.0001
    assert 0 <= given_share <= 0.5


def test_a_pair_has_no_more_to_do_than_the_hosts_of_its_group() -> None:
    assert [most_of_one(replicas) for replicas in (1, 2, 4)] == [0.5, 0.5, 0.25]
