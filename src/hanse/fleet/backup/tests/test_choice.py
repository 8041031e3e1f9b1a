"""When a base is due, what may go, and the way to a moment, by times and positions alone."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.fleet.backup.choice import Way, choose, is_due, is_needed, outdated, wanted
from hanse.fleet.backup.records import Base, Life
from hanse.fleet.backup.stream.segment import (
    SEGMENT_BYTES,
    Branch,
    Segment,
    read_history,
    read_segment,
)

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def at(hours: float) -> datetime:
    return NOON + timedelta(hours=hours)


def base(hours: float, *, timeline: int = 1, segment: int = 1, took: float = 0.1) -> Base:
    """One that was begun so many hours after noon, in the middle of a segment."""
    start = segment * SEGMENT_BYTES + SEGMENT_BYTES // 2
    return Base(
        name=f"{hours}", database="7", postgres="18", hanse="0", project="shop", timeline=timeline,
        start=start, end=start + 100, begun=at(hours), ended=at(hours + took), size=1,
    )  # fmt: skip


FIRST = Life(1, at(-1))
ONLY = {1: read_history(1, "")}


def test_the_first_base_of_a_life_is_due_at_once_and_the_next_after_its_time():
    assert is_due([], 1, DAY, NOON)
    assert not is_due([base(0)], 1, DAY, at(23.9))
    assert is_due([base(0)], 1, DAY, at(24))
    assert is_due([base(0)], 2, DAY, at(1)), "a new life begins with one of its own"


def test_a_base_goes_when_a_newer_one_leads_to_every_moment_that_is_kept():
    bases = [base(0), base(24), base(48)]
    assert outdated(bases, 2 * DAY, at(72.1)) == [bases[0]]
    assert outdated(bases, 2 * DAY, at(72)) == [], "it still leads to what was two days ago"
    assert outdated(bases, DAY, at(1000)) == bases[:2], "the last one stays, however old"


@given(
    st.lists(st.integers(0, 400), unique=True, max_size=12),
    st.integers(1, 200),
    st.integers(0, 600),
    st.data(),
)
def test_whatever_goes_every_moment_that_is_kept_keeps_its_way(hours, keep, now, data):
    bases = [base(one) for one in sorted(hours) if one < now]
    gone = outdated(bases, timedelta(hours=keep), at(now))
    moment = at(data.draw(st.integers(max(0, now - keep), max(0, now))))
    before = choose(bases, [FIRST], ONLY, moment)
    assert choose([one for one in bases if one not in gone], [FIRST], ONLY, moment) == before


def test_the_log_stays_from_the_oldest_base_on():
    bases = [base(0, segment=5), base(24, segment=9, timeline=2)]
    assert not is_needed(Segment(1, 4), bases)
    assert is_needed(Segment(1, 5), bases) and is_needed(Segment(2, 30), bases)
    assert is_needed(Segment(1, 0), []), "without a base nobody knows"


def test_the_shortest_way_begins_at_the_last_base_that_was_done_by_then():
    bases = [base(0), base(24), base(48)]
    assert choose(bases, [FIRST], ONLY, at(47)).base == bases[1]
    assert choose(bases, [FIRST], ONLY, bases[1].ended).base == bases[1]
    still_taken = choose(bases, [FIRST], ONLY, at(24.05))
    assert still_taken.base == bases[0], "one that was not done yet is of no use"
    assert choose(bases, [FIRST], ONLY, at(0.05)) is None
    assert choose(bases, [], {}, at(47)) is None


class TestAfterARestore:
    """At ten hours the database was restored to what it was at five; that is its second life."""

    left = 6 * SEGMENT_BYTES + 1000
    histories = {1: read_history(1, ""), 2: [Branch(1, left), Branch(2, None)]}
    lives = (FIRST, Life(2, at(10)))
    before = base(0, segment=1)
    given_up = base(8, segment=9)
    after = base(11, segment=7, timeline=2)
    bases = (before, given_up, after)

    def way(self, hours: float) -> Way:
        return choose(self.bases, self.lives, self.histories, at(hours))

    def test_a_moment_before_is_as_it_was_then_though_it_was_given_up(self):
        assert self.way(9).base == self.given_up and self.way(9).timeline == 1

    def test_until_the_new_life_has_a_base_the_old_one_leads_into_it(self):
        assert self.way(10.5).base == self.before and self.way(10.5).timeline == 2

    def test_then_its_own_does(self):
        assert self.way(12).base == self.after

    def test_the_log_follows_from_one_life_into_the_other(self):
        there = [Segment(1, number) for number in range(1, 12)]
        there += [Segment(2, number) for number in range(6, 9)]
        chosen, broken = wanted(self.way(10.5), there, None)
        assert [one for one in chosen if one.timeline == 1] == there[:6]
        assert [one for one in chosen if one.timeline == 2] == there[11:]
        assert not broken


def test_the_log_ends_before_a_part_that_is_missing_and_that_is_told():
    way = choose([base(0, segment=3)], [FIRST], ONLY, at(1))
    there = [Segment(1, number) for number in (2, 3, 4, 6)]
    assert wanted(way, there, None) == ([Segment(1, 3), Segment(1, 4)], True)
    assert wanted(way, there, 4) == ([Segment(1, 3), Segment(1, 4)], False)
    assert wanted(way, there[2:], None) == ([], True), "not even what the base itself needs"


@pytest.mark.parametrize("number", [0, 1, 255, 256, 70_000])
def test_a_segment_is_named_as_postgresql_names_it(number):
    segment = Segment(3, number)
    assert read_segment(segment.name) == segment
    assert read_segment(f"{segment.name}.partial") == segment


def test_names():
    assert Segment(1, 0x1_0000_0000 // SEGMENT_BYTES + 2).name == "000000010000000100000002"
    assert read_segment("00000002.history") is None
    text = "1\t0/6000148\tbefore 2026-11-29 11:00:00+00\n\n2\t1/A000000\tno recovery target\n"
    assert read_history(3, text) == [
        Branch(1, 0x6000148),
        Branch(2, 0x1_0A00_0000),
        Branch(3, None),
    ]
