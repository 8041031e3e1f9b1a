"""The benchmark of flags reads what it says, the same values by Hanse and by the peer, and counts right."""

import pytest

from benchmarks.flags import measure
from benchmarks.flags.cases import HALF, PRINCIPALS, as_call, cases
from benchmarks.flags.measure import PEER, Read
from hanse.runtime.call.context import running


@pytest.fixture
def values():
    """What is read, by case, of all who ask."""
    found = {}
    for case in cases():
        read = []
        case.before()
        for origin in case.who:
            token = running.set(as_call(origin))
            read.append((case.read(origin), case.peer and case.peer(origin)))
            running.reset(token)
        found[case.name] = read
    return found


def test_what_is_read_is_what_was_ruled(values) -> None:
    share = {name: sum(one for one, _ in read) / PRINCIPALS for name, read in values.items()}
    assert (share["plain"], share["value"], share["sticky"]) == (0, 1, 1)
    assert share["share"] == share["share_first"] == pytest.approx(HALF / 100, abs=0.05)
    assert share["rules"] == pytest.approx(HALF / 100, abs=0.05)
    assert {peer for _, peer in values["value"]} == {peer for _, peer in values["rules"]} == {True}


def test_a_read_is_held_to_its_bound_and_to_the_peer() -> None:
    found = cases()
    done = [Read("hanse", case.name, 1.9 if case.name != "rules" else 2.1) for case in found]
    done += [Read(PEER, "value", 1.0), Read(PEER, "rules", 9.0)]
    missed = [(one.metric, one.peer) for one in measure.results(found, done) if not one.met]
    assert missed == [("read_rules", "limit"), ("read_value", PEER)]
