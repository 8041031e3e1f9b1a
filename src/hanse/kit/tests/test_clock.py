"""Business time is aware, in UTC, and only goes on."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from hanse.kit.clock import Clock, ManualClock, SystemClock

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_the_system_clock_is_aware_and_in_utc() -> None:
    clock: Clock = SystemClock()
    before, moment, after = datetime.now(UTC), clock.now(), datetime.now(UTC)
    assert before <= moment <= after
    assert moment.utcoffset() == timedelta(0)


def test_a_manual_clock_stands_still_until_it_is_advanced() -> None:
    clock = ManualClock(NOON)
    assert clock.now() == clock.now() == NOON
    clock.advance(1.5)
    clock.advance(timedelta(days=365))
    assert clock.now() == NOON + timedelta(days=365, seconds=1.5)


def test_a_manual_clock_answers_in_utc_wherever_it_started() -> None:
    clock = ManualClock(NOON.astimezone(timezone(timedelta(hours=5))))
    assert clock.now() == NOON
    assert clock.now().utcoffset() == timedelta(0)


def test_a_start_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="tzinfo=UTC"):
        ManualClock(datetime(2026, 3, 1))


@pytest.mark.parametrize("step", [-1, timedelta(microseconds=-1)])
def test_time_does_not_go_back(step: float | timedelta) -> None:
    clock = ManualClock(NOON)
    with pytest.raises(ValueError, match="only goes on"):
        clock.advance(step)
    assert clock.now() == NOON
