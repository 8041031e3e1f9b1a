"""Hosts come after what all of them stand on, each of them as far as the others."""

import os
from pathlib import Path

import pytest

from hanse.fleet.engine.limits.priority import BEHIND
from hanse.fleet.engine.program import Program
from hanse.fleet.engine.supervision import Supervision
from hanse.fleet.engine.tests.waiting import until
from hanse.fleet.state import StateFolder


def program(name: str, *, gives_way: bool) -> Program:
    return Program(
        name=name,
        command=("/bin/sh", "-c", "nice; exec sleep 600"),
        environment={"PATH": "/usr/bin:/bin"},
        gives_way=gives_way,
    )


def group_of(one: Supervision) -> str:
    """How far its session is behind, as the kernel says; the process, where none are grouped."""
    group = Path(f"/proc/{one.pid}/autogroup")
    if group.exists():
        return group.read_text().split()[-1]
    return str(os.getpriority(os.PRIO_PROCESS, one.pid or 0))


@pytest.fixture
async def begun(state: StateFolder):
    """Five that begin together."""
    all_of_them = [
        Supervision(program(f"one-{number}", gives_way=True), state) for number in range(5)
    ]
    for one in all_of_them:
        one.start()
    yield all_of_them
    for one in all_of_them:
        await one.stop()


@pytest.mark.parametrize(("gives_way", "behind"), [(True, BEHIND), (False, 0)])
async def test_who_gives_way_comes_after_who_does_not_and_so_do_its_children(
    state: StateFolder, *, gives_way: bool, behind: int
):
    own = os.getpriority(os.PRIO_PROCESS, 0)
    one = Supervision(program("one", gives_way=gives_way), state)
    one.start()
    try:
        await until(
            lambda: (
                state.log("one").exists() and state.log("one").read_text() == f"{own + behind}\n"
            )
        )
        assert os.getpriority(os.PRIO_PROCESS, one.pid) == own + behind
    finally:
        await one.stop()


async def test_all_that_begin_together_are_as_far_behind(begun: list[Supervision]):
    """Who is not root may put ten sessions a second behind: the rest is tried again."""
    behind = str(os.getpriority(os.PRIO_PROCESS, 0) + BEHIND)

    await until(lambda: all(one.pid and group_of(one) == behind for one in begun))


async def test_who_follows_puts_behind_what_was_not(state: StateFolder):
    behind = str(os.getpriority(os.PRIO_PROCESS, 0) + BEHIND)
    one = Supervision(program("one", gives_way=False), state)
    one.start()
    await until(lambda: one.pid)
    assert group_of(one) != behind
    await one.leave()

    follower = Supervision(program("one", gives_way=True), state)
    follower.start()
    try:
        await until(lambda: follower.adopted and group_of(follower) == behind)
    finally:
        await follower.stop()
