"""Who only waits leaves the memory, and nobody else."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

from hanse.runtime.workflows.engine.waits import GRACE_SECONDS, Waits
from hanse.runtime.workflows.journal.entry import Entry
from hanse.testing.world import MORNING

WAITING = Entry(0, "signal", "go", None, 1, b"null", MORNING)


async def test_who_is_told_to_go_on_does_not_leave_in_the_same_moment() -> None:
    left: list[Any] = []
    waits = Waits(lambda: MORNING, lambda: True, lambda *told: left.append(told))
    loop = asyncio.get_running_loop()
    loop.call_later(GRACE_SECONDS / 2, waits.go_on)
    waiting = asyncio.create_task(waits.until(None, WAITING))
    await asyncio.sleep(0)
    both_due = loop.time() + 2 * GRACE_SECONDS
    while loop.time() < both_due:
        pass
    await waiting
    assert left == []


async def test_nobody_waits_twice_for_a_time_that_stands_still() -> None:
    left: list[Any] = []
    looked: list[datetime] = []

    def now() -> datetime:
        looked.append(MORNING)
        return MORNING

    waits = Waits(now, lambda: False, lambda *told: left.append(told))
    due = MORNING + timedelta(seconds=GRACE_SECONDS)
    waiting = asyncio.create_task(waits.until(due, WAITING))
    while not left and len(looked) < 3:
        await asyncio.sleep(0)
    assert len(looked) == 2
    waiting.cancel()


async def test_who_waits_again_leaves() -> None:
    left = asyncio.Event()
    waits = Waits(lambda: MORNING, lambda: True, lambda *_: left.set())
    waiting = asyncio.create_task(waits.until(None, WAITING))
    await asyncio.sleep(0)
    waits.go_on()
    await waiting
    again = asyncio.create_task(waits.until(None, WAITING))
    await left.wait()
    again.cancel()
