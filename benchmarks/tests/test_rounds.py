"""Rounds are interleaved, each subject at its own best concurrency, and bad rounds do not count."""

import contextlib

import pytest

from benchmarks import load, machine, open_loop, report, rounds

TIMING = rounds.Timing(rounds=3, seconds=4, warm_up=1, calibration=1)


class Subject:
    """Answers as fast as a given table says; every second costs it a second of CPU."""

    def __init__(self, rates):
        self.rates = rates
        self.used = 0.0

    def cpu_seconds(self):
        return self.used

    def drive(self, connections, seconds):
        self.used += seconds
        return int(self.rates[connections] * seconds), seconds


def peaks(tables):
    started = []

    @contextlib.contextmanager
    def start(name):
        started.append(name)
        yield Subject(tables[name])

    return rounds.measure_peaks(tables, start, TIMING), started


def test_each_subject_runs_at_its_own_best_and_in_turn():
    flat = dict.fromkeys(load.CONNECTIONS, 100)
    done, started = peaks({"a": flat | {16: 500}, "b": flat | {128: 800}})

    assert started == ["a", "b"] + ["a", "b"] * 3
    assert {(one.peer, one.connections) for one in done} == {("a", 16), ("b", 128)}
    assert rounds.median(done, "b", lambda one: one.requests_per_second) == 800
    assert rounds.median(done, "a", lambda one: one.cpu_us_per_request) == pytest.approx(2000)
    assert rounds.median(done, "nobody", lambda one: one.busy) is None


def latency(peer, p99, invalid=""):
    return rounds.LatencyRound(
        peer, 100.0, open_loop.Report(10, 10, 0, 1.0, p99, 9.0, 9.0, 0.1, invalid)
    )


def test_invalid_rounds_are_left_out_of_the_median():
    done = [latency("a", 2.0), latency("a", 100.0, "late"), latency("a", 4.0), latency("b", 1, "x")]
    assert rounds.median_latency(done, "a", lambda report: report.p99_ms) == 3.0
    assert rounds.median_latency(done, "b", lambda report: report.p99_ms) is None


def test_a_section_is_replaced_and_what_stands_around_it_stays(tmp_path):
    page = tmp_path / "benchmarks.md"
    report.replace_section(page, "rpc", "first")
    page.write_text(page.read_text() + "\nWhat was tried: much.\n")
    report.replace_section(page, "calls", "other")
    report.replace_section(page, "rpc", "second")

    text = page.read_text()
    assert "first" not in text
    assert text.index("second") < text.index("What was tried: much.") < text.index("other")
    assert text.count("<!-- rpc: begin -->") == text.count("<!-- rpc: end -->") == 1


def test_cpu_and_memory_of_a_process_are_read():
    import os

    assert machine.cpu_seconds(os.getpid()) > 0
    assert machine.pss_bytes(os.getpid()) > machine.private_bytes(os.getpid()) > 1e6
    assert machine.describe()["cores"]
