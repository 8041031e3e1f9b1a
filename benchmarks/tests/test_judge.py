"""The benchmark of the judge simulates and replays what the judge itself does, and counts right."""

import json
import math
import random
from pathlib import Path

import pytest

from benchmarks.judge import measure, replayed
from benchmarks.judge.recording import FOLDER, Row, all_of_them, nanoseconds, pack, read, write
from benchmarks.judge.replay import Fault, Run, polls, seconds_of
from benchmarks.judge.replayed import Outcome
from benchmarks.judge.rivals import beta_log, kayenta_says_high
from benchmarks.judge.simulation import HANSE, Found, Innocent, convict, innocent, worth
from hanse.fleet.judge.figures import Counts, Poll, Sample
from hanse.fleet.judge.judge import Judge
from hanse.fleet.judge.plan import Plan

ORACLES = Path(__file__).parents[2] / "src/hanse/fleet/judge/tests/oracles.json"


def alike(number, bad=0):
    return [
        Outcome("", replayed.NONE, 0.5, 20.0, 5.0 if at < bad else None, "", 9, 0)
        for at in range(number)
    ]


def found(median, judge=HANSE):
    return Found(judge, 0.01, 0.001, 0.5, 10, median, median, 20.0, 0.9)


def missed(done):
    return [line.metric for line in measure.results(done, 0.0) if line.met is False]


@pytest.mark.parametrize(("done", "metrics"), [
    ([*alike(2000), Innocent(0.5, 9, 0.01, 0.001, 0.1), found(4500.0)], []),
    ([*alike(2000, bad=2), Innocent(0.5, 9, 0.01, 0.001, 0.1), found(4500.0)], ["false_rollbacks_replayed"]),
    ([*alike(900), Innocent(0.5, 9, 0.01, 0.001, 0.1), found(4500.0)], ["false_rollbacks_replayed"]),
    ([*alike(2000), Innocent(0.5, 9, 0.01, 0.0011, 0.1), found(4500.0)], ["false_rollbacks_counted"]),
    ([*alike(2000), Innocent(0.5, 9, 0.01, 0.001, 0.1), found(4501.0)], ["requests_to_convict"]),
    ([], ["false_rollbacks_replayed", "false_rollbacks_counted", "requests_to_convict"]),
])  # fmt: skip
def test_each_goal_is_missed_by_its_own_figure(done, metrics):
    assert missed(done) == metrics


@pytest.mark.parametrize(("canary", "twin"), [(0, 3), (2, 0), (3, 1), (1, 0)])
def test_what_is_simulated_is_what_the_judge_does(canary, twin):
    judge = Judge(Plan())
    for second, (hits, twin_hits) in enumerate([(0, 0), (canary, twin)]):
        samples = {
            name: Sample(
                born="", age_s=99, counts=Counts(requests=50 * second, errors=errors, latency=())
            )
            for name, errors in (("new", hits), ("old", twin_hits))
        }
        verdict = judge.look(
            Poll(
                at=second,
                stage="pair",
                canaries=("new",),
                twins=("old",),
                samples=samples,
                share=0.5,
            )
        )
    laid_on_latency = 0.75 * 0.5
    wanted = min(math.exp(worth(canary, twin, 0.5)), 4 * 0.75 * 0.5)
    assert verdict.evidence - laid_on_latency == pytest.approx(wanted, rel=0.2)


def test_who_is_worse_is_convicted_sooner_and_nobody_is_by_chance():
    sooner, later = (convict(HANSE, (rate, 0.001), 0.5, 60) for rate in (0.05, 0.01))
    assert sooner.median < later.median < 4500
    one = innocent(0.5, 120)
    assert 0 < one.convicted < 0.001 < one.suspected < 0.05
    assert one.convicted <= one.capped


@pytest.mark.parametrize("row", json.loads(ORACLES.read_text())["savvi"], ids=str)
def test_savvis_prior_is_savvis(row):
    log = beta_log(row["canary"], row["twin"], row["share"], row["k"] * row["share"])
    assert log == pytest.approx(math.log(row["odds"]), abs=1e-6)


def test_kayentas_rule_sees_what_is_plain_and_nothing_in_alike():
    chance = random.Random(1)
    low, high, other = ([chance.gauss(middle, 1) for _ in range(50)] for middle in (10, 20, 10))
    assert kayenta_says_high(high, low)
    assert not kayenta_says_high(low, high)
    assert not kayenta_says_high(low, other)
    assert not kayenta_says_high(low, low)


def test_a_recording_is_read_as_it_was_written(tmp_path):
    rows = [Row(1.234, 0, 999.0), Row(0.5, 1, 20.0), Row(1.999, 1, 3e6)]
    recording = pack("some", 2, 2, rows)
    write(tmp_path / "some.rec", recording)
    again = read(tmp_path / "some.rec")
    assert again == recording
    first, second = seconds_of(again)
    assert [sum(one.values()) for one in first] == [0, 1]
    assert [sum(one.values()) for one in second] == [1, 1]
    assert nanoseconds(next(iter(first[1]))) == pytest.approx(999e3, rel=0.03)


def test_recordings_are_small_and_of_all_kinds():
    recordings = all_of_them()
    assert len(recordings) >= 5
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 1_000_000
    for recording in recordings:
        assert sum(recording.due) == len(recording.host) == len(recording.took)
        assert set(recording.host) == set(range(recording.hosts))


class TestReplay:
    SECONDS = [[{40: 30, 60: 2}] * 60] * 2

    def judged(self, **wrong):
        judge = Judge(Plan())
        for poll in polls(self.SECONDS, Run(0, 1, 0, 0.5, Fault(**wrong)), "seed"):
            verdict = judge.look(poll)
            if verdict.state != "undecided":
                break
        return verdict

    def test_alike_is_good(self):
        assert self.judged().state == "good"

    @pytest.mark.parametrize(
        "wrong", [{"errors": 0.2}, {"slower": 2.0}, {"patience_s": 0.0001}, {"burst": 0.5}]
    )
    def test_each_fault_is_one(self, wrong):
        assert self.judged(**wrong).state == "bad"

    def test_a_share_is_what_the_canary_gets(self):
        *_, last = polls(self.SECONDS, Run(0, 1, 0, 0.1), "seed")
        canary, twin = (last.samples[name].counts.requests for name in ("canary", "twin"))
        assert canary / (canary + twin) == pytest.approx(0.1, rel=0.2)

    def test_the_same_seed_is_the_same_deployment(self):
        one, other = (list(polls(self.SECONDS, Run(0, 1, 30), "seed")) for _ in range(2))
        assert one == other


def test_deployments_are_replayed_by_turns():
    recordings = [replayed.Recorded("one", TestReplay.SECONDS)]
    nothing = list(replayed.alike(recordings, 2))
    assert [one.fault for one in nothing] == [replayed.NONE] * 2
    with_faults = list(replayed.faulty(recordings, len(replayed.FAULTS)))
    assert [one.fault for one in with_faults] == list(replayed.FAULTS)
    all_fail = with_faults[list(replayed.FAULTS).index("all fail")]
    assert all_fail.bad_after_s == 6
    assert all_fail.by == "errors"
