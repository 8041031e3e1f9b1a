"""Facets: what fits, and the counts that people are shown before they choose."""

from datetime import UTC, datetime

import pytest
from hanse_hiring.api import Opening
from hanse_hiring.rules.facets import NAMES, board, similar, values
from hypothesis import given
from hypothesis import strategies as st

TEAMS, PLACES, TAGS = (
    ("Payments", "Search", "Runtime"),
    ("Kyiv", "Vilnius", "Remote"),
    ("Full time", "Intern", "Temp"),
)
DAY = datetime(2026, 11, 1, tzinfo=UTC)

openings = st.lists(
    st.builds(
        Opening,
        external_id=st.uuids().map(str),
        title=st.sampled_from(["Engineer", "Writer", "Lead"]),
        team=st.sampled_from(TEAMS),
        locations=st.lists(st.sampled_from(PLACES), min_size=1, unique=True).map(tuple),
        tags=st.lists(st.sampled_from(TAGS), unique=True).map(tuple),
        summary=st.just(""),
        published=st.integers(1, 28).map(lambda day: DAY.replace(day=day)),
    ),
    max_size=12,
)  # fmt: skip
chosen = st.fixed_dictionaries(
    {"team": st.lists(st.sampled_from((*TEAMS, "None such")), max_size=3), "location": st.lists(st.sampled_from(PLACES), max_size=2),
     "tag": st.lists(st.sampled_from((*TAGS, "")), max_size=2)}
)  # fmt: skip


def opening(name, team="Payments", locations=("Kyiv",), tags=("Full time",), day=1):
    return Opening(name, name, team, locations, tags, "", DAY.replace(day=day))


def counts(made, name):
    (facet,) = (one for one in made.facets if one.name == name)
    return {choice.value: choice.count for choice in facet.choices}


def test_a_facet_counts_what_the_others_leave_and_ignores_itself():
    ours = [
        opening("a"),
        opening("b", "Search"),
        opening("c", "Search", ("Vilnius",)),
        opening("d", "Runtime", ("Vilnius",), ("Intern",)),
    ]
    made = board(ours, {"team": ("Search",), "location": ("Vilnius",)})

    assert [one.title for one in made.openings] == ["c"]
    assert made.total == 4
    assert counts(made, "team") == {"Payments": 0, "Runtime": 1, "Search": 1}
    assert counts(made, "location") == {"Kyiv": 1, "Vilnius": 1}
    assert counts(made, "tag") == {"Full time": 1, "Intern": 0}


def test_values_stand_in_an_order_that_never_changes_and_remote_last():
    ours = [
        opening("a", locations=("Remote", "Vilnius")),
        opening("b", locations=("kyiv",), tags=("Intern", "Full time")),
    ]
    made = board(ours, {})

    assert list(counts(made, "location")) == ["kyiv", "Vilnius", "Remote"]
    assert list(counts(made, "tag")) == ["Full time", "Intern"]


def test_what_was_chosen_and_is_no_longer_there_can_be_taken_away_again():
    made = board([opening("a")], {"team": ("Gone",)})

    assert made.openings == ()
    (facet,) = (one for one in made.facets if one.name == "team")
    assert [(one.value, one.count, one.chosen) for one in facet.choices] == [
        ("Gone", 0, True),
        ("Payments", 1, False),
    ]


@given(openings, chosen)
def test_what_is_shown_has_a_chosen_value_of_each_facet_and_nothing_else_is_left_out(ours, wanted):
    made = board(ours, wanted)

    def fits(one):
        return all(
            not (picked := {*wanted[name]} - {""}) or picked & {*values(one, name)}
            for name in NAMES
        )

    assert {one.external_id for one in made.openings} == {
        one.external_id for one in ours if fits(one)
    }
    days = [one.published for one in made.openings]
    assert days == sorted(days, reverse=True)


@given(openings, chosen, st.sampled_from(NAMES))
def test_a_count_is_what_one_sees_who_chooses_that_value_alone_in_its_facet(ours, wanted, name):
    for value, count in counts(board(ours, wanted), name).items():
        assert len(board(ours, wanted | {name: [value]}).openings) == count


@given(openings, st.randoms(use_true_random=False))
def test_the_order_they_are_stored_in_does_not_matter(ours, chance):
    mixed = chance.sample(ours, len(ours))

    assert board(mixed, {}) == board(ours, {})


@pytest.mark.parametrize(
    ("team", "tags", "first"),
    [("Search", (), "b"), ("Payments", ("Intern",), "c"), ("Other", ("Intern",), "c")],
)
def test_similar_ones_are_of_the_team_then_of_the_kind(team, tags, first):
    ours = [opening("a", day=9), opening("b", "Search"), opening("c", tags=("Intern",), day=2)]

    assert similar(ours, team, tags, beside="none")[0].title == first
    assert "b" not in {one.title for one in similar(ours, team, tags, beside="b")}
