"""What is said to be in the place of the backups is there."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from hanse.fleet.backup.stream.completeness import Completeness

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)


def at(seconds: int) -> datetime:
    return NOON + timedelta(seconds=seconds)


def test_what_is_kept_while_nothing_is_written_is_complete_until_now():
    seen = Completeness()
    seen.note(at(0), 100, 100)
    seen.note(at(2), 100, 100)
    assert (seen.log, seen.behind) == (at(2), 0)


def test_while_more_is_written_it_is_complete_until_what_is_kept_by_now_was_written():
    seen = Completeness()
    seen.note(at(0), 100, 60)
    assert (seen.log, seen.behind) == (None, 40)
    seen.note(at(2), 200, 100)
    assert (seen.log, seen.behind) == (at(0), 100)
    seen.note(at(4), 300, 100)
    assert seen.log == at(0), "what stands still gets later by no look"


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=30))
def test_nothing_is_said_to_be_there_that_is_not(steps):
    seen, written, kept, history = Completeness(), 0, 0, []
    for moment, (more, sent) in enumerate(steps):
        written += more
        kept = min(written, kept + sent)
        history.append(written)
        seen.note(at(moment), written, kept)
        if seen.log is not None:
            assert history[int((seen.log - NOON).total_seconds())] <= kept
