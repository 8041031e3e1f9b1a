"""When nobody deploys, and why."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.fleet.deployments.freeze import why_frozen
from hanse.runtime.placement.deploy_table import DatesTable, DeployTable, WeeklyTable

FRIDAY = datetime(2026, 11, 27, 15, 59, tzinfo=UTC)
WEEKEND = DeployTable(
    freeze=(
        WeeklyTable(
            since="fri",
            hour=17,
            until="mon",
            until_hour=8,
            zone="Europe/Berlin",
            reason="Nobody is there.",
        ),
    )
)


@pytest.mark.parametrize(
    ("moment", "frozen"),
    [
        (FRIDAY, False),
        (FRIDAY + timedelta(minutes=1), True),  # 17:00 in Berlin
        (datetime(2026, 11, 29, 12, tzinfo=UTC), True),
        (datetime(2026, 11, 30, 6, 59, tzinfo=UTC), True),
        (datetime(2026, 11, 30, 7, 0, tzinfo=UTC), False),  # 8:00 in Berlin
    ],
)
def test_a_weekend_is_frozen_in_its_zone(moment: datetime, *, frozen: bool) -> None:
    said = why_frozen(WEEKEND, moment)

    assert bool(said) == frozen
    if frozen:
        assert said == "Nobody is there. (until mon 8:00 Europe/Berlin)"


def test_dates_are_closed_from_one_moment_to_another() -> None:
    table = DeployTable(
        closed=(
            DatesTable(
                since=datetime(2026, 12, 20, tzinfo=UTC),
                until=datetime(2027, 1, 4, tzinfo=UTC),
                reason="The year ends.",
            ),
        )
    )

    assert why_frozen(table, datetime(2026, 12, 19, 23, 59, tzinfo=UTC)) == ""
    assert why_frozen(table, datetime(2026, 12, 31, tzinfo=UTC)).startswith(
        "The year ends. (until 2027-01-04"
    )
    assert why_frozen(table, datetime(2027, 1, 4, tzinfo=UTC)) == ""


@given(
    st.integers(0, 7 * 24 * 60 - 1),
    st.integers(0, 6),
    st.integers(0, 6),
    st.integers(0, 24),
    st.integers(0, 24),
)
def test_each_minute_of_the_week_is_either_frozen_or_not_as_in_a_plain_list(
    minute: int, since: int, until: int, hour: int, until_hour: int
) -> None:
    days = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    weekly = WeeklyTable(
        since=days[since], hour=hour, until=days[until], until_hour=until_hour, reason="x"
    )
    week = 7 * 24 * 60
    at, frozen = (since * 24 + hour) * 60 % week, set()
    ends = (until * 24 + until_hour) * 60 % week
    while True:
        frozen.add(at)
        at = (at + 1) % week
        if at == ends:
            break
    monday = datetime(2026, 11, 30, tzinfo=UTC)

    said = why_frozen(DeployTable(freeze=(weekly,)), monday + timedelta(minutes=minute))

    assert bool(said) == (minute in frozen)
