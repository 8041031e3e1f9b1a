"""Hosts, NATS and PostgreSQL are killed in the middle of deals: each is told, handled and ended once, in order."""

from __future__ import annotations

import os

import pytest

from hanse.testing import FAULT_POINTS
from tests.faults.deals.ground import Ground
from tests.faults.deals.runs import run_all
from tests.faults.deals.scene import POINTS, drawn

OFTEN = (2, 4, 8)
CHUNK = 100
# A run that fails says its seed: HANSE_TEST_SEED=1234 ./hanse test tests/faults/deals -k again
AGAIN = os.environ.get("HANSE_TEST_SEED")

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_at_every_point_of_theirs_somebody_is_killed():
    theirs = {one for one in FAULT_POINTS if one.startswith(("relay", "subscription", "workflow"))}
    assert theirs <= set(POINTS)
    assert {drawn(seed).point for seed in range(len(POINTS))} == set(POINTS)


@pytest.mark.parametrize("seed", OFTEN)
async def test_no_kill_loses_doubles_or_holds_up_anything(ground: Ground, seed: int) -> None:
    await run_all(ground, [drawn(seed)])


@pytest.mark.long
@pytest.mark.parametrize("chunk", range(20))
async def test_nor_in_thousands_of_runs(ground: Ground, chunk: int) -> None:
    first = 1000 + chunk * CHUNK
    await run_all(ground, map(drawn, range(first, first + CHUNK)))


@pytest.mark.skipif(AGAIN is None, reason="HANSE_TEST_SEED names a run to have again")
async def test_one_of_them_again(ground: Ground) -> None:
    await run_all(ground, [drawn(int(AGAIN or 0))])
