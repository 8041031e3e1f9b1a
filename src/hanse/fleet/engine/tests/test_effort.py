"""What works, or starves, is told from what hangs; and hosts give way to what they stand on."""

import os
import signal
from pathlib import Path

import psutil
import pytest

from hanse.fleet.engine.limits.effort import Effort
from hanse.fleet.engine.process import Process
from hanse.fleet.engine.program import Program
from hanse.fleet.engine.silence import WORKING
from hanse.fleet.engine.tests.waiting import until
from hanse.fleet.state import StateFolder

SPINS = "while :; do :; done"


def shell(script: str, **more) -> Program:
    environment = {"PATH": os.environ["PATH"]}
    return Program(name="one", command=("/bin/sh", "-c", script), environment=environment, **more)


@pytest.fixture
async def spawned(state: StateFolder):
    made: list[Process] = []

    def begin(program: Program) -> Process:
        made.append(Process.spawn(program, state))
        return made[-1]

    yield begin
    for one in made:
        one.kill()
        await one.ended()


async def test_what_runs_or_would_if_it_could_works(spawned):
    effort = Effort(spawned(shell(f"exec sh -c '{SPINS}'")).pid)
    assert effort.share() == 0.0, "nobody knows since when"

    await until(lambda: effort.share() > WORKING)


async def test_what_is_stopped_does_nothing(spawned):
    one = spawned(shell(SPINS))
    effort = Effort(one.pid)
    await until(lambda: effort.share() > WORKING)
    os.kill(one.pid, signal.SIGSTOP)
    await until(lambda: Path(f"/proc/{one.pid}/stat").read_text().split()[2] == "T")
    effort.share()

    assert effort.share() == 0.0


@pytest.mark.parametrize("family", [True, False])
async def test_what_it_has_begun_counts_where_that_is_meant(spawned, *, family: bool):
    one = spawned(shell(f"({SPINS}) & wait"))
    await until(lambda: psutil.Process(one.pid).children())
    [child] = psutil.Process(one.pid).children()
    effort = Effort(one.pid, family=family)
    effort.share()
    # For a while: the kernel counts what runs at its ticks only.
    await until(lambda: child.cpu_times().user > 0.2)

    assert (effort.share() > WORKING / 2) is family


async def test_a_child_that_ends_takes_nothing_away(spawned, tmp_path):
    """As backends of a database do all the time."""
    over = tmp_path / "over"
    script = f"(while [ ! -e {over} ]; do :; done) & wait; {SPINS}"
    one = spawned(shell(script))
    shown, effort = psutil.Process(one.pid), Effort(one.pid, family=True)
    await until(lambda: any(child.cpu_times().user > 0.5 for child in shown.children()))
    effort.share()

    over.touch()
    await until(lambda: not shown.children() and shown.cpu_times().user > 0.05)

    assert effort.share() > 0


async def test_what_is_gone_does_nothing(spawned):
    one = spawned(shell("exit 0"))
    await one.ended()
    effort = Effort(one.pid, family=True)
    assert (effort.share(), effort.share()) == (0.0, 0.0)
