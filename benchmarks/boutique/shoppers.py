"""Sends the boutique's own shoppers into a shop: a process of their own, on the other core."""

from __future__ import annotations

import os
import subprocess

import msgspec

from benchmarks import machine
from benchmarks.boutique.contestants import search_path
from benchmarks.environment import PYTHON, ROOT
from benchmarks.load import LoadError


class Report(msgspec.Struct, frozen=True):
    """What the shoppers saw; every answer was looked at.

    Attributes:
        requests: Answers that came.
        wrong: Answers that said something that is not so.
        failed: Answers that did not come.
        unserved: What fell due at a rate and was not begun in time.
        late_p99_ms: How far the shoppers themselves were behind their schedule.
    """

    requests: int
    seconds: float
    wrong: int
    failed: int
    unserved: int
    p50_ms: float
    p99_ms: float
    max_ms: float
    late_p99_ms: float


def send(url: str, *, users: int, seconds: float, rate: float | None = None) -> Report:
    """Let users shop: each as fast as it is answered, or all together at a rate.

    Raises:
        LoadError: An answer was wrong or missing, so the figures mean nothing; what was not begun
            in time at a rate is the report's to say.
    """
    command = [str(PYTHON), "-m", "boutique_load", url, "--json"]
    command += ["--users", str(users), "--seconds", f"{seconds:g}"]
    if rate is not None:
        command += ["--rate", f"{rate:g}"]
    done = subprocess.run(
        machine.pinned(machine.LOAD_CPU, command),
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": search_path()},
        check=False,
        capture_output=True,
        text=True,
    )
    if not done.stdout.strip():
        raise LoadError(f"the shoppers failed: {done.stderr[-1000:]}")
    report = msgspec.json.decode(done.stdout, type=Report)
    if report.wrong or report.failed or not report.requests:
        raise LoadError(
            f"{report.wrong} wrong and {report.failed} missing answers among {report.requests} "
            f"requests: {done.stdout[-1000:]} {done.stderr[-1000:]}"
        )
    return report
