"""The judge of the drill is judged: whatever is handled twice after a restore is a crime, and nothing else is."""

import pytest

from tests.faults.drill.verdict import Done, Note, complaints


def done(what: str, nonce: str, key: str = "k") -> Done:
    return Done(what, "a", f"{what}-{key}", nonce)


BEFORE = [done("told", "1"), done("paid", "2")]
SINCE = [done("sent", "3")]
NOTES = [Note("told", "a", "1"), Note("paid", "a", "2"), Note("sent", "a", "3")]


@pytest.mark.parametrize(
    ("before", "since", "notes"),
    [
        (BEFORE, SINCE, NOTES),
        ([*BEFORE, done("told", "0")], SINCE, NOTES),  # tried twice before
        ([*BEFORE, done("sent", "x")], SINCE, NOTES),  # done outside, and never committed
        (
            [*BEFORE, done("filed", "5")],
            [*SINCE, done("filed", "6")],
            [*NOTES, Note("filed", "a", "5")],
        ),  # before its first statement
        (BEFORE, SINCE, NOTES[1:]),  # told, and lost with the stream
    ],
)
def test_what_may_be_is_no_crime(before, since, notes):
    assert complaints([*before, *since], len(before), notes, {"a"}) == []


@pytest.mark.parametrize(
    ("crime", "since", "notes"),
    [
        ("handled as a new one", [*SINCE, done("told", "4")], NOTES),
        ("noted twice", [*SINCE, done("told", "4")], [*NOTES, Note("told", "a", "4")]),
        ("paid again", [*SINCE, done("paid", "4")], NOTES),
        ("under another key", [*SINCE, done("sent", "4", "other")], NOTES),
        (
            "filed under another key",
            [*SINCE, done("filed", "4", "x"), done("filed", "5", "y")],
            [*NOTES, Note("filed", "a", "5")],
        ),
        ("left undone", SINCE, NOTES[:2]),
        ("never done", SINCE, [*NOTES[:2], Note("sent", "a", "9")]),
        ("of no order", [*SINCE, Done("told", "b", "k", "4")], [*NOTES, Note("told", "b", "4")]),
    ],
)
def test_each_crime_is_told(crime, since, notes):
    assert complaints([*BEFORE, *since], len(BEFORE), notes, {"a"}) != [], crime
