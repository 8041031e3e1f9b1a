"""The benchmark of workflows counts what was done and kept, and computes what is met."""

import sys
from pathlib import Path

import pytest

from benchmarks.crew import crew
from benchmarks.load import LoadError
from benchmarks.server import ServerError
from benchmarks.workflows import measure
from benchmarks.workflows.contestants import DBOS, HANSE, Ground, Kept, Way
from benchmarks.workflows.driver import Order, Run
from benchmarks.workflows.rounds import StepsRound, TimerRound, check
from benchmarks.workflows.scale import measure as scale


def steps(peer, rate, at_once=16):
    return StepsRound(peer, Way("", 1, at_once), rate, 6000.0, 2000.0, 9.0, 20.0, 0.9, 0.0)


def missed(done):
    return [line.metric for line in measure.results(done) if line.met is False]


def test_each_goal_is_missed_by_its_own_figure():
    peer, late = steps(DBOS, 100.0), TimerRound(HANSE, 50, 5.0, 100.0, 300.0)
    assert missed([peer, steps(HANSE, 2000.0), late]) == []
    assert missed([peer, steps(HANSE, 1999.0), late]) == ["workflows_per_second"]
    later = TimerRound(HANSE, 50, 5.0, 101.0, 300.0)
    assert missed([peer, steps(HANSE, 2000.0), later]) == ["timer_late_p99"]
    assert missed([]) == ["workflows_per_second", "timer_late_p99"]


def test_who_works_alone_is_not_counted_with_the_crowd():
    done = [steps(DBOS, 100.0), steps(DBOS, 900.0, at_once=1)]
    assert "100 a second in all" in measure.method(done, "18")
    assert measure.results(done)[0].peer_value == 100.0


@pytest.mark.parametrize(
    ("bodies", "kept", "words"),
    [
        (30, Kept(10, 30), None),
        (30, Kept(10, None), None),
        (31, Kept(10, 31), "ran 31 steps"),
        (29, Kept(10, 29), "ran 29 steps"),
        (30, Kept(9, 30), "kept 9 with 30"),
        (30, Kept(11, 30), "kept 11 with 30"),
        (30, Kept(10, 29), "kept 10 with 29"),
    ],
)
def test_what_was_left_out_or_done_twice_refuses_the_round(bodies, kept, words):
    runs = [Run(3, 4, bodies - 18, 1.0, 1.0, []), Run(5, 6, 18, 1.0, 1.0, [])]
    ground = Ground({}, lambda: kept, lambda: 0.0)
    if words is None:
        check("somebody", runs, ground)
        return
    with pytest.raises(LoadError, match=words):
        check("somebody", runs, ground)


def test_a_process_that_ends_too_soon_is_told_with_its_last_words():
    with (
        pytest.raises(ServerError, match=r"benchmarks\.none ended: .*No module named"),
        crew("benchmarks.none", {}, [Order(kind="steps")], python=Path(sys.executable)) as started,
    ):
        started.expect("ready")


def slept(sleeping, *, alone=10.0, rate=1000.0, late=100.0, host=40_000_000):
    return scale.Step(sleeping, alone, rate, late, host)


@pytest.mark.parametrize(
    ("most", "metric"),
    [
        ({}, None),
        ({"alone": 15.1}, "alone_flat"),
        ({"rate": 660.0}, "rate_flat"),
        ({"host": 56_000_000}, "host_memory_by_sleeper"),
        ({"late": 101.0}, "timer_late_p99"),
    ],
)
def test_what_grows_with_the_sleepers_is_told(most, metric):
    done = [slept(1_000, late=1.0), slept(1_000_000, **most)]
    found = {line.metric for line in scale.results(done) if line.met is False}
    assert found == {metric} - {None}
    assert len([line for line in scale.results([]) if line.met is False]) == 4
