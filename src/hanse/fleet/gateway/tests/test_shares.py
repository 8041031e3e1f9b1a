"""Canary and twin get the shares they are given, and for no longer than somebody says so."""

import asyncio
from collections import Counter
from itertools import count

import msgspec

from hanse.fleet.gateway.picture import Part, Upstream
from hanse.fleet.gateway.tests.world import Host, World, cart, eventually

RENEWALS = count(1)
CLIENTS = 8


def judged(settled: Host, canary: Host, twin: Host, shares: tuple[float, float]) -> Upstream:
    parts = (
        Part("canary", (canary.endpoint,), shares[0]),
        Part("twin", (twin.endpoint,), shares[1]),
    )
    return msgspec.structs.replace(cart(settled), parts=parts)


async def three(world: World) -> list[Host]:
    return [await world.host(name) for name in ("settled", "canary", "twin")]


async def answers(world: World, number: int) -> Counter[str]:
    """Who answered so many requests; a status where it was no host."""

    async def some() -> list[str]:
        found = [await world.get("/cart") for _ in range(number // CLIENTS)]
        return [one.headers.get("host-name", str(one.status)) for one in found]

    return Counter(
        name for some_ in await asyncio.gather(*(some() for _ in range(CLIENTS))) for name in some_
    )


async def test_each_part_gets_the_share_it_is_given(world: World) -> None:
    # given
    hosts = await three(world)
    # when
    await world.show(judged(*hosts, (0.1, 0.3)), renewal=next(RENEWALS))
    found = await answers(world, 2000)
    # then: five standard deviations are 67 and 103 requests
    assert sum(found.values()) == 2000
    assert abs(found["canary"] - 200) < 67, found
    assert abs(found["twin"] - 600) < 103, found
    assert found["settled"] == 2000 - found["canary"] - found["twin"], found


async def test_a_part_without_a_share_gets_nothing(world: World) -> None:
    # given
    hosts = await three(world)
    await world.show(judged(*hosts, (0.5, 0.5)), renewal=next(RENEWALS))
    assert set(await answers(world, 40)) == {"canary", "twin"}
    # when
    await world.show(judged(*hosts, (0.0, 0.0)), renewal=next(RENEWALS))
    # then
    assert await answers(world, 200) == {"settled": 200}


async def test_shares_end_with_their_lease_although_nobody_takes_them_back(world: World) -> None:
    # given
    hosts = await three(world)
    lease = {"renewal": next(RENEWALS), "lease_seconds": 1.0}
    await world.show(judged(*hosts, (1.0, 0.0)), **lease)
    assert await answers(world, 40) == {"canary": 40}
    # when the control plane dies
    await world.ads.stop()
    began = asyncio.get_running_loop().time()

    async def back() -> bool:
        return await answers(world, 8) == {"settled": 8}

    # then
    assert await eventually(back, 3)
    assert asyncio.get_running_loop().time() - began < 1.5


async def test_a_lease_that_is_renewed_goes_on(world: World) -> None:
    # given
    hosts = await three(world)
    # when
    for _ in range(8):
        lease = {"renewal": next(RENEWALS), "lease_seconds": 0.5}
        await world.show(judged(*hosts, (1.0, 0.0)), **lease)
        # then
        assert await answers(world, 64) == {"canary": 64}


async def test_requests_of_a_part_that_is_dead_are_answered_by_the_others(world: World) -> None:
    # given
    hosts = await three(world)
    await world.show(judged(*hosts, (0.5, 0.5)), renewal=next(RENEWALS), lease_seconds=60.0)
    # when
    await hosts[1].stop()
    found = await answers(world, 64)
    # then
    assert sum(found.values()) == 64
    assert set(found) == {"settled", "twin"}, found


async def test_parts_come_and_go_while_requests_are_answered(world: World) -> None:
    # given
    hosts = await three(world)
    await world.show(cart(hosts[0]))
    ended = asyncio.Event()

    async def ask() -> Counter[str]:
        found: Counter[str] = Counter()
        while not ended.is_set():
            found += await answers(world, 8)
        return found

    asking = asyncio.create_task(ask())
    # when
    for _ in range(10):
        await world.show(judged(*hosts, (0.0, 0.0)), renewal=next(RENEWALS))
        await world.show(judged(*hosts, (0.4, 0.4)), renewal=next(RENEWALS))
        await world.show(judged(*hosts, (0.0, 0.0)), renewal=next(RENEWALS))
        await world.show(cart(hosts[0]))
    ended.set()
    found = await asking
    # then
    assert set(found) == {"settled", "canary", "twin"}, found


async def test_a_shift_is_told_in_few_bytes(world: World) -> None:
    from hanse.fleet.gateway import xds
    from hanse.fleet.gateway.picture import Picture
    from hanse.fleet.gateway.shares import SHARES, shares

    # given
    hosts = await three(world)
    picture = Picture((judged(*hosts, (0.01, 0.2)),), renewal=1)
    # when
    told = xds.runtime(SHARES, shares(picture), picture.renewal, picture.lease_seconds)
    # then
    assert len(told.body) < 300
