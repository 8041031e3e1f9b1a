"""The generator shows a stall to everybody it would have hit, and refuses a run it spoilt itself."""

import base64
import contextlib
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import open_loop

ANSWER = '{"text":"Hello"}'
REQUEST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"
STALL_SECONDS = 0.2


@contextlib.contextmanager
def trivial_server(*, stall_at=0, status=200, body=ANSWER):
    script = Path(__file__).with_name("trivial_server.py")
    command = [sys.executable, str(script), str(stall_at), str(status), body]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield int(process.stdout.readline())
        finally:
            process.terminate()


def plan(port, *, rate=400.0, seconds=2.0, connections=4, drain_seconds=5.0):
    return open_loop.Plan(
        port=port,
        rate=rate,
        seconds=seconds,
        connections=connections,
        drain_seconds=drain_seconds,
        requests=[base64.b64encode(REQUEST).decode()],
        answers=[base64.b64encode(ANSWER.encode()).decode()],
    )


def test_one_stall_shows_in_the_tail_as_everybody_due_meanwhile_felt_it():
    # given a server that stalls once for 200 ms, asked 400 times a second over four connections
    with trivial_server(stall_at=400) as port:
        loop = open_loop.OpenLoop(plan(port))
        report = loop.run()

    # then the worst wait is the whole stall, and p99.9 of the 720 measured shows it
    assert report.answered == report.sent == 800
    assert report.p999_ms >= STALL_SECONDS * 1e3 * 0.9
    # and the 80 requests due in those 200 ms all waited, evenly from 200 down to 0 ms: a closed
    # loop would have seen only the four in flight
    slow = [latency for latency in loop.latencies if latency > STALL_SECONDS / 4]
    assert len(slow) >= 50


def test_percentiles_take_the_nearest_rank():
    hundred = [float(number) for number in range(1, 101)]
    assert open_loop.percentile(hundred, 0.5) == 50.0
    assert open_loop.percentile(hundred, 0.99) == 99.0
    assert open_loop.percentile(hundred, 0.999) == 100.0
    assert open_loop.percentile([7.0], 0.5) == 7.0


def test_a_generator_behind_its_schedule_makes_the_run_invalid():
    """How fast this machine is must not decide: the delays of a slow one are given."""
    with trivial_server() as port:
        generator = open_loop.OpenLoop(plan(port, rate=1_000.0, seconds=0.02))
        generator.lateness.extend([0.05] * 1_000)
        report = generator.run()
    assert "behind its own schedule" in report.invalid


@pytest.mark.parametrize("wrong", [{"body": '{"text":"Bye!!"}'}, {"status": 500}])
def test_wrong_answers_make_the_run_invalid(wrong):
    with trivial_server(**wrong) as port:
        report = open_loop.OpenLoop(plan(port, rate=50.0, seconds=0.2)).run()
    assert report.wrong == 10
    assert report.invalid


def test_answers_that_never_come_make_the_run_invalid():
    # given a server that accepts and then says nothing, and a short wait for the last answers
    silent = socket.create_server(("127.0.0.1", 0))
    with contextlib.closing(silent):
        asked = plan(silent.getsockname()[1], rate=50.0, seconds=0.2, drain_seconds=0.1)
        report = open_loop.OpenLoop(asked).run()
    assert report.answered == 0
    assert report.invalid
