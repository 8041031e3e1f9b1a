"""A picture is taken whole or not at all, and Envoy, its control plane and its hosts may each die."""

import asyncio
import contextlib
import signal
import socket
import stat
from collections.abc import AsyncIterator

import msgspec
import pytest

from hanse.fleet.gateway.ads.server import Ads, Applied, Rejected
from hanse.fleet.gateway.picture import Certificate, Endpoint, Picture, Upstream
from hanse.fleet.gateway.tests.world import (
    DEADLINE,
    Host,
    World,
    cart,
    eventually,
    make_certificate,
)


def service(name: str, *hosts: Host) -> Upstream:
    return Upstream(f"{name}.v1.Service", (name,), tuple(host.endpoint for host in hosts))


@contextlib.asynccontextmanager
async def load(world: World, path: str = "/cart") -> AsyncIterator[list[int]]:
    """Asks for a path without a pause from four connections; gives the statuses so far."""
    statuses: list[int] = []
    running = True

    async def ask() -> None:
        while running:
            statuses.append((await world.get(path)).status)

    async with asyncio.TaskGroup() as group:
        for _ in range(4):
            group.create_task(ask())
        try:
            yield statuses
        finally:
            running = False


async def test_push_returns_when_all_is_taken(world: World) -> None:
    # given
    first, second = await world.host("first"), await world.host("second")
    await world.show(cart(first))
    for number in range(30):
        host = (first, second)[number % 2]
        # when
        applied = await world.ads.push(Picture((cart(host),)))
        # then
        assert applied == Applied(envoys=1, cut=0)
        assert await eventually_answers(world, host)


async def eventually_answers(world: World, host: Host) -> bool:
    """Workers hear of it a moment after the main thread has answered."""

    async def found() -> bool:
        return (await world.get("/cart")).headers.get("host-name") == host.name

    return await eventually(found, 1.0)


async def test_push_before_any_envoy_is_there_waits_for_none(world: World) -> None:
    ads = Ads(world.settings)
    assert await ads.push(Picture((cart(),))) == Applied(envoys=0, cut=0)


async def test_socket_is_for_this_user_alone(world: World) -> None:
    for path in (world.settings.ads_socket, world.settings.admin_socket):
        assert await eventually((world.folder / path).exists)
        assert stat.S_IMODE((world.folder / path).stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "wrong",
    [
        {
            "certificate": Certificate(
                "-----BEGIN CERTIFICATE-----\nnone\n-----END CERTIFICATE-----\n", "none"
            )
        },
        {"upstreams": (Upstream("cart.v1.Cart", ("cart",), (Endpoint("cart.gate", weight=0),)),)},
        {"upstreams": (Upstream("cart.v1.Cart", ("cart",), (Endpoint("x" * 200),)),)},
    ],
    ids=["certificate", "weight", "socket"],
)
async def test_what_envoy_refuses_changes_nothing(world: World, wrong: dict) -> None:
    # given
    host = await world.host("cart")
    good = Picture((cart(host),), certificate=make_certificate(world.folder, "localhost"))
    await world.show(*good.upstreams, certificate=good.certificate)
    bad = msgspec.structs.replace(good, **wrong)
    bad = msgspec.structs.replace(bad, upstreams=(*bad.upstreams, service("ad", host)))
    # when
    with pytest.raises(Rejected) as caught:
        await world.ads.push(bad)
    # then
    assert (await world.get("/ad")).status == 404
    assert len(str(caught.value)) < 1000
    assert not any(shown in str(caught.value) for shown in ("BEGIN", "goo.gle", "\n"))
    assert (await world.get("/cart")).status == 200
    assert await world.ads.push(good) == Applied(envoys=1, cut=0)
    assert world.ads.refusals == []


async def test_what_stood_before_may_be_refused_by_now_as_well(world: World) -> None:
    """An Envoy that died meanwhile, and its port taken: neither picture can be shown, and that is said."""
    # given
    await world.show()
    world.envoys[-1].kill()
    await world.envoys[-1].wait()
    assert await eventually(lambda: world.ads.envoys == 0)
    with socket.create_server(("127.0.0.1", world.settings.port)):
        await world.start_envoy()
        assert await eventually(lambda: world.ads.refusals)
        # when
        async with asyncio.timeout(DEADLINE):
            with pytest.raises(Rejected):
                certificate = Certificate(
                    "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n", "x"
                )
                await world.ads.push(Picture((), certificate=certificate))
        # then
        assert any("in use" in words for words in world.ads.refusals)


async def test_two_services_of_one_segment_are_told_to_nobody(world: World) -> None:
    # given
    host = await world.host("cart")
    await world.show(cart(host))
    # when
    with pytest.raises(ValueError, match="belongs to one service"):
        await world.ads.push(Picture((cart(host), Upstream("x.v1.X", ("cart",)))))
    # then
    await world.show(cart(host))
    assert (await world.get("/cart")).status == 200


async def test_port_in_use_is_said_and_the_other_port_serves(world: World) -> None:
    # given
    host = await world.host("cart")
    with socket.create_server(("127.0.0.1", world.settings.tls_port)):
        picture = Picture((cart(host),), certificate=make_certificate(world.folder, "localhost"))
        # when
        with contextlib.suppress(Rejected):
            await world.ads.push(picture)
        # then
        assert (await answer_of_new_envoy(world, picture)).status == 200
        assert any("in use" in words for words in world.ads.refusals)


async def answer_of_new_envoy(world: World, picture: Picture):
    """What an Envoy answers that knew nothing before this picture."""
    world.envoys[-1].kill()
    await world.envoys[-1].wait()
    await world.ads.stop()
    world.ads = Ads(world.settings)
    await world.ads.start(world.folder / world.settings.ads_socket)
    await world.ads.push(picture)
    await world.start_envoy()
    await world.ads.wait_for_envoys(1, DEADLINE)
    assert await eventually(world._open)
    await world.ads.push(picture)
    return await world.get("/cart")


async def test_second_envoy_that_cannot_listen_holds_nothing_up(world: World) -> None:
    """Its refusal is none of a later picture: what was there before is not that one's fault."""
    # given
    first, second = await world.host("first"), await world.host("second")
    await world.show(cart(first))
    (world.folder / "twin/logs").mkdir(parents=True)
    (world.folder / "twin/ads.sock").symlink_to(world.folder / world.settings.ads_socket)
    await world.start_envoy(msgspec.structs.replace(world.settings, state="twin"))
    assert await eventually(lambda: world.ads.refusals)
    # when
    applied = await world.ads.push(Picture((cart(second),)))
    # then
    assert applied == Applied(envoys=2, cut=0)
    assert any("in use" in words for words in world.ads.refusals)
    assert await eventually_answers(world, second)


async def test_control_plane_may_die_and_come_back(world: World) -> None:
    # given
    first, second = await world.host("first"), await world.host("second")
    await world.show(cart(first), service("ad", second))
    async with load(world) as statuses:
        # when
        await world.ads.stop()
        assert await eventually(lambda: len(statuses) > 20)
        before = await world.statistics()
        world.ads = Ads(world.settings)
        await world.ads.start(world.folder / world.settings.ads_socket)
        await world.show(cart(first), service("ad", second))
        after = await world.statistics()
        await world.show(cart(second), service("ad", second))
        # then
        assert await eventually_answers(world, second)
    assert set(statuses) == {200}
    for kind in ("cluster_manager.cds", "listener_manager.lds", "cluster.cart.v1.Cart"):
        assert after.get(f"{kind}.update_success") == before.get(f"{kind}.update_success")


async def test_envoy_may_die_and_come_back(world: World) -> None:
    # given
    host = await world.host("cart")
    await world.show(cart(host))
    world.envoys[-1].kill()
    await world.envoys[-1].wait()
    assert await eventually(lambda: world.ads.envoys == 0)
    # when
    await world.start_envoy()
    await world.show(cart(host))
    # then
    assert (await world.get("/cart")).status == 200


async def test_envoy_that_does_not_answer_is_cut_off_and_catches_up(world: World) -> None:
    # given
    first, second = await world.host("first"), await world.host("second")
    await world.ads.stop()
    world.ads = Ads(world.settings, answer_seconds=0.3)
    await world.ads.start(world.folder / world.settings.ads_socket)
    await world.show(cart(first))
    more = [
        service(f"s{number}", first) for number in range(400)
    ]  # more than all buffers on the way take
    # when
    world.envoys[-1].send_signal(signal.SIGSTOP)
    applied = await world.ads.push(Picture((cart(second), *more)))
    world.envoys[-1].send_signal(signal.SIGCONT)
    # then
    assert applied == Applied(envoys=0, cut=1)
    await world.ads.wait_for_envoys(1, DEADLINE)
    assert await eventually_answers(world, second)


async def test_changed_clusters_are_taken_at_once(world: World) -> None:
    """Without its assignment after it a changed cluster waits for one, and all of CDS with it."""
    # given
    host = await world.host("cart")
    others = [service(f"s{number}", host) for number in range(20)]
    await world.show(cart(host), *others)
    await world.ads.stop()
    world.ads = Ads(msgspec.structs.replace(world.settings, requests=7))
    await world.ads.start(world.folder / world.settings.ads_socket)
    await world.ads.push(Picture((cart(host), *others)))
    # when
    assert await eventually(lambda: world.ads.envoys == 1)
    async with asyncio.timeout(0.8):
        # then
        await world.ads.wait_for_envoys(1, DEADLINE)


async def test_no_request_fails_while_everything_moves(world: World) -> None:
    # given
    hosts = [await world.host(f"host{number}") for number in range(4)]
    await world.show(cart(hosts[0]))
    async with load(world) as statuses:
        for number in range(25):
            old, new = hosts[number % 4], hosts[(number + 1) % 4]
            others = [service(f"s{(number + more) % 7}", new) for more in range(3)]
            # when
            await world.ads.push(Picture((cart(old, new), *others)))
            leaving = msgspec.structs.replace(old.endpoint, draining=True)
            await world.ads.push(
                Picture(
                    (msgspec.structs.replace(cart(new), endpoints=(new.endpoint, leaving)), *others)
                )
            )
            await world.ads.push(Picture((cart(new), *others)))
    # then
    assert len(statuses) > 100
    assert set(statuses) == {200}
