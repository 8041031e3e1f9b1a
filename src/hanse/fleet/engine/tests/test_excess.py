"""Memory beyond what a program may have: seen twice it is replaced, far beyond it is killed."""

import asyncio
import os

import pytest

from hanse.fleet.engine.limits.excess import FIRST_SECONDS, MOST_SECONDS, REMEMBERED_SECONDS, Excess
from hanse.fleet.engine.program import Program
from hanse.fleet.engine.supervision import Supervision
from hanse.fleet.engine.tests.test_process import shell
from hanse.fleet.engine.tests.test_supervision import is_there, quick, within
from hanse.fleet.state import StateFolder
from hanse.runtime.placement.host_limits import HostLimits

MB = 1_000_000
LIMITS = HostLimits(memory_bytes=100 * MB)


def sleeper(script: str = "exec sleep 600") -> Program:
    return shell(script, limits=LIMITS)


def test_who_has_no_limit_has_nothing_too_much() -> None:
    assert Excess().look(10**15, HostLimits(cpu=1.0), 0.0) == ""


@pytest.mark.parametrize(
    ("looks", "found"),
    [
        ([100, 100, 100], ["", "", ""]),
        ([101, 99, 101], ["", "", ""]),
        ([101, 101], ["", "over"]),
        ([99, 150], ["", "runaway"]),
    ],
)
def test_one_peak_is_none_and_far_beyond_is_enough(looks: list[int], found: list[str]) -> None:
    excess = Excess()
    assert [excess.look(one * MB, LIMITS, 0.0) for one in looks] == found


def test_what_is_always_too_much_is_replaced_ever_more_seldom_but_killed_at_any_time() -> None:
    excess, now, waits = Excess(), 0.0, []
    for _ in range(12):
        excess.end(120 * MB, LIMITS, now)
        ended = now
        while excess.look(120 * MB, LIMITS, now) != "over":
            now += 1.0
        waits.append(now - ended)
        assert excess.look(150 * MB, LIMITS, ended) == "runaway"
    assert waits[0] <= FIRST_SECONDS + 1
    assert MOST_SECONDS / 2 <= waits[-1] <= MOST_SECONDS + 1
    assert waits[-1] > waits[0]


def test_it_is_said_with_figures_and_what_to_do_and_forgotten_after_a_while() -> None:
    excess = Excess()
    excess.end(120 * MB, LIMITS, 10.0)
    excess.end(160 * MB, LIMITS, 20.0, killed=True)
    [said] = excess.notes("shop-2", 20.0)
    assert said == (
        "shop-2 had 160 MB of memory where memory_bytes allows 100 MB, so it was killed and started "
        "again, 2 times in a row now. Where that repeats, its code keeps what it should let go; else "
        "allow its group more in [placement] of hanse.toml. What it did last: hanse logs shop-2"
    )
    assert list(excess.notes("shop-2", 21.0 + REMEMBERED_SECONDS)) == []
    assert excess.ends == 0


async def test_one_that_runs_away_is_killed_at_once_and_that_is_a_crash(state: StateFolder) -> None:
    kept = Supervision(sleeper(), state, quick())
    kept.start()
    await within(kept.until("ready"))
    # when
    assert not kept.weigh(149 * MB)
    assert kept.weigh(149 * MB)
    assert kept.stage == "ready", "whoever asked replaces it"
    assert not kept.weigh(150 * MB)
    # then
    await within(kept.until("backing off"))
    assert (kept.exit_code, kept.restarts, kept.excess.ends) == (-9, 1, 1)
    await within(kept.stop())


async def test_one_that_gives_way_ends_what_it_is_doing_and_that_is_a_crash(
    state: StateFolder,
) -> None:
    kept = Supervision(
        sleeper("trap 'echo done; exit 0' TERM; echo up; while :; do sleep 0.05; done"),
        state,
        quick(probe=lambda: answered(state)),
    )
    kept.start()
    await within(kept.until("ready"))
    # when
    await within(kept.give_way())
    # then
    await within(kept.until("backing off", "ready"))
    assert (kept.exit_code, kept.restarts) == (0, 1)
    assert kept.last_words[-1] == "done"
    await within(kept.stop())


async def test_one_that_was_adopted_is_weighed_like_any_other(state: StateFolder) -> None:
    first = Supervision(sleeper(), state, quick())
    first.start()
    await within(first.until("ready"))
    pid = first.pid
    await within(first.leave())
    second = Supervision(sleeper(), state, quick())
    second.start()
    await within(second.until("ready"))
    assert (second.pid, second.adopted) == (pid, True)
    # when
    second.weigh(150 * MB)
    # then
    await within(second.until("backing off"))
    assert pid is not None and not is_there(pid)
    await within(second.stop())


async def test_other_limits_are_another_program(state: StateFolder) -> None:
    assert sleeper().fingerprint() != shell("exec sleep 600").fingerprint()
    first = Supervision(shell("exec sleep 600"), state, quick())
    first.start()
    await within(first.until("ready"))
    pid = first.pid
    await within(first.leave())
    second = Supervision(sleeper(), state, quick())
    second.start()
    await within(second.until("ready"))
    assert second.pid != pid
    await within(second.stop())


async def answered(state: StateFolder) -> bool:
    await asyncio.sleep(0)
    log = state.log("one")
    return os.access(log, os.F_OK) and "up" in log.read_text()
