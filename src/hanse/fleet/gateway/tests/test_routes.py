"""A request goes to the service that owns the first segment of its path, and to no other."""

import pytest

from hanse.fleet.gateway.picture import Domain, Picture, Upstream
from hanse.fleet.gateway.routes import route_table
from hanse.fleet.gateway.tests.world import World, cart


@pytest.mark.parametrize(
    ("path", "service"),
    [
        ("/cart", "cart"), ("/cart?a=/shop", "cart"), ("/cart/", "cart"), ("/cart/v1/items?x", "cart"),
        ("/cart.v1.Cart/AddItem", "cart"), ("/", "shop"), ("/?q=1", "shop"), ("/shop/x", "shop"),
        ("/carts", None), ("/cart.v1.Carts/AddItem", None), ("/car", None), ("/Cart", None), ("//cart", None),
        ("/x/cart", None), ("/%63art", None), ("/../cart", None), ("/;/cart", None), ("/cart;x", None),
    ],
)  # fmt: skip
async def test_first_segment_decides(world: World, path: str, service: str | None) -> None:
    # given
    basket, shop = await world.host("cart"), await world.host("shop")
    await world.show(cart(basket), Upstream("shop.v1.Shop", ("", "shop"), (shop.endpoint,)))
    # when
    answer = await world.get(path)
    # then
    assert answer.headers.get("host-name") == service
    assert answer.status == (200 if service else 404)


async def test_path_goes_on_as_it_came(world: World) -> None:
    # given
    host = await world.host("cart")
    await world.show(cart(host))
    for path in (
        "/cart/a//b",
        "/cart/../x",
        "/cart/%2e%2e/x",
        "/cart/a%2Fb",
        "/cart/./a",
        "/cart/a\\b",
        "/cart/a?b=%00&c=//",
    ):
        # when
        await world.get(path)
        # then
        assert host.seen[-1].startswith(b"get " + path.lower().encode() + b" http/1.1")


def test_two_services_of_one_segment_are_refused() -> None:
    with pytest.raises(
        ValueError, match=r"ad.v1.Ads and cart.v1.Cart both answer paths below /cart;"
    ):
        route_table(Picture((Upstream("ad.v1.Ads", ("cart",)), cart())))


async def test_site_of_a_domain_is_said_to_the_host(world: World) -> None:
    # given
    host = await world.host("cart")
    await world.show(cart(host), domains=(Domain("shop.example", "acme"),))
    for name, site in (
        ("shop.example", True),
        ("SHOP.example:8080", True),
        ("other.example", False),
        ("x.shop.example", False),
    ):
        # when
        await world.get("/cart", host=name, hanse_site="evil")
        # then
        assert (b"hanse-site: acme\r\n" in host.seen[-1]) == site
        assert b"evil" not in host.seen[-1]


async def test_a_site_is_what_it_is_called_and_no_format(world: World) -> None:
    """Envoy reads values of headers as formats: `%REQ(…)%` would let the client name its site."""
    # given
    host = await world.host("cart")
    for site in ("%REQ(x-pick)%", "50%off", "%%"):
        await world.show(cart(host), domains=(Domain("shop.example", site),))
        # when
        await world.get("/cart", host="shop.example", x_pick="acme")
        # then
        assert b"hanse-site: %b\r\n" % site.lower().encode() in host.seen[-1]


async def test_challenges_are_answered_by_the_gateway(world: World) -> None:
    # given
    await world.show(
        challenges=(("token-1", "token-1.thumb"),), domains=(Domain("shop.example", "acme"),)
    )
    for host in ("localhost", "shop.example"):
        # when
        answer = await world.get("/.well-known/acme-challenge/token-1", host=host)
        # then
        assert (answer.status, answer.body) == (200, b"token-1.thumb")
    assert (await world.get("/.well-known/acme-challenge/other")).status == 404
