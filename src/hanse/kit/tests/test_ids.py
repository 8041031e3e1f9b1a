"""Trace and span ids have the right form, differ, and are not shared with a forked child."""

import random
import re
import subprocess
import sys

import pytest

from hanse.kit import ids
from hanse.kit.chance import RANDOM, fraction

FORKS = """
import os
from hanse.kit.chance import fraction
from hanse.kit.ids import span_id, trace_id
trace_id(), span_id()  # both pools hold ids now
draw = lambda: f"{[trace_id() for _ in range(600)]} {[span_id() for _ in range(600)]} {fraction()}"
for _ in range(2):
    if os.fork() == 0:
        os.write(1, (draw() + chr(10)).encode())
        os._exit(0)
    os.wait()
os.write(1, (draw() + chr(10)).encode())
"""


@pytest.mark.parametrize(("draw", "length"), [(ids.trace_id, 32), (ids.span_id, 16)])
def test_ids_have_the_w3c_form_and_differ(draw, length) -> None:
    drawn = [draw() for _ in range(2000)]
    assert all(re.fullmatch(f"[0-9a-f]{{{length}}}", one) for one in drawn)
    assert len(set(drawn)) == len(drawn)


@pytest.mark.parametrize(("draw", "pool"), [(ids.trace_id, ids._traces), (ids.span_id, ids._spans)])
def test_an_all_zero_id_never_comes_out(draw, pool, monkeypatch) -> None:
    # Given chance that draws zeroes first, which the real one does once in 2**64 tries
    pool.clear()
    monkeypatch.setattr(RANDOM, "randbytes", lambda n: bytes(n // 2) + b"\1" * (n - n // 2))
    # When more ids are drawn than one batch holds
    drawn = {draw() for _ in range(300)}
    pool.clear()
    # Then none of them is the forbidden one
    assert len(drawn) == 1
    assert not any(set(one) == {"0"} for one in drawn)


def test_somebody_elses_seed_does_not_repeat_our_ids() -> None:
    drawn = []
    for _ in range(2):
        random.seed(7)
        ids._traces.clear()
        drawn.append((ids.trace_id(), fraction()))
    assert drawn[0] != drawn[1]


def test_forked_processes_draw_different_ids() -> None:
    done = subprocess.run([sys.executable, "-c", FORKS], capture_output=True, text=True, check=True)
    ours = [re.findall(r"[0-9a-f.]{16,}", line) for line in done.stdout.splitlines()]
    assert [len(one) for one in ours] == [1201] * 3
    assert len({one for process in ours for one in process}) == 3 * 1201
