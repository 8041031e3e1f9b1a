"""What others send is verified, becomes an event once, and waits where it came too early."""

import hmac
import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from hanse import (
    PUBLIC,
    Collection,
    Entity,
    FailedPrecondition,
    NotFound,
    Secret,
    Service,
    Struct,
    entity,
    rpc,
    subscribe,
)
from hanse.runtime.contract.describe import describe
from hanse.runtime.events.event import Event, event
from hanse.runtime.publish.openapi import openapi
from hanse.runtime.publish.typescript import typescript
from hanse.testing import World
from hanse.webhooks import (
    GitHubWebhooks,
    Incoming,
    IncomingWebhooks,
    NotVerified,
    StandardWebhooks,
    StripeWebhooks,
    Verified,
)

KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OLD_KEY = "whsec_plJ3nmyCDGBKInavdOK15jsl"
PLAIN = "it is a secret to everybody"
NOW = datetime(2026, 1, 1, 9, tzinfo=UTC)


@event("billing.v1", key="order")
class PaymentCame(Event):
    """The bank says that somebody paid."""

    order: str
    cents: int


class Said(Struct, frozen=True):
    type: str
    order: str = ""
    cents: int = 0


@entity("billing.orders")
class Order(Entity):
    paid: int = 0
    number: str = ""


def payment_of(verified: Verified) -> Event | None:
    said = verified.read(Said)
    return PaymentCame(said.order, said.cents) if said.type == "paid" else None


class Billing(Service):
    """Takes what banks say, and writes it down."""

    def __init__(self, incoming: IncomingWebhooks, orders: Collection[Order]) -> None:
        self._incoming, self._orders = incoming, orders
        self._senders = {
            "bank": StandardWebhooks(Secret(KEY), Secret(OLD_KEY)),
            "stripe": StripeWebhooks(Secret(PLAIN)),
            "github": GitHubWebhooks(Secret(PLAIN)),
        }

    @rpc("POST /billing/v1/hooks/{sender}", allow=PUBLIC, body="incoming", errors=(NotVerified,))
    async def take(self, sender: str, incoming: Incoming) -> None:
        await self._incoming.take(incoming, self._senders[sender], payment_of, account=sender)

    @rpc("POST /billing/v1/orders", allow=PUBLIC)
    async def order(self, number: str) -> str:
        return (await self._orders.create(Order(number=number))).id

    @rpc("GET /billing/v1/orders", allow=PUBLIC)
    async def paid(self) -> tuple[tuple[str, int], ...]:
        return tuple((one.number, one.paid) for one in (await self._orders.query()).items)

    @subscribe(PaymentCame)
    async def note(self, event: PaymentCame) -> None:
        found = [one for one in (await self._orders.query()).items if one.number == event.order]
        if not found:
            raise NotFound("There is no such order yet.")
        if event.cents < 0:
            raise FailedPrecondition("Nobody pays back here.")
        await self._orders.update(found[0].id, {"paid": found[0].paid + event.cents})


@pytest.fixture
async def world():
    async with World(Billing) as world:
        yield world


def body(order: str = "7", cents: int = 5, **more: object) -> bytes:
    return json.dumps({"type": "paid", "order": order, "cents": cents, **more}).encode()


def standard(sent: bytes, id: str = "msg_1", at: datetime = NOW, key: str = KEY) -> dict[str, str]:
    """The headers that the standard's own library has it sent with."""
    return {
        "webhook-id": id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": "v1,bm8= " + Webhook(key).sign(id, at, sent.decode()),
    }


def stripe(sent: bytes, at: datetime = NOW, key: str = PLAIN) -> dict[str, str]:
    seconds = int(at.timestamp())
    proof = hmac.new(key.encode(), f"{seconds}.".encode() + sent, sha256).hexdigest()
    return {"stripe-signature": f"t={seconds},v1={proof},v0=00"}


def github(sent: bytes, id: str = "1-2-3", key: str = PLAIN) -> dict[str, str]:
    proof = hmac.new(key.encode(), sent, sha256).hexdigest()
    return {"x-github-delivery": id, "x-hub-signature-256": f"sha256={proof}"}


async def give(world: World, sender: str, sent: bytes, headers: dict[str, str]) -> int:
    headers = {"content-type": "text/whatever", **headers}
    answer = await world.http().request("POST", f"/billing/v1/hooks/{sender}", sent, headers)
    return answer.status


async def paid(world: World) -> dict[str, int]:
    await world.settled()
    return dict(await world.get(Billing).paid())


@pytest.mark.parametrize(
    ("sender", "headers"), [("bank", standard), ("stripe", stripe), ("github", github)]
)
async def test_what_is_the_senders_becomes_an_event_once(world: World, sender, headers) -> None:
    await world.get(Billing).order("7")
    sent = body(id="evt_1", unknown=[1])
    assert [await give(world, sender, sent, headers(sent)) for _ in range(3)] == [204, 204, 204]
    assert await paid(world) == {"7": 5}


async def test_a_repeat_is_known_by_its_id_whatever_is_in_it_and_another_id_is_another(
    world: World,
) -> None:
    await world.get(Billing).order("7")
    first, other = body(cents=1), body(cents=10)
    for sent, id in ((first, "a"), (other, "a"), (other, "b"), (other, "b")):
        assert await give(world, "bank", sent, standard(sent, id)) == 204
    assert await paid(world) == {"7": 11}


async def test_a_key_of_its_headers_neither_hinders_a_repeat_nor_lets_others_come_before(
    world: World,
) -> None:
    sent, key, later = body(), {"idempotency-key": "1"}, NOW + timedelta(seconds=5)
    assert await give(world, "bank", sent, standard(b"{}") | key) == 401
    assert await give(world, "bank", sent, standard(sent) | key) == 204
    assert await give(world, "bank", sent, standard(sent, at=later) | key) == 204


async def test_a_repeat_is_known_for_thirty_days_and_what_is_old_is_refused(world: World) -> None:
    await world.get(Billing).order("7")
    sent = body()
    assert await give(world, "bank", sent, standard(sent)) == 204
    world.clock.advance(timedelta(days=29))
    await world.catch_up()
    assert await give(world, "bank", sent, standard(sent)) == 401
    assert await give(world, "bank", sent, standard(sent, at=world.clock.now())) == 204
    assert await paid(world) == {"7": 5}


async def test_what_came_too_early_waits_and_others_do_not(world: World) -> None:
    await world.get(Billing).order("8")
    for order, id in (("7", "a"), ("7", "b"), ("8", "c")):
        sent = body(order)
        assert await give(world, "bank", sent, standard(sent, id)) == 204
    assert await paid(world) == {"8": 5}
    await world.get(Billing).order("7")
    world.clock.advance(60)
    assert await paid(world) == {"7": 10, "8": 5}


async def test_what_is_of_no_interest_is_taken_and_forgotten(world: World) -> None:
    sent = json.dumps({"type": "greeting"}).encode()
    assert await give(world, "bank", sent, standard(sent)) == 204
    assert await world.database.fetch("select from webhooks.received") == []


async def test_what_is_none_is_refused_and_may_come_again_mended(world: World) -> None:
    await world.get(Billing).order("7")
    assert await give(world, "bank", b'{"type": 7}', standard(b'{"type": 7}')) == 400
    assert await give(world, "bank", body(), standard(body())) == 204
    assert await paid(world) == {"7": 5}


async def test_two_senders_and_two_sites_may_have_the_same_id(world: World) -> None:
    await world.get(Billing).order("7")
    sent = body(id="msg_1")
    assert await give(world, "bank", sent, standard(sent)) == 204
    assert await give(world, "github", sent, github(sent, "msg_1")) == 204
    incoming = Incoming(sent, standard(sent))
    await world.get(Billing, site="other").order("7")
    await world.get(Billing, site="other").take("bank", incoming)
    assert await paid(world) == {"7": 10}
    assert dict(await world.get(Billing, site="other").paid()) == {"7": 5}


REFUSED = {
    "nothing": ("bank", {}),
    "another body": ("bank", standard(body("8"))),
    "another key": ("bank", standard(body(), key="whsec_" + "A" * 32)),
    "another id": ("bank", standard(body()) | {"webhook-id": "msg_2"}),
    "no id": ("bank", standard(body(), "")),
    "another time": (
        "bank",
        standard(body()) | {"webhook-timestamp": str(int(NOW.timestamp()) + 1)},
    ),
    "no time": ("bank", standard(body()) | {"webhook-timestamp": "-1"}),
    "too old": ("bank", standard(body(), at=NOW - timedelta(minutes=5, seconds=1))),
    "too new": ("bank", standard(body(), at=NOW + timedelta(minutes=5, seconds=1))),
    "stripe too old": ("stripe", stripe(body(id="a"), NOW - timedelta(minutes=6))),
    "stripe another key": ("stripe", stripe(body(id="a"), key="no")),
    "stripe by v0": (
        "stripe",
        {"stripe-signature": stripe(body(id="a"))["stripe-signature"].replace("v1=", "v0=")},
    ),
    "github another key": ("github", github(body(), key="no")),
    "github no id": ("github", github(body(), "")),
    "github empty": ("github", {"x-github-delivery": "1", "x-hub-signature-256": ""}),
}


async def test_what_is_not_proven_is_refused_and_nothing_is_told(world: World) -> None:
    await world.get(Billing).order("7")
    for why, (sender, headers) in REFUSED.items():
        sent = body(id="a") if sender == "stripe" else body()
        assert (why, await give(world, sender, sent, headers)) == (why, 401)
    assert await paid(world) == {"7": 0}
    assert await give(world, "bank", body(), standard(body(), key=OLD_KEY)) == 204


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_only_the_very_bytes_verify(signed: bytes, sent: bytes) -> None:
    verifier, incoming = GitHubWebhooks(Secret(PLAIN)), Incoming(sent, github(signed))
    if signed == sent:
        assert verifier.verify(incoming, NOW).body == sent
    else:
        with pytest.raises(NotVerified):
            verifier.verify(incoming, NOW)


@given(
    st.dictionaries(
        st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature"]), st.text()
    )
)
def test_whatever_the_headers_say_it_is_refused_and_not_a_fault(headers: dict[str, str]) -> None:
    with pytest.raises(NotVerified):
        StandardWebhooks(Secret(KEY)).verify(Incoming(b"{}", headers), NOW)


def test_without_a_secret_there_is_no_verifier() -> None:
    for kind in (StandardWebhooks, StripeWebhooks, GitHubWebhooks):
        with pytest.raises(ValueError, match="Without a secret"):
            kind()
    with pytest.raises(ValueError, match="base64 behind it"):
        StandardWebhooks(Secret("whsec_!"))


class Desk(Service):
    """Looks at what came."""

    @rpc("POST /desk/v1/{box}", allow=PUBLIC, body="incoming")
    async def look(self, box: str, incoming: Incoming, times: int = 1) -> tuple[str, ...]:
        names = sorted(set(incoming.headers) - {"host", "content-length"})
        return (box, incoming.body.hex(), *names * times)


@pytest.mark.parametrize("apart", [False, True])
async def test_a_method_sees_the_bytes_and_headers_and_no_credentials(apart: bool) -> None:
    async with World(Desk, apart=apart) as world:
        headers = {"content-type": "x/y", "x-own": "ä", "cookie": "a=b"}
        answer = await world.http().request("POST", "/desk/v1/in?times=2", b"\xff\x00", headers)
        assert answer.json == ["in", "ff00", *["content-type", "x-own"] * 2]
        assert await world.get(Desk).look("in", Incoming(b"\x01", {"a": "b"})) == ("in", "01", "a")


def test_programs_are_told_that_the_body_is_of_its_senders_form() -> None:
    described = [describe(Desk.__contract__)]
    operation = openapi(described, title="t", version="1")["paths"]["/desk/v1/{box}"]["post"]
    assert list(operation["requestBody"]["content"]) == ["*/*"]
    assert {one["name"] for one in operation["parameters"]} == {"box", "times"}
    assert "look(" not in typescript(described)
