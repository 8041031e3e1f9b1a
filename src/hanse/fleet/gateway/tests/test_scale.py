"""Three thousand services behind one gateway: the last is as fast as the first, and changes are small."""

import asyncio
from collections.abc import Callable

import msgspec
import pytest

from hanse.fleet.gateway import xds
from hanse.fleet.gateway.picture import Endpoint, Picture, Upstream
from hanse.fleet.gateway.tests.world import World, read_answer, request
from hanse.kit.clock import monotonic

SERVICES = 3000
BLOCK = 500
ROUNDS = 20


def many(endpoint: Endpoint, number: int = SERVICES) -> tuple[Upstream, ...]:
    return tuple(
        Upstream(f"s{n}.v1.Service{n}", (f"s{n}", f"s{n}.v1.Service{n}"), (endpoint,))
        for n in range(number)
    )


async def cpu_seconds(world: World) -> float:
    """Of Envoy alone: neither the client nor the host behind it decides."""
    stat = (world.proc() / "stat").read_text().rpartition(")")[2].split()
    return (int(stat[11]) + int(stat[12])) / 100


async def asked(world: World, path: str, number: int) -> None:
    async with world.connection() as (reader, writer):
        for _ in range(number):
            writer.write(request(path))
            await read_answer(reader)


async def in_turns(world: World, first: str, last: str) -> tuple[float, float]:
    """CPU seconds for as many requests to each of two paths, by turns so that both meet the same machine."""
    spent = {first: 0.0, last: 0.0}
    for _ in range(ROUNDS):
        for path in (first, last):
            before = await cpu_seconds(world)
            await asyncio.gather(*(asked(world, path, BLOCK // 4) for _ in range(4)))
            spent[path] += await cpu_seconds(world) - before
    return spent[first], spent[last]


async def timed(action: Callable) -> float:
    began = monotonic()
    await action()
    return monotonic() - began


async def test_little_is_counted_of_a_service_and_all_of_what_it_does_with_control(
    world: World,
) -> None:
    host = await world.host("all")
    await world.show(*many(host.endpoint, 1))
    assert (await world.get("/s0/x")).status == 200

    counted = await world.statistics("all")

    of_service = [name for name in counted if name.startswith("cluster.s0.v1.Service0.")]
    assert "cluster.s0.v1.Service0.upstream_rq_total" in of_service
    assert len(of_service) <= 14
    assert counted["cluster.hanse.control.upstream_cx_rx_bytes_total"] > 0
    assert [name for name in counted if name.endswith(".downstream_rq_total")]
    assert counted["cluster_manager.active_clusters"] > 1


@pytest.mark.long
async def test_last_of_three_thousand_is_as_fast_as_the_first(world: World) -> None:
    # given
    host = await world.host("all")
    upstreams = many(host.endpoint)
    told = await timed(lambda: world.show(*upstreams))
    # when
    first, last = await in_turns(world, "/s0/x", f"/s{SERVICES - 1}/x")
    moved = (
        *upstreams[:-1],
        msgspec.structs.replace(upstreams[-1], endpoints=(Endpoint("all.gate", 2),)),
    )
    shift = await timed(lambda: world.ads.push(Picture(moved)))
    memory = int((world.proc() / "statm").read_text().split()[1]) * 4096
    # then
    requests = ROUNDS * BLOCK
    print(
        f"{SERVICES} services told in {told:.2f} s, a weight shifted in {shift * 1000:.0f} ms, "
        f"CPU of a request: first {first / requests * 1e6:.0f} us, last {last / requests * 1e6:.0f} us; "
        f"memory {memory / 2**20:.0f} MiB"
    )
    assert first / last >= 0.8
    assert shift < 1


def test_weight_of_one_of_many_hosts_is_shifted_in_ten_kilobytes() -> None:
    endpoints = tuple(
        Endpoint(f".hanse/up/hosts/boutique_checkout-{number}.gate", number + 1)
        for number in range(64)
    )
    told = xds.assignment("boutique_checkout.v1.Checkout", endpoints)
    assert len(told.body) < 10_000
