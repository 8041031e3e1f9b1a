"""However many clients there are, a few are kept, and what is said of them holds."""

from __future__ import annotations

from collections import Counter

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.runtime.call.context import Origin
from hanse.runtime.figures.clients import NAME_MAX, client_of, visitor_at
from hanse.runtime.figures.most_active import MostActive
from hanse.runtime.identity.principal import VISITOR, Principal
from hanse.runtime.remote.frames import Ask

ROOM = 4
names = st.text("a~é", min_size=NAME_MAX - 20, max_size=NAME_MAX + 5)
added = st.lists(st.tuples(st.sampled_from("abcdefghij"), st.integers(1, 32)), max_size=200)


@given(added)
def test_of_a_few_in_room_all_that_is_promised_holds(given_: list[tuple[str, int]]) -> None:
    kept, truth, before = MostActive(ROOM), Counter[str](), dict[str, int]()
    seen: dict[str, int] = {}
    for name, number in given_:
        kept.add(name, number)
        truth[name] += number
        seen |= before
        before = kept.first(ROOM + 1)
        assert all(now >= seen.get(one, 0) for one, now in before.items()), "a count fell"
    told, whole = kept.first(ROOM + 1), truth.total()
    assert len(told) <= ROOM
    assert sum(told.values()) == whole
    assert list(told.values()) == sorted(told.values(), reverse=True)
    least = min(told.values(), default=0)
    for name, number in truth.items():
        if number > whole / ROOM:
            assert name in told
        if name in told:
            assert number <= told[name] <= number + least


@given(added, st.integers(0, ROOM))
def test_the_first_are_those_with_most(given_: list[tuple[str, int]], number: int) -> None:
    kept = MostActive(ROOM)
    for one in given_:
        kept.add(*one)
    assert list(kept.first(number).values()) == list(kept.first(ROOM).values())[:number]


@given(names, names)
def test_a_name_is_bounded_and_nobody_elses(one: str, other: str) -> None:
    told = [client_of(Principal("member", name), "x") for name in (one, other)]
    assert all(len(name) <= NAME_MAX for name in told)
    assert (told[0] == told[1]) == (one == other)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("10.0.0.1", "10.0.0.1", True),
        ("10.0.0.1", "10.0.0.2", False),
        ("10.0.0.1", "::ffff:10.0.0.1", True),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("fe80::1%eth0", "fe80::2%eth0", True),
        ("testclient", "other", False),
    ],
)
def test_addresses_of_one_client_have_one_name(one: str, other: str, same: bool) -> None:
    assert (visitor_at(one) == visitor_at(other)) == same
    assert len(visitor_at(one)) == 12


def test_a_name_shows_no_address_and_is_the_same_everywhere() -> None:
    assert visitor_at("10.0.0.1") == "2e5d941eeaa7"
    assert visitor_at("") == ""
    assert client_of(VISITOR, "") == "visitor"


def test_hosts_of_the_release_before_read_and_are_read() -> None:
    before = msgspec.defstruct(
        "Before", [(one, str, "") for one in ("site", "locale", "caller", "cause")]
    )
    for wire in (msgspec.json, msgspec.msgpack):
        told = wire.encode(Origin("acme", client="0123456789ab"))
        assert wire.decode(told, type=before).site == "acme"
        assert wire.decode(wire.encode(before(site="acme")), type=Origin).client == ""
        assert b"client" not in wire.encode(Origin("acme"))
    frame = Ask(1, "a/b", Origin(client="0123456789ab"), "1" * 32, "2" * 16, False, "", 1, b"")
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(frame), type=Ask) == frame
