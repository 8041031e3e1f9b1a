"""What processes use: processor time at each look, memory now and then."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from subprocess import PIPE, Popen

from hanse.fleet.control.looks.usage import MEMORY_SECONDS, UsageMeter

BUSY = """
import time
def work(seconds):
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass
held = bytes(16 * 1024 * 1024).replace(b"\\0", b"1")
work(0.3)
print("busy", flush=True)
input()
work(0.3)
print("again", flush=True)
input()
"""


@contextmanager
def started() -> Iterator[Popen[str]]:
    with Popen([sys.executable, "-c", BUSY], stdin=PIPE, stdout=PIPE, text=True) as child:
        assert said(child) == "busy\n"
        yield child
        child.kill()


def said(child: Popen[str]) -> str:
    assert child.stdout is not None
    return child.stdout.readline()


def go_on(child: Popen[str]) -> None:
    assert child.stdin is not None
    child.stdin.write("\n")
    child.stdin.flush()


def test_processor_time_is_of_the_time_between_two_looks() -> None:
    meter = UsageMeter()
    meter.look([os.getpid()], 0.0)
    sum(number * number for number in range(2_000_000))

    [found] = meter.look([os.getpid()], 10.0).values()

    assert 0 < found.cpu < 1
    assert found.age_seconds > 0


def test_memory_is_looked_at_now_and_then() -> None:
    meter, mine = UsageMeter(), os.getpid()
    first = meter.look([mine], 0.0)[mine].memory_bytes
    kept = bytearray(os.urandom(64 * 1024 * 1024))

    soon = meter.look([mine], MEMORY_SECONDS - 1)[mine].memory_bytes
    late = meter.look([mine], MEMORY_SECONDS)[mine].memory_bytes

    assert soon == first > 0
    assert late - first > len(kept) // 2


def test_who_may_have_too_much_is_weighed_at_each_look() -> None:
    meter, mine = UsageMeter(), os.getpid()
    first = meter.look([mine], 0.0)[mine].memory_bytes
    kept = bytearray(os.urandom(64 * 1024 * 1024))

    far = meter.look([mine], 1.0, {mine: 10**12})[mine].memory_bytes
    near = meter.look([mine], 2.0, {mine: first})[mine].memory_bytes

    assert far == first
    assert near - first > len(kept) // 2


def test_who_has_ended_is_left_out_and_forgotten() -> None:
    meter = UsageMeter()

    assert meter.look([2**22 - 1], 0.0) == {}
    assert meter.look([os.getpid()], 1.0).keys() == {os.getpid()}


def test_who_is_started_between_two_looks_counts_at_once_and_is_no_burst() -> None:
    meter, mine = UsageMeter(), os.getpid()
    before = meter.look([mine], 0.0)[mine]
    with started() as child:
        begun = meter.look([mine], 1.0)[mine]
        go_on(child)
        assert said(child) == "again\n"

        later = meter.look([mine], 2.0)[mine]

    assert begun.memory_bytes - before.memory_bytes >= 16 * 1024 * 1024
    assert begun.cpu < 0.1 < later.cpu


def test_who_has_ended_among_its_children_counts_no_more() -> None:
    meter, mine = UsageMeter(), os.getpid()
    with started():
        before = meter.look([mine], 0.0)[mine]

    after = meter.look([mine], 1.0)[mine]

    assert before.memory_bytes - after.memory_bytes >= 16 * 1024 * 1024
    assert after.cpu >= 0
