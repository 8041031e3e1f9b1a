"""Two hosts look at one clock, and one dies or stands still over it: each minute rings once."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from tests.faults.deals.ground import Ground, tell, until

MINUTES = 60
AFTER = 3

RUNG = "select number from book.entry where reader = 'bells'"
OPEN = "select count(*) from hanse.workflow where name like 'bells.%' and state <> 'done'"


async def rung(ground: Ground) -> list[datetime]:
    return [datetime.fromisoformat(row["number"]) for row in await ground.fetch(RUNG)]


async def has_rung(ground: Ground, minutes: int) -> bool:
    over = [row["count"] for row in await ground.fetch(OPEN)] == [0]
    return over and len(await rung(ground)) >= minutes


async def jump(*urls: str) -> None:
    for url in urls:
        assert await tell(url, "jumps", seconds=60) == 204


async def stopped_while_time_goes_on(ground: Ground, urls: list[str]) -> None:
    stopped = asyncio.ensure_future(ground.hosts[0].stopped())
    for _ in range(MINUTES):
        await asyncio.wait((stopped,), timeout=0.1)
        if stopped.done():
            return await stopped
        await asyncio.gather(*(tell(url, "jumps", seconds=60) for url in urls))
    raise AssertionError("nobody came to the point")


@pytest.mark.long
@pytest.mark.parametrize(
    ("point", "end"),
    [
        ("data.transaction.before_commit", "paused"),
        ("data.transaction.committed", "killed"),
        ("workflow.transaction_kept", "paused"),
        ("workflow.claimed", "killed"),
    ],
)
async def test_of_two_schedulers_each_minute_is_begun_by_one(
    tmp_path: Path, point: str, end: str
) -> None:
    async with Ground(tmp_path) as ground:
        urls = [await ground.begin(which, "bells", "heaps") for which in range(2)]
        assert await tell(urls[0], "aims", point=point, nth=2) == 204
        await stopped_while_time_goes_on(ground, urls)
        before = len(await rung(ground))
        await ground.expire()
        await jump(urls[1])
        if end == "paused":
            ground.hosts[0].go_on()
        else:
            await ground.hosts[0].kill()
        for _ in range(AFTER):
            await jump(urls[1])
        assert await until(lambda: has_rung(ground, before + AFTER))
        minutes = sorted(await rung(ground))
        assert max(Counter(minutes).values()) == 1, "one rang more than once"
        gaps = [one for one, after in pairwise(minutes) if after - one != timedelta(minutes=1)]
        assert not gaps, "after these one never rang"
        for which in range(2 if end == "paused" else 1):
            await ground.hosts[1 - which].kill()
