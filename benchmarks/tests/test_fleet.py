"""The benchmark of the fleet measures what answers rightly, and computes what is met."""

import asyncio
import shutil

import pytest

from benchmarks import rounds
from benchmarks.fleet import gateway_rounds, measure, work
from benchmarks.fleet.gateway_rounds import Change, Gateway, Peak
from benchmarks.fleet.project import new_project
from benchmarks.fleet.project_rounds import Spread, Times
from benchmarks.fleet.steered import Told, open_gateway
from benchmarks.load import LoadError, run_wrk

needs_wrk = pytest.mark.skipif(
    not (shutil.which("wrk") and shutil.which("taskset")), reason="wrk is not installed"
)
TIMING = rounds.Timing(rounds=1, seconds=1, warm_up=1, calibration=1)


def found(two=350.0, last=900.0, moved=2000, second=4.0):
    gateway = Gateway(
        [Change(3000, Told(1.0, 10**6), Told(0.01, moved), 10**8)],
        [Peak("first", 1000.0, 1, 1, 0), Peak("last", last, 1, 1, 0)],
        [],
    )
    spreads = [Spread(1, 200.0, {"host": 1.0}), Spread(2, two, {"host": 1.8})]
    return measure.results(spreads, gateway, [Times(9.0, 1.0, 1.0, second)])


def missed(lines):
    return {(one.metric, one.unit) for one in lines if one.met is False}


@pytest.mark.parametrize(
    ("worse", "metric"),
    [
        ({}, None),
        ({"two": 339.0}, ("2_replicas", "1/s")),
        ({"last": 799.0}, ("last_of_3000_services", "1/s")),
        ({"moved": 10_001}, ("one_service_moved", "kB")),
        ({"second": 5.01}, ("second_up", "s")),
    ],
)
def test_each_goal_is_missed_by_its_own_figure(worse, metric):
    assert missed(found(**worse)) == ({metric} if metric else set())


def test_what_was_not_measured_is_missed():
    assert len(missed(measure.results([], Gateway([], [], []), []))) == 4


@pytest.mark.long
@needs_wrk
def test_every_figure_of_a_small_gateway_is_there():
    gateway = asyncio.run(gateway_rounds.measure_gateway(TIMING, services=9))

    assert [one.subject for one in gateway.peaks] == list(gateway_rounds.SUBJECTS)
    assert all(one.requests_per_second > 0 for one in gateway.peaks)
    (change,) = gateway.changes
    assert 0 < change.moved.sent_bytes < change.all.sent_bytes
    assert change.envoy_bytes > 10**6


@needs_wrk
def test_a_service_the_gateway_does_not_know_is_not_measured():
    async def ask():
        async with open_gateway(9) as steered:
            await steered.tell_all()
            await asyncio.to_thread(
                run_wrk, gateway_rounds.load("nobody"), port=steered.port, connections=1, seconds=1
            )

    with pytest.raises(LoadError):
        asyncio.run(ask())


@needs_wrk
def test_the_work_of_a_project_is_answered_rightly_and_counted():
    with new_project(work.service_text(100)) as project:
        project.up()
        before = project.cpu_seconds()
        report = run_wrk(work.load(100), port=project.port, connections=2, seconds=1)
        after = project.cpu_seconds()
    assert report.requests > 0
    assert after["host"] > before["host"]
