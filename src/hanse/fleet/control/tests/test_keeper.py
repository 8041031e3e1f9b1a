"""Whoever is to follow control waits for its end, and no longer."""

import subprocess
import sys
from threading import Event

import psutil
import pytest

from hanse.fleet.control import keeper

PATIENCE = 30.0


def keeps(pid: int, folder: object) -> "subprocess.Popen[bytes]":
    """A keeper that has nothing to keep: it ends as soon as who was there before has ended."""
    return subprocess.Popen([sys.executable, "-m", keeper.__name__, str(pid)], cwd=str(folder))


def test_one_that_ended_and_is_taken_note_of_by_nobody_is_not_waited_for(tmp_path) -> None:
    ended = subprocess.Popen(["true"])
    while psutil.Process(ended.pid).status() != psutil.STATUS_ZOMBIE:
        Event().wait(0.01)

    following = keeps(ended.pid, tmp_path)

    assert following.wait(PATIENCE) == 0
    ended.wait()


def test_one_that_runs_is_waited_for(tmp_path) -> None:
    running = subprocess.Popen(["sleep", "600"])
    following = keeps(running.pid, tmp_path)
    with pytest.raises(subprocess.TimeoutExpired):
        following.wait(1.0)

    running.kill()

    assert following.wait(PATIENCE) == 0
    running.wait()
