"""A world in one process does what a host does, as whom and when a test says."""

from datetime import UTC, datetime, timedelta

import pytest

from hanse import (
    PUBLIC,
    SIGNED_IN,
    Clock,
    Principal,
    Service,
    Settings,
    Struct,
    current,
    permission,
    rpc,
)
from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.runtime.errors import PermissionDenied, Unauthenticated
from hanse.testing import ManualClock, World, acting

ADA = Principal("member", "ada", frozenset({"cart.read"}))
EVE = Principal("staff", "eve")


class Seen(Struct, frozen=True):
    who: str
    site: str
    locale: str
    trace: str
    at: str


class CartSettings(Settings):
    limit: int = 2


class Cart(Service):
    def __init__(self, clock: Clock, settings: CartSettings) -> None:
        self.clock = clock
        self.limit = settings.limit

    @rpc("POST /cart/v1/seen", allow=PUBLIC)
    async def seen(self) -> Seen:
        context = current()
        now = self.clock.now().isoformat()
        who = context.principal.id or context.principal.kind
        return Seen(who, context.site, context.locale, context.trace_id, now)

    @rpc("POST /cart/v1/members", allow=SIGNED_IN)
    async def members(self) -> int:
        return self.limit

    @rpc("POST /cart/v1/reads", allow=permission("cart.read"))
    async def read(self) -> str:
        return "read"


class Shop(Service):
    def __init__(self, cart: Cart) -> None:
        self.cart = cart

    @rpc("POST /shop/v1/seen", allow=PUBLIC)
    async def seen(self) -> Seen:
        return await self.cart.seen()


@pytest.fixture(params=[False, True], ids=["together", "apart"])
def apart(request):
    return request.param


async def test_calls_are_made_as_the_worlds_principal_a_visitor_by_default(apart):
    async with World(Cart, apart=apart) as world:
        assert (await world.get(Cart).seen()).who == "visitor"
        with pytest.raises(Unauthenticated):
            await world.get(Cart).members()
    async with World(Cart, principal=ADA, apart=apart) as world:
        assert (await world.get(Cart).seen()).who == "ada"
        assert await world.get(Cart).members() == 2


async def test_calls_are_made_as_whoever_is_named(apart):
    async with World(Shop, Cart, apart=apart) as world:
        shop = world.get(Shop, as_=EVE, site="acme")
        seen = await shop.seen()
        assert (seen.who, seen.site) == ("eve", "acme")
        assert await world.get(Cart, as_=ADA).read() == "read"
        with pytest.raises(PermissionDenied):
            await world.get(Cart, as_=EVE).read()


async def test_a_block_is_one_request_by_somebody(apart):
    async with World(Shop, Cart, apart=apart) as world:
        shop, cart = world.get(Shop), world.get(Cart)
        with world.as_(EVE, site="acme", locale="de") as context:
            first, second = await shop.seen(), await cart.seen()
            assert (first.who, first.site, first.locale) == ("eve", "acme", "de")
            assert first.trace == second.trace == context.trace_id
        assert (await cart.seen()).trace != (await cart.seen()).trace


async def test_a_get_for_somebody_wins_over_the_block(apart):
    async with World(Cart, apart=apart) as world:
        with world.as_(EVE):
            assert (await world.get(Cart, as_=ADA).seen()).who == "ada"


async def test_what_a_get_leaves_out_is_the_blocks(apart):
    async with World(Cart, apart=apart) as world:
        with world.as_(EVE, site="acme", locale="de"):
            elsewhere = await world.get(Cart, site="b").seen()
            as_ada = await world.get(Cart, as_=ADA).seen()
    assert (elsewhere.who, elsewhere.site, elsewhere.locale) == ("eve", "b", "de")
    assert (as_ada.who, as_ada.site, as_ada.locale) == ("ada", "acme", "de")


async def test_time_stands_still_until_it_is_moved(apart):
    async with World(Cart, apart=apart) as world:
        cart = world.get(Cart)
        assert (await cart.seen()).at == "2026-01-01T09:00:00+00:00"
        world.clock.advance(timedelta(days=365))
        assert (await cart.seen()).at == "2027-01-01T09:00:00+00:00"
    clock = ManualClock(datetime(2000, 1, 1, tzinfo=UTC))
    async with World(Cart, clock=clock, apart=apart) as world:
        assert (await world.get(Cart).seen()).at == "2000-01-01T00:00:00+00:00"


async def test_settings_are_given_by_section():
    async with World(Cart, settings={"cart": {"limit": 9}}, principal=ADA) as world:
        assert await world.get(Cart).members() == 9


async def test_what_is_missing_is_told_on_entering():
    with pytest.raises(ConfigurationError, match=r"nobody serves cart\.v1\.Cart"):
        async with World(Shop):
            pass


async def test_apart_every_call_goes_over_a_socket():
    async with World(Shop, Cart, apart=True) as world:
        await world.get(Shop).seen()
        kinds = [(span.name, span.kind) for span in world.spans()]
    assert sorted(kinds) == [
        ("cart.v1.Cart/Seen", "client"), ("cart.v1.Cart/Seen", "server"),
        ("shop.v1.Shop/Seen", "client"), ("shop.v1.Shop/Seen", "server"),
    ]  # fmt: skip
    async with World(Shop, Cart) as world:
        await world.get(Shop).seen()
        assert {span.kind for span in world.spans()} == {"server"}


async def test_http_is_the_real_door():
    async with World(Cart) as world:
        http = world.http()
        answer = await http.post("/cart/v1/seen", {})
        assert (answer.status, answer.json["who"]) == (200, "visitor")
        assert answer.headers["content-type"] == "application/json"
        assert (await http.post("/cart/v1/members", {})).status == 401
        assert (await http.post("/cart/v1/seen", {"x": 1})).status == 400
        assert (await http.post("/cart/v1/seen", b"{")).status == 400
        assert (await http.request("OPTIONS", "/cart/v1/seen")).status == 204
        assert (await http.get("/health/live")).text == "alive\n"


async def test_http_as_somebody_shows_a_token_that_is_verified():
    async with World(Cart) as world:
        ada = world.http(ADA, site="acme")
        seen = (await ada.post("/cart/v1/seen", {}, {"accept-language": "fr"})).json
        assert (seen["who"], seen["site"], seen["locale"]) == ("ada", "acme", "fr")
        assert (await ada.post("/cart/v1/reads", {})).status == 200
        assert (await world.http(EVE).post("/cart/v1/reads", {})).status == 403


async def test_http_in_a_block_is_asked_for_by_its_principal():
    async with World(Cart, principal=ADA) as world:
        with world.as_(EVE, site="acme"):
            eve, ada, at_b = world.http(), world.http(ADA), world.http(site="b")
        assert await _asking(eve) == ("eve", "acme")
        assert await _asking(ada) == ("ada", "acme")
        assert await _asking(at_b) == ("eve", "b")
        assert await _asking(world.http()) == ("ada", "default")


async def _asking(http):
    seen = (await http.post("/cart/v1/seen", {})).json
    return seen["who"], seen["site"]


def test_a_block_outside_a_world_is_for_functions_that_ask_who_calls():
    with acting(ADA, site="acme") as context:
        assert current() == context
        assert (current().principal, current().site) == (ADA, "acme")
    with pytest.raises(RuntimeError, match="No call is running"):
        current()
