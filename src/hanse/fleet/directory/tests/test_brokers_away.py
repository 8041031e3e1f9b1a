"""Brokers die under the directory: what is known goes on, what is written is refused in time or kept."""

from __future__ import annotations

import asyncio
import json
import secrets

import pytest
import pytest_asyncio

from hanse.fleet.directory.failures import DirectoryAway
from hanse.fleet.directory.tests.conftest import PATIENCE, Directories
from hanse.fleet.directory.tests.test_shared import CART, group, until
from hanse.fleet.engine.brokers.logins import STREAM
from hanse.fleet.engine.brokers.tests.cluster import Cluster
from hanse.kit.clock import monotonic, wait_set
from hanse.runtime.broker.broker import Broker

QUICK = {"request_timeout": 0.7, "heartbeat": 0.4}


@pytest.fixture(scope="module")
def mortal(tmp_path_factory: pytest.TempPathFactory):
    with Cluster(tmp_path_factory.mktemp("mortal"), 3) as cluster:
        yield cluster


@pytest_asyncio.fixture
async def open_directories(mortal):
    made = Directories(mortal)
    yield made
    await made.end(*list(made.open))


async def reported(directory, name: str, entry) -> int:
    """As a control process does: again until it is told."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                return await directory.report(name, entry)
            except DirectoryAway:
                await wait_set(asyncio.Event(), 0.05)


async def leader_of(cluster: Cluster) -> str:
    async with Broker(cluster.of_head()) as broker:
        await broker.until_connected()
        info = json.loads(await broker.ask(f"STREAM.INFO.{STREAM}"))
    return cluster.region_of(info["cluster"]["leader"])


async def go_without(mortal, made: Directories) -> None:
    """No majority: writes are refused in time, all else goes on, after another start too."""
    _, r1 = await made.begin("head", "r1", patience=1.0, **QUICK)
    await until(r1, lambda seen: not seen.old)
    (r2,) = await made.begin("r2", patience=1.0, **QUICK)
    await reported(r2, "shop", group("r2.shop-1"))
    seen = await until(r1, lambda seen: CART in seen.elsewhere)
    await r1.applied_here(seen.revision)
    mortal.kill("r2", "r3")
    begun = monotonic()
    with pytest.raises(DirectoryAway, match="no majority of the brokers") as caught:
        await r1.report("shop", group(f"r1.{secrets.token_hex(4)}"))
    assert monotonic() - begun < 5.0
    assert "What is known goes on" in caught.value.detail
    assert r1.others().elsewhere == seen.elsewhere
    await made.end("r1")
    (again,) = await made.begin("r1", patience=1.0, **QUICK)
    assert again.others().old
    assert again.others().elsewhere == seen.elsewhere


async def test_without_a_majority_nothing_is_written_and_all_that_is_known_goes_on(
    mortal, open_directories
) -> None:
    try:
        await go_without(mortal, open_directories)
    finally:
        mortal.start("r2", "r3")


async def test_whose_own_broker_dies_follows_by_another_and_misses_nothing(
    mortal, open_directories
) -> None:
    _, r1, r2 = await open_directories.begin("head", "r1", "r2", **QUICK)
    await asyncio.gather(*(until(one, lambda seen: not seen.old) for one in (r1, r2)))
    dying = "r1" if await leader_of(mortal) != "r1" else "r2"  # another one decides, and goes on
    here = open_directories.open[dying]
    there = r2 if here is r1 else r1
    mortal.kill(dying)
    try:
        await reported(there, "meanwhile", group("one", "two", contract="meanwhile.v1.A"))
        await until(here, lambda seen: len(seen.elsewhere.get("meanwhile.v1.A", ())) == 2)
    finally:
        mortal.start(dying)


@pytest.mark.long
async def test_with_a_majority_again_all_comes_back_by_itself(mortal, open_directories) -> None:
    try:
        await go_without(mortal, open_directories)
    finally:
        mortal.start("r2", "r3")
    again, r2 = open_directories.open["r1"], open_directories.open["r2"]
    await reported(again, "shop", group("r1.shop-2"))
    for one in (again, r2):
        await until(one, lambda seen: not seen.old)
    found = await until(r2, lambda seen: "https://r1.shop-2" in seen.elsewhere.get(CART, ()))
    assert [one.live for one in found.regions][:2] == [True, True]


@pytest.mark.long
async def test_when_who_decides_is_killed_writes_wait_and_none_is_lost(
    mortal, open_directories
) -> None:
    _, r1, r2 = await open_directories.begin("head", "r1", "r2", **QUICK)
    await until(r1, lambda seen: not seen.old)
    for number in range(3):
        leader = await leader_of(mortal)
        mortal.kill(leader)
        try:
            await reported(r1, "shop", group(f"r1.round-{number}"))
            address = f"https://r1.round-{number}"
            await until(r2, lambda seen, at=address: at in seen.elsewhere[CART])
        finally:
            mortal.start(leader)


@pytest.mark.long
async def test_five_regions_outlive_two_of_their_brokers(tmp_path) -> None:
    with Cluster(tmp_path, 5) as cluster:
        made = Directories(cluster)
        _, r1, r5 = await made.begin("head", "r1", "r5", **QUICK)
        await until(r1, lambda seen: not seen.old)
        cluster.kill("r1", "r2")  # one's own among them
        await reported(r1, "shop", group("r1.shop-1"))
        await until(r5, lambda seen: CART in seen.elsewhere)
        cluster.kill("r3")
        with pytest.raises(DirectoryAway):
            await r5.report("shop", group("r5.shop-1"))
        cluster.start("r3")
        await reported(r5, "shop", group("r5.shop-1"))
        await until(r1, lambda seen: CART in seen.elsewhere)
        await made.end(*list(made.open))


@pytest.mark.long
async def test_a_broker_that_is_cut_off_is_not_believed(mortal, open_directories) -> None:
    """It hangs and comes back: of what was written meanwhile nothing is missed."""
    _, r1, r2 = await open_directories.begin("head", "r1", "r2", **QUICK)
    await until(r2, lambda seen: not seen.old)
    mortal.pause("r2")
    try:
        await reported(r1, "shop", group("r1.meanwhile"))
        await until(r2, lambda seen: "https://r1.meanwhile" in seen.elsewhere.get(CART, ()))
    finally:
        mortal.resume("r2")
    await reported(r1, "shop", group("r1.after"))
    await until(r2, lambda seen: "https://r1.after" in seen.elsewhere.get(CART, ()))
