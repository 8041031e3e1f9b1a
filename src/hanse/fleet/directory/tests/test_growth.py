"""Regions come while the others run: their brokers are told, and go on."""

from __future__ import annotations

import asyncio
import signal

import pytest

from hanse.fleet.directory.tests.conftest import PATIENCE, Directories
from hanse.fleet.directory.tests.test_shared import CART, group, until
from hanse.fleet.engine.brokers.tests.cluster import Cluster


@pytest.mark.long
async def test_three_regions_become_four_and_five(tmp_path) -> None:
    with Cluster(tmp_path, 3) as cluster:
        made = Directories(cluster)
        _, r1 = await made.begin("head", "r1")
        await until(r1, lambda seen: not seen.old)
        await asyncio.wait_for(r1.report("shop", group("r1.shop-1")), PATIENCE)

        cluster.plan_for(4)
        cluster.signal(signal.SIGHUP, "r1", "r2", "r3")
        cluster.start("r4")
        (r4,) = await made.begin("r4")
        seen = await until(r4, lambda seen: not seen.old)
        assert seen.elsewhere[CART] == ("https://r1.shop-1",)
        await made.end("r4", "head")

        cluster.plan_for(5)  # the fourth holds what all share, as the fifth does
        cluster.signal(signal.SIGHUP, "r1", "r2", "r3")
        cluster.kill("r4")
        cluster.start("r4", "r5")
        _, r4, r5 = await made.begin("head", "r4", "r5")
        for one in (r4, r5):
            seen = await until(one, lambda seen: not seen.old)
            assert seen.elsewhere[CART] == ("https://r1.shop-1",)
        await asyncio.wait_for(r5.report("shop", group("r5.shop-1")), PATIENCE)
        await until(r1, lambda seen: "https://r5.shop-1" in seen.elsewhere.get(CART, ()))
        await made.end(*list(made.open))
