"""Lots: even, the same for the same, and nobody loses one while a share grows."""

import math
import statistics

from hypothesis import given, settings
from hypothesis import strategies as st

from hanse import Principal
from hanse.runtime.call.context import Origin
from hanse.runtime.flags.amending import drawn_anew, followed
from hanse.runtime.flags.declaration import Declaration
from hanse.runtime.flags.draws import Draws
from hanse.runtime.flags.ruling import NOTHING, Audience, Rule, Ruling, Share
from hanse.runtime.flags.state import State

NAMES = st.from_regex(r"[a-z]{1,8}\.[a-z]{1,8}", fullmatch=True)
PERCENT = st.integers(0, 100_000).map(lambda points: points / 1000)
IDS = st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=20)
LOCKED = st.lists(
    st.tuples(st.integers(0, 30_000).map(lambda points: points / 1000), st.sampled_from("abc")),
    min_size=1,
    max_size=3,
)


def state(name: str, ruling: Ruling, *, sticky=False) -> State:
    declared = Declaration(
        name=name, kind=str, default="-", owner="o", until=None, doc="d", sticky=sticky
    )
    states: dict[str, State] = {}
    states[name] = State(declared, Draws(None, states))  # pyright: ignore[reportArgumentType]  never asked
    states[name].rule(ruling)
    return states[name]


def drawn(one: State, ids, site="acme") -> list[str]:
    return [one.outcome(Origin(site, Principal("member", id_))).value for id_ in ids]


def shares(*given: tuple[float, str], by="principal") -> Ruling:
    return Ruling((Rule(shares=tuple(Share(*one) for one in given), by=by),))


@settings(max_examples=30)
@given(NAMES, st.integers(0, 2**40), st.integers(1, 99))
def test_a_share_is_as_large_as_it_says(name, seed, percent) -> None:
    found = drawn(state(name, shares((percent, "a"))), (f"{seed}-{n}" for n in range(1500)))
    spread = math.sqrt(percent / 100 * (1 - percent / 100) / 1500)
    assert abs(found.count("a") / 1500 - percent / 100) < 6 * spread


def test_lots_are_even_over_all_of_their_range() -> None:
    names = "abcdefghij"
    parts = [(10.0, name) for name in names]
    found = drawn(state("a.b", shares(*parts)), (f"m{n}" for n in range(20_000)))
    expected = len(found) / len(parts)
    chi = sum((found.count(name) - expected) ** 2 / expected for name in names)
    assert chi < 40  # 9 degrees of freedom: once in 100,000


@settings(max_examples=30)
@given(NAMES, st.integers(0, 2**40), PERCENT, PERCENT)
def test_growing_takes_nobody_out(name, seed, one, other) -> None:
    ids = [f"{seed}-{n}" for n in range(200)]
    for less, more in (sorted((one, other)), (40, 60)):
        before, after = (drawn(state(name, shares((share, "a"))), ids) for share in (less, more))
        assert all(now == "a" for was, now in zip(before, after, strict=True) if was == "a")
    assert "-" not in drawn(state(name, shares((100, "a"))), ids)
    assert "a" not in drawn(state(name, shares((0, "a"))), ids)


@settings(max_examples=20)
@given(NAMES, st.lists(IDS, min_size=1, max_size=20), PERCENT)
def test_the_same_draw_the_same_in_every_process(name, ids, percent) -> None:
    ruling = shares((percent, "a"))
    assert drawn(state(name, ruling), ids) == drawn(state(name, ruling), ids)


def test_what_somebody_draws_stays_from_release_to_release() -> None:
    """As written down once: another digest would draw anew for everybody at an upgrade."""
    found = "".join(
        drawn(state("checkout.new_tax", shares((50, "a"))), (f"m{n}" for n in range(40)))
    )
    assert found == "-aaaaa--a-aaaa-aaaa-aaa--a-a--aa--aaaa-a"


def test_flags_sites_and_rounds_draw_by_themselves() -> None:
    ids = [f"m{n}" for n in range(2000)]
    half = shares((50, "a"))
    one = drawn(state("a.a", half), ids)
    others = [
        drawn(state("a.b", half), ids),
        drawn(state("a.a", half), ids, site="globex"),
        drawn(state("a.a", drawn_anew(half)), ids),
    ]
    for other in others:
        assert 0.44 < statistics.mean(a == b for a, b in zip(one, other, strict=True)) < 0.56


def test_a_site_draws_as_one_and_so_do_visitors() -> None:
    by_site = state("a.b", shares((50, "a"), by="site"))
    assert len(set(drawn(by_site, [f"m{n}" for n in range(50)]))) == 1
    assert {drawn(by_site, ["m"], site=f"s{n}")[0] for n in range(50)} == {"a", "-"}
    lots = state("a.b", shares((50, "a")))
    visitors = {
        lots.outcome(Origin(f"s{n}")).value == by_site.outcome(Origin(f"s{n}")).value
        for n in range(50)
    }
    assert visitors == {True}
    keyed = {lots.outcome(Origin("s1"), f"cookie{n}").value for n in range(50)}
    assert keyed == {"a", "-"}


@given(LOCKED, LOCKED, st.lists(IDS, min_size=20, max_size=40, unique=True))
def test_a_change_that_moves_nobody_is_known_and_no_other_is(old, new, ids) -> None:
    before, after = shares(*old), followed(shares(*old), shares(*new))
    was, now = drawn(state("a.b", before), ids), drawn(state("a.b", after), ids)
    moved = any(one not in ("-", other) for one, other in zip(was, now, strict=True))
    assert after.narrowed or not moved


def test_what_narrows() -> None:
    ten, staff = shares((10, "a")), Audience(kinds=("staff",))
    fixed = Rule(staff, "b")
    for after, narrowed in (
        (shares((20, "a")), False),
        (shares((10, "a"), (10, "b")), False),
        (Ruling((fixed, *ten.rules)), False),
        (shares((9.999, "a")), True),
        (shares((10, "b")), True),
        (shares((10, "b"), (10, "a")), True),
        (shares((10, "a"), by="site"), True),
        (Ruling((Rule(staff, shares=(Share(10, "a"),)),)), True),
        (Ruling((fixed,)), True),
        (Ruling(off=True), True),
        (drawn_anew(shares((5, "a"))), False),
    ):
        assert followed(ten, after).narrowed is narrowed, after
        assert not followed(NOTHING, after).narrowed
    assert followed(
        followed(ten, shares((5, "a"))), ten
    ).narrowed  # who was out meanwhile drew nothing
