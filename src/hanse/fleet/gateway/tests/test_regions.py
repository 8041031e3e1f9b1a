"""Hosts of other regions behind a real Envoy: after its own ones, over mutual TLS, and nobody else."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple, Self

import msgspec
import pytest

from hanse import PUBLIC, Host, HostConfig, Service, Tls, current, rpc
from hanse.fleet.gateway import xds
from hanse.fleet.gateway.picture import Endpoint, Part, Picture, RegionalIdentity, Upstream
from hanse.fleet.gateway.resources import Resources
from hanse.fleet.gateway.settings import GatewaySettings
from hanse.fleet.gateway.tests.world import World, eventually, read_answer, request
from hanse.fleet.identity.tests.realm import FORGED, Realm, now

CLIENTS = 4


class Name(NamedTuple):
    """Of a host."""

    text: str


class Where(Service, package="where.v1"):
    """Says which host answers, and for which site."""

    def __init__(self, name: Name) -> None:
        self._name = name

    @rpc("GET /where/v1/here", allow=PUBLIC)
    async def here(self) -> str:
        return f"{self._name.text} {current().site}"

    @rpc("POST /where/v1/here", allow=PUBLIC)
    async def put(self) -> str:
        return self._name.text


class Regions:
    """One Envoy, hosts of its region and of another one."""

    def __init__(self, world: World, realm: Realm) -> None:
        self.world, self.realm = world, realm
        self.hosts: dict[str, Host] = {}
        self.own: list[Endpoint] = []
        self.far: list[Endpoint] = []
        self._stack = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def near(self, name: str) -> None:
        await self._start(name, HostConfig(port=None, gate=self.world.folder / f"{name}.gate"))
        if Endpoint(f"{name}.gate") not in self.own:
            self.own.append(Endpoint(f"{name}.gate"))

    async def away(self, name: str, tls: Tls | None = None) -> None:
        tls = tls or self.realm.issue(name=f"r2.{name}", region="r2")
        host = await self._start(name, HostConfig(port=None, mutual_port=0, tls=tls))
        self.far.append(Endpoint("", address=host.url.removeprefix("https://")))

    async def _start(self, name: str, config: HostConfig) -> Host:
        host = Host([Where], config, provided={Name: Name(name)})
        self.hosts[name] = await self._stack.enter_async_context(host)
        return host

    def kill(self, *names: str) -> None:
        """Ends hosts with all that is open, as processes that are killed."""
        for name in names:
            self.hosts[name]._doors.close()
            for connection in self.hosts[name].connections:
                connection.abort()

    def upstream(self, *parts: Part) -> Upstream:
        segments = ("where", "where.v1.Where")
        return Upstream("where.v1.Where", segments, tuple(self.own), parts, tuple(self.far))

    def picture(self, upstream: Upstream | None = None, **rest: Any) -> Picture:
        return Picture((upstream or self.upstream(),), identity=identity(self.realm), **rest)

    async def show(self, picture: Picture | None = None) -> None:
        picture = picture or self.picture()
        rest = {name: getattr(picture, name) for name in picture.__struct_fields__[1:]}
        await self.world.show(*picture.upstreams, **rest)

    async def answers(self, number: int = 40) -> Counter[str]:
        """Who answered; the status where nobody did."""

        async def some() -> list[str]:
            found = []
            async with self.world.connection() as (reader, writer):
                for _ in range(number // CLIENTS):
                    writer.write(request("/where/v1/here"))
                    answer = await read_answer(reader)
                    found.append(
                        answer.json().split()[0] if answer.status == 200 else str(answer.status)
                    )
            return found

        each = await asyncio.gather(*(some() for _ in range(CLIENTS)))
        return Counter(name for names in each for name in names)


def identity(realm: Realm) -> RegionalIdentity:
    region = realm.region("r1")
    region.issue("gateway", now=now())
    return RegionalIdentity(region.certificate("gateway"), region.trusted(), realm.project)


@pytest.fixture
async def regions(world: World, tmp_path: Path) -> AsyncIterator[Regions]:
    async with Regions(world, Realm(tmp_path)) as regions:
        yield regions


async def test_own_hosts_answer_first(regions: Regions) -> None:
    # given
    await regions.near("one")
    await regions.near("two")
    await regions.away("far")
    # when
    await regions.show()
    # then
    assert set(await regions.answers()) == {"one", "two"}
    # when one of the two has gone for good
    regions.own.pop()
    regions.kill("two")
    await regions.show()
    assert await regions.answers() == {"one": 40}


async def test_what_is_nowhere_else_is_fetched_from_another_region(regions: Regions) -> None:
    await regions.away("far")
    await regions.show()
    assert await regions.answers() == {"far": 40}
    # a gateway elsewhere is believed the site of a domain, and no context
    answer = await regions.world.get("/where/v1/here", hanse_context='{"site": "victim"}')
    assert answer.json() == "far default"


@pytest.mark.parametrize("own", [1, 3])
async def test_when_own_hosts_die_requests_go_elsewhere_at_once_and_come_back(
    regions: Regions, own: int
) -> None:
    # given
    names = [f"near{number}" for number in range(own)]
    for name in names:
        await regions.near(name)
    await regions.away("far")
    await regions.show()
    assert set(await regions.answers()) <= set(names)
    # when they die, and nobody tells the gateway
    regions.kill(*names)
    # then
    assert await regions.answers(80) == {"far": 80}
    # when they are back
    for name in names:
        await regions.near(name)

    async def back() -> bool:
        return not {"far"} & set(await regions.answers())

    # then
    assert await eventually(back, 5)


async def test_a_request_that_must_not_be_repeated_is_sent_elsewhere_if_it_never_went(
    regions: Regions,
) -> None:
    await regions.near("near")
    await regions.away("far")
    await regions.show()
    regions.kill("near")
    answer = await regions.world.get("/where/v1/here", method="POST")
    assert answer.json() == "far"


async def test_a_region_is_drained_without_a_failure_and_comes_back(regions: Regions) -> None:
    # given
    await regions.near("near")
    await regions.away("far")
    await regions.show()
    ended = asyncio.Event()

    async def ask() -> Counter[str]:
        found: Counter[str] = Counter()
        while not ended.is_set():
            found += await regions.answers(8)
        return found

    asking = asyncio.create_task(ask())
    for _ in range(3):
        # when
        await regions.show(regions.picture().drained())
        # then
        assert await regions.answers() == {"far": 40}
        await regions.show()
        assert await regions.answers() == {"near": 40}
    ended.set()
    assert set(await asking) <= {"near", "far"}


async def test_a_judged_host_that_is_dead_costs_nobody_whose_group_is_dead_too(
    regions: Regions,
) -> None:
    await regions.near("near")
    await regions.away("far")
    await regions.near("canary")
    canary = Part("canary", (regions.own.pop(),), 1.0)
    await regions.show(regions.picture(regions.upstream(canary), renewal=1, lease_seconds=60.0))
    assert await regions.answers() == {"canary": 40}
    regions.kill("canary")
    assert await regions.answers() == {"near": 40}
    regions.kill("near")
    assert await regions.answers() == {"far": 40}


UNSEEN = ("of another region", "of the root")
"""Envoy does not look which authority has signed for which region; hosts do."""

IMPOSTORS = ["a gateway", "of another root", *(kind for kind in FORGED if kind not in UNSEEN)]


async def test_nothing_is_said_to_who_is_no_host_of_ours(regions: Regions, tmp_path: Path) -> None:
    # given somebody each who listens where a host of another region should
    upstreams: list[Upstream] = []
    for number, kind in enumerate(IMPOSTORS):
        await regions.away(kind, shown_by(kind, regions.realm, tmp_path))
        upstreams.append(Upstream(f"w{number}.v1.W", (f"w{number}",), elsewhere=(regions.far[-1],)))
    await regions.away("far")
    upstreams.append(Upstream("w.v1.W", ("w",), elsewhere=(regions.far[-1],)))
    # when
    await regions.world.show(*upstreams, identity=identity(regions.realm))
    # then
    found = await asyncio.gather(
        *(regions.world.get(f"/w{number}/x") for number in range(len(IMPOSTORS)))
    )
    assert {one.status for one in found} == {503}
    assert (await regions.world.get("/w/x")).status == 404  # as a host of ours says


def shown_by(kind: str, realm: Realm, folder: Path) -> Tls:
    """What it shows, and that it lets in whoever comes."""
    if kind == "of another root":
        shown = Realm(folder / "namesake", realm.project).issue()
    else:
        shown = realm.issue("gateway") if kind == "a gateway" else realm.forged(kind)
    return Tls(shown.certificate, shown.key, realm.issue().authority)


async def test_the_gateways_identity_is_exchanged_under_load_and_nothing_fails(
    regions: Regions,
) -> None:
    # given
    await regions.away("far")
    await regions.show()
    ended = asyncio.Event()

    async def ask() -> Counter[str]:
        found: Counter[str] = Counter()
        while not ended.is_set():
            found += await regions.answers(8)
        return found

    asking = asyncio.create_task(ask())
    before = identity(regions.realm)
    for _ in range(5):
        # when
        regions.realm.forget("gateway")
        assert identity(regions.realm) != before
        before = identity(regions.realm)
        await regions.show()
        for connection in regions.hosts["far"].connections:
            connection.drain()  # so that others are opened, by the new one
        await regions.answers(8)
    ended.set()
    # then
    assert set(await asking) == {"far"}
    assert regions.world.ads.refusals == []


# What is told, by itself.


def snapshot(picture: Picture, resources: Resources | None = None) -> dict:
    return (resources or Resources(GatewaySettings())).of(picture)


def plain(*far: Endpoint) -> tuple[Upstream, ...]:
    here = (Endpoint(".hanse/up/hosts/shop-1.gate"),)
    return (
        Upstream("shop.v1.Shop", ("shop",), here, elsewhere=far),
        Upstream("cart.v1.Cart", ("cart",), here),
    )


def test_without_other_regions_nothing_is_said_of_them() -> None:
    told = snapshot(Picture(plain()))
    bodies = b"".join(one.body for kind in told.values() for one in kind.values())
    for word in (b"hanse.identity", b"hanse.trusted", b"transport_socket", b"previous_priorities"):
        assert word not in bodies


def test_a_change_elsewhere_is_told_by_one_assignment(tmp_path: Path) -> None:
    # given
    shown, resources = identity(Realm(tmp_path)), Resources(GatewaySettings())
    far = [Endpoint("", address=f"127.0.0.1:{port}") for port in range(7000, 7008)]
    before = snapshot(Picture(plain(*far), identity=shown), resources)
    # when
    after = snapshot(Picture(plain(*far[1:]), identity=shown), resources)
    # then
    changed = {
        (kind, name)
        for kind in after
        for name, one in after[kind].items()
        if before[kind].get(name) != one
    }
    assert changed == {(xds.ASSIGNMENTS, "shop.v1.Shop")}
    assert len(after[xds.ASSIGNMENTS]["shop.v1.Shop"].body) < 1000


def test_an_identity_that_is_exchanged_is_told_by_one_secret(tmp_path: Path) -> None:
    # given
    realm, resources = Realm(tmp_path), Resources(GatewaySettings())
    before = snapshot(Picture(plain(), identity=identity(realm)), resources)
    # when
    realm.forget("gateway")
    after = snapshot(Picture(plain(), identity=identity(realm)), resources)
    # then
    changed = {
        (kind, name)
        for kind in after
        for name, one in after[kind].items()
        if before[kind].get(name) != one
    }
    assert changed == {(xds.SECRETS, "hanse.identity")}


def test_what_is_served_nowhere_else_stays_in_a_region_that_is_drained() -> None:
    far = Endpoint("", address="127.0.0.1:7000")
    shop, cart = Picture(plain(far)).drained().upstreams
    assert [one.draining for one in shop.endpoints] == [True]
    assert [one.draining for one in cart.endpoints] == [False]
    assert msgspec.structs.replace(shop, endpoints=plain(far)[0].endpoints) == plain(far)[0]
