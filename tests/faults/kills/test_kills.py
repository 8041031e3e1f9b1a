"""At every named point hosts and PostgreSQL are killed: no acknowledged write is lost, and none invented."""

from __future__ import annotations

import os
from itertools import count

import pytest

from tests.faults.kills.scene import POINTS, Ground, drawn

CHUNK = 100
# A run that fails says its seed: HANSE_TEST_SEED=1234 ./hanse test tests/faults/kills -k again
AGAIN = os.environ.get("HANSE_TEST_SEED")

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize("point", POINTS)
async def test_at_no_point_a_kill_loses_or_invents_anything(ground: Ground, point: str) -> None:
    for whom, clients in (("host", 1), ("host", 2), ("postgres", 3), ("both", 2)):
        plans = (drawn(seed, POINTS) for seed in count(POINTS.index(point), len(POINTS)))
        plan = next(one for one in plans if (one.whom, one.clients) == (whom, clients))
        await ground.run(plan)


@pytest.mark.long
@pytest.mark.parametrize("chunk", range(20))
async def test_nor_in_thousands_of_runs(ground: Ground, chunk: int) -> None:
    for seed in range(1000 + chunk * CHUNK, 1000 + (chunk + 1) * CHUNK):
        await ground.run(drawn(seed, POINTS))


@pytest.mark.skipif(AGAIN is None, reason="HANSE_TEST_SEED names a run to have again")
async def test_one_of_them_again(ground: Ground) -> None:
    await ground.run(drawn(int(AGAIN or 0), POINTS))
