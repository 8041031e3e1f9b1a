"""More is told than there is room for, or than anybody has handled: it waits, and nobody holds more than they may."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from tests.faults.deals.ground import Ground, tell, until
from tests.faults.surroundings import fill, small_disk

MEGABYTE = 1024 * 1024
SMALL = {"stream_bytes": MEGABYTE}
HOLDS_MOST = 80 * MEGABYTE
"""What a subscription may hold of a stream, twice over as text and as bytes, and what Python keeps."""

PLACES = "select lane, place from book.entry where site_id = $1 order by n"

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def heap(url: str, lane: str, count: int, size: int, first: int = 1) -> int:
    return await tell(url, "heaps", lane=lane, first=first, count=count, size=size)


async def places(ground: Ground, site: str) -> dict[str, list[int]]:
    rows = await ground.fetch(PLACES, site)
    return {lane: [place for one, place in rows if one == lane] for lane, _ in rows}


async def waiting(ground: Ground) -> int:
    return (await ground.fetch("select count(*) from hanse.outbox"))[0][0]


async def begun_once(ground: Ground, site: str) -> None:
    """Has the subscription be there, which holds the stream from then on."""
    url = await ground.begin(0, site, "heaps", **SMALL)
    assert await tell(url, "gates") == 204
    assert await heap(url, "first", 1, 10) == 204
    assert await until(lambda: handled(ground, site, 1))
    await ground.hosts[0].kill()
    await ground.expire()


async def handled(ground: Ground, site: str, count: int) -> bool:
    return sum(map(len, (await places(ground, site)).values())) >= count


async def all_handled(ground: Ground, site: str, lanes: dict[str, int]) -> None:
    assert await until(lambda: handled(ground, site, sum(lanes.values())), 60)
    found = await places(ground, site)
    assert found == {lane: list(range(1, count + 1)) for lane, count in lanes.items()}


async def test_where_nobody_reads_the_stream_fills_and_then_the_outbox_and_all_of_it_is_handled(
    ground: Ground,
) -> None:
    await begun_once(ground, "full")
    url = await ground.begin(0, "full", "unread", **SMALL)
    for lane in range(4):
        assert await heap(url, f"lane{lane}", 10, 60_000) == 204
    left = await waiting(ground)
    assert await until(lambda: settled_at(ground, left)), "the stream is full, and more waits"
    ground.kill_broker()
    await ground.hosts[0].kill()
    await ground.expire()

    url = await ground.begin(0, "full", "heaps", **SMALL)
    assert await tell(url, "gates") == 204
    await all_handled(ground, "full", {"first": 1} | {f"lane{n}": 10 for n in range(4)})
    await ground.hosts[0].kill()


async def settled_at(ground: Ground, before: int) -> bool:
    """Whether some went to the stream, and the others have to stay."""
    now = await waiting(ground)
    return 20 <= now <= min(before, 30)


@pytest.mark.long
async def test_who_is_slow_holds_a_bounded_part_of_a_stream_however_long_it_is(
    ground: Ground,
) -> None:
    large = {"stream_bytes": 512 * MEGABYTE}
    lanes = {f"lane{n}": 100 for n in range(30)}
    url = await ground.begin(0, "slow", "heaps", **large)
    host = psutil.Process(ground.hosts[0].pid)
    for first in range(1, 101, 20):
        for lane in lanes:
            assert await heap(url, lane, 20, 64_000, first) == 204
        assert await until(lambda: told_all(ground), 120)
        if first == 1:
            before = host.memory_info().rss
    assert host.memory_info().rss - before < HOLDS_MOST, "of 190 MB that are told"
    assert await tell(url, "gates") == 204
    await all_handled(ground, "slow", lanes)
    await ground.hosts[0].kill()


async def told_all(ground: Ground) -> bool:
    return not await waiting(ground)


@pytest.mark.long
@pytest.mark.root("only root mounts")
async def test_a_broker_without_room_on_its_disk_gets_the_rest_when_there_is(
    tmp_path: Path,
) -> None:
    with small_disk(tmp_path / "disk", 40):
        async with Ground(tmp_path, streams=tmp_path / "disk" / "nats") as ground:
            url = await ground.begin(0, "disk", "heaps")
            assert await tell(url, "gates") == 204
            assert await heap(url, "before", 5, 10_000) == 204
            await all_handled(ground, "disk", {"before": 5})
            fill(tmp_path / "disk" / "ballast")
            assert await heap(url, "during", 40, 60_000) == 204
            assert await waiting(ground) > 0
            (tmp_path / "disk" / "ballast").unlink()
            ground.kill_broker()
            await all_handled(ground, "disk", {"before": 5, "during": 40})
            await ground.hosts[0].kill()
