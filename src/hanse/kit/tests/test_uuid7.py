"""UUIDs of version 7: of their moment, ever greater, and unlike those of another source."""

from datetime import UTC, datetime, timedelta
from uuid import RFC_4122

from hypothesis import given
from hypothesis import strategies as st

from hanse.kit.uuid7 import Uuid7Source

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_an_id_tells_its_millisecond_version_and_variant():
    drawn = Uuid7Source().draw(NOON + timedelta(milliseconds=7))

    assert drawn.int >> 80 == int(NOON.timestamp() * 1000) + 7
    assert (drawn.version, drawn.variant) == (7, RFC_4122)


@given(st.lists(st.integers(-3, 3), min_size=2, max_size=200))
def test_each_is_greater_than_the_one_before_however_the_clock_goes(steps):
    source, now, drawn = Uuid7Source(), NOON, []
    for step in steps:
        now += timedelta(milliseconds=step)
        drawn.append(source.draw(now))

    assert drawn == sorted(set(drawn))
    assert {(one.version, one.variant) for one in drawn} == {(7, RFC_4122)}


def test_a_millisecond_without_room_for_more_borrows_from_the_next():
    source = Uuid7Source()
    first = source.draw(NOON)
    source._tail = (1 << 74) - 1

    second = source.draw(NOON)

    assert second.int >> 80 == (first.int >> 80) + 1


def test_two_sources_draw_different_ids_at_one_moment():
    one, other = Uuid7Source(), Uuid7Source()
    assert {one.draw(NOON) for _ in range(100)}.isdisjoint({other.draw(NOON) for _ in range(100)})
