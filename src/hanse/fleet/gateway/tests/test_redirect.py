"""Who comes without TLS is led to where it is, if the gateway is told to and has something to show there."""

import ssl

import msgspec
import pytest

from hanse.fleet.gateway.picture import Domain
from hanse.fleet.gateway.settings import GatewaySettings
from hanse.fleet.gateway.tests.world import (
    NO_LIMIT,
    Answer,
    World,
    cart,
    free_port,
    make_certificate,
    read_answer,
    request,
)

HTTPS = 8443
YEAR = 31_536_000


@pytest.fixture
def settings() -> GatewaySettings:
    return GatewaySettings(per_address=NO_LIMIT, per_key=NO_LIMIT, redirect=HTTPS)


async def over_tls(world: World, name: str, path: str) -> Answer:
    context = ssl.create_default_context(cafile=world.folder / f"{name}.pem")
    async with world.connection(context, name) as (reader, writer):
        writer.write(request(path, host=name))
        return await read_answer(reader)


async def test_whatever_is_asked_for_is_answered_with_where_it_is(world: World) -> None:
    # given
    host = await world.host("cart")
    shop = Domain("shop.example", "acme")
    await world.show(
        cart(host), domains=(shop,), certificate=make_certificate(world.folder, "localhost")
    )
    for method, path, name, where in (
        ("GET", "/", "localhost", "https://localhost:8443/"),
        ("GET", "/cart?a=1&b=%2F", "localhost:8080", "https://localhost:8443/cart?a=1&b=%2F"),
        ("POST", "/cart/v1/items", "shop.example:8080", "https://shop.example:8443/cart/v1/items"),
        ("GET", "/nothing/there", "SHOP.example", "https://SHOP.example:8443/nothing/there"),
        ("GET", "/cart", "[::1]:8080", "https://[::1]:8443/cart"),
    ):
        # when
        answer = await world.get(path, method, host=name)
        # then its method and body are to be kept, and the answer is not, so that it can be undone
        assert (answer.status, answer.headers["location"]) == (308, where)
        assert answer.headers["cache-control"] == "no-store"
    assert host.seen == []
    # and there it is
    assert (await over_tls(world, "localhost", "/cart")).status == 200


class TestTheUsualPort:
    @pytest.fixture
    def settings(self) -> GatewaySettings:
        return GatewaySettings(per_address=NO_LIMIT, per_key=NO_LIMIT, redirect=443)

    async def test_is_named_by_no_url(self, world: World) -> None:
        await world.show(certificate=make_certificate(world.folder, "localhost"))
        for name, where in (
            ("shop.example", "https://shop.example/cart"),
            ("[::1]", "https://[::1]/cart"),
            ("shop.example:8080", "https://shop.example:443/cart"),
        ):
            assert (await world.get("/cart", host=name)).headers["location"] == where


async def test_challenges_are_answered_without_tls(world: World) -> None:
    # given
    await world.show(
        challenges=(("token-1", "token-1.thumb"),), domains=(Domain("shop.example", "acme"),),
        certificate=make_certificate(world.folder, "localhost"),
    )  # fmt: skip
    for name in ("localhost", "shop.example"):
        # when
        answer = await world.get("/.well-known/acme-challenge/token-1", host=name)
        # then
        assert (answer.status, answer.body) == (200, b"token-1.thumb")


async def test_nobody_is_led_to_where_nothing_is_shown(world: World) -> None:
    # given no certificate at all
    host = await world.host("cart")
    waiting = Domain("shop.example", "acme", waits=True)
    await world.show(cart(host), domains=(waiting,))
    assert (await world.get("/cart")).status == 200
    # given one that is not of a domain, whose own is still to be fetched
    own = make_certificate(world.folder, "localhost")
    await world.show(cart(host), domains=(waiting,), certificate=own)
    assert (await world.get("/cart")).status == 308
    assert (await world.get("/cart", host="shop.example")).status == 200
    assert b"hanse-site: acme" in host.seen[-1]
    # when it is there
    fetched = msgspec.structs.replace(waiting, certificate=own, waits=False)
    await world.show(cart(host), domains=(fetched,), certificate=own)
    # then
    assert (await world.get("/cart", host="shop.example")).status == 308
    # when nothing is shown to any other name
    await world.show(cart(host), domains=(fetched,))
    # then
    assert (await world.get("/cart")).status == 200
    assert (await world.get("/cart", host="shop.example")).status == 308


async def test_it_can_be_said_while_it_serves(world: World) -> None:
    """As `hanse up` does: by another control plane for the same Envoy."""
    from hanse.fleet.gateway.ads.server import Ads

    host = await world.host("cart")
    own = make_certificate(world.folder, "localhost")
    for redirect, status in ((HTTPS, 308), (None, 200), (free_port(), 308)):
        await world.ads.stop()
        world.ads = Ads(msgspec.structs.replace(world.settings, redirect=redirect))
        await world.ads.start(world.folder / world.settings.ads_socket)
        await world.show(cart(host), certificate=own)
        assert (await world.get("/cart")).status == status


@pytest.mark.parametrize(
    ("seconds", "own_files", "promised"),
    [(YEAR, True, {"localhost", "shop.example"}), (YEAR, False, {"shop.example"}), (0, True, set())],
)  # fmt: skip
async def test_browsers_are_bound_to_https_only_where_that_is_asked_for(
    world: World, seconds: int, own_files: bool, promised: set[str]
) -> None:
    # given
    from hanse.fleet.gateway.ads.server import Ads

    await world.ads.stop()
    told = {"redirect": None, "strict_transport": seconds, "own_files": own_files}
    world.ads = Ads(msgspec.structs.replace(world.settings, **told))
    await world.ads.start(world.folder / world.settings.ads_socket)
    host = await world.host("cart")
    names = ("localhost", "shop.example")
    own, shop = (make_certificate(world.folder, name) for name in names)
    await world.show(cart(host), domains=(Domain("shop.example", "acme", shop),), certificate=own)
    # when
    answers = {name: await over_tls(world, name, "/cart") for name in names}
    # then
    said = {name: one.headers.get("strict-transport-security") for name, one in answers.items()}
    assert said == {name: f"max-age={YEAR}" if name in promised else None for name in names}
    # and never without TLS, where anybody could have said it
    plain = await world.get("/cart", host="shop.example")
    assert (plain.status, plain.headers.get("strict-transport-security")) == (200, None)
