"""Events go to endpoints: signed, in the order of their keys, and never past their site."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from hanse import (
    PUBLIC,
    DeclarationError,
    InvalidArgument,
    NotFound,
    ResourceExhausted,
    Unavailable,
    permission,
)
from hanse.runtime.webhooks.outgoing.sender import AT_ONCE, AT_ONCE_OF_A_SITE
from hanse.runtime.webhooks.tests.receiver import Receiver
from hanse.runtime.webhooks.tests.yard import OPEN, BoatMoved, Hooks, Yard, sent, states
from hanse.testing import Faults, ManualClock, World
from hanse.webhooks import Webhooks

SOON = timedelta(seconds=10)


async def test_an_event_is_sent_to_each_endpoint_that_wants_it(
    world: World, receiver: Receiver
) -> None:
    hooks = world.get(Hooks)
    made = await hooks.create_endpoint(receiver.url)
    wants = await hooks.create_endpoint(receiver.url + "&only", events=("yard.v1.BoatMoved",))
    other = await hooks.create_endpoint(receiver.url, events=("yard.v1.BoatSold",))
    await world.get(Yard).move("Ark", "Ararat")
    await sent(world)
    assert {one.path for one in receiver.taken} == {"/hooks?of=yard", "/hooks?of=yard&only"}
    assert [one.json for one in receiver.taken] == 2 * [
        {
            "type": "yard.v1.BoatMoved",
            "timestamp": "2026-01-01T09:00:00Z",
            "data": {"boat": "Ark", "to": "Ararat"},
        }
    ]
    found = [await states(world, one.endpoint.id) for one in (made, wants, other)]
    assert found == [["delivered"], ["delivered"], []]


async def test_the_standards_own_library_verifies_what_is_sent(receiver: Receiver) -> None:
    clock = ManualClock(datetime.now(UTC))
    async with World(Yard, Hooks, settings=OPEN, clock=clock) as world:
        made = await world.get(Hooks).create_endpoint(receiver.url)
        await world.get(Yard).move("Ark", "Ararat")
        await sent(world)
        [one] = receiver.taken
        assert Webhook(made.secret).verify(one.body, one.headers)["data"]["boat"] == "Ark"
        with pytest.raises(WebhookVerificationError):
            Webhook(made.secret).verify(one.body + b" ", one.headers)


async def test_while_a_secret_is_replaced_both_sign_and_then_the_new_one_alone(
    world: World, receiver: Receiver
) -> None:
    made = await world.get(Hooks).create_endpoint(receiver.url)
    new = await world.get(Hooks).rotate_secret(made.endpoint.id)
    await world.get(Yard).move("Ark", "Ararat")
    await sent(world)
    world.clock.advance(timedelta(days=1))
    await world.get(Yard).move("Ark", "Urartu")
    await sent(world)
    assert new.secret != made.secret
    during, after = (one.headers["webhook-signature"].split() for one in receiver.taken)
    assert during == [_signed(receiver, 0, new.secret), _signed(receiver, 0, made.secret)]
    assert after == [_signed(receiver, 1, new.secret)]


def _signed(receiver: Receiver, at: int, secret: str) -> str:
    """As the standard's own library signs it."""
    one = receiver.taken[at]
    seconds = datetime.fromtimestamp(int(one.headers["webhook-timestamp"]), UTC)
    return Webhook(secret).sign(one.headers["webhook-id"], seconds, one.body.decode())


async def test_a_secret_is_shown_once_and_lies_nowhere_in_clear(
    world: World, receiver: Receiver
) -> None:
    made = await world.get(Hooks).create_endpoint(receiver.url)
    http = world.http()
    answers = [
        await http.get("/webhooks/v1/endpoints"),
        await http.get(f"/webhooks/v1/endpoints/{made.endpoint.id}"),
    ]
    rows = await world.database.fetch("select doc::text as doc from webhooks.endpoint")
    core = made.secret.removeprefix("whsec_")
    assert all(core not in answer.text for answer in answers)
    assert core not in rows[0]["doc"]


async def test_events_of_a_key_wait_for_the_first_and_others_do_not(
    world: World, receiver: Receiver
) -> None:
    made = await world.get(Hooks).create_endpoint(receiver.url)
    receiver.of = {"Ark": 500}
    for to in ("one", "two", "three"):
        await world.get(Yard).move("Ark", to)
    await world.get(Yard).move("Argo", "Colchis")
    await sent(world)
    assert sorted(receiver.told) == [("Argo", "Colchis"), ("Ark", "one")]
    assert sorted(await states(world, made.endpoint.id)) == [
        "delivered",
        "sending",
        "waiting",
        "waiting",
    ]
    receiver.of = {}
    await sent(world, after=SOON)
    assert receiver.told[2:] == [("Ark", "one"), ("Ark", "two"), ("Ark", "three")]
    ids = [one.headers["webhook-id"] for one in receiver.taken if one.data["to"] == "one"]
    assert ids[0] == ids[1]
    assert len({one.headers["webhook-id"] for one in receiver.taken}) == 4


async def test_only_2xx_is_taken_and_nobody_is_followed(world: World, receiver: Receiver) -> None:
    made = await world.get(Hooks).create_endpoint(receiver.url)
    receiver.head = f"location: {receiver.url}&other\r\n"
    receiver.of = {str(status): status for status in (200, 202, 302, 308, 400, 404, 500, 503)}
    for boat in receiver.of:
        await world.get(Yard).move(boat, "sea")
    await sent(world)
    await sent(world)
    found = (await world.get(Hooks).list_deliveries(made.endpoint.id)).items
    assert {one.path for one in receiver.taken} == {"/hooks?of=yard"}
    assert sorted((one.state, one.why[:15]) for one in found) == [
        ("delivered", ""), ("delivered", ""), ("sending", "It answered 302"), ("sending", "It answered 308"),
        ("sending", "It answered 400"), ("sending", "It answered 404"), ("sending", "It answered 500"),
        ("sending", "It answered 503"),
    ]  # fmt: skip


async def test_a_site_sees_and_is_sent_its_own_alone(world: World, receiver: Receiver) -> None:
    ours, theirs = world.get(Hooks), world.get(Hooks, site="other")
    made = await ours.create_endpoint(receiver.url)
    await world.get(Yard, site="other").move("Ark", "Ararat")
    await sent(world)
    assert receiver.taken == []
    await world.get(Yard).move("Argo", "Colchis")
    await sent(world)
    [delivery] = (await ours.list_deliveries(made.endpoint.id)).items
    assert await theirs.list_endpoints() == ()
    assert (await theirs.list_deliveries(made.endpoint.id)).items == ()
    for refused in (
        theirs.get_endpoint(made.endpoint.id),
        theirs.update_endpoint(made.endpoint.id, description="mine"),
        theirs.rotate_secret(made.endpoint.id),
        theirs.pause_endpoint(made.endpoint.id),
        theirs.delete_endpoint(made.endpoint.id),
        theirs.list_attempts(delivery.id),
        theirs.replay(delivery.id),
        theirs.replay_range(made.endpoint.id, world.clock.now()),
    ):
        with pytest.raises(NotFound):
            await refused


async def test_a_handler_that_is_repeated_sends_no_second_time(receiver: Receiver) -> None:
    faults = Faults()
    async with World(Yard, Hooks, settings=OPEN, faults=faults) as world:
        made = await world.get(Hooks).create_endpoint(receiver.url)
        faults.at("subscription.handled").fail(Unavailable("The host stumbles."))
        await world.get(Yard).move("Ark", "Ararat")
        await sent(world)
        assert (faults.reached["subscription.handled"], receiver.told) == (2, [("Ark", "Ararat")])
        assert await states(world, made.endpoint.id) == ["delivered"]


async def test_to_one_endpoint_so_many_are_under_way_at_once(
    world: World, receiver: Receiver
) -> None:
    await world.get(Hooks).create_endpoint(receiver.url)
    receiver.held = asyncio.Event()
    for number in range(AT_ONCE + 2):
        await world.get(Yard).move(f"Boat {number}", "sea")
    await world.settled()
    catching_up = asyncio.create_task(world.catch_up())
    await receiver.until(AT_ONCE)
    receiver.held.set()
    await catching_up
    assert len(receiver.taken) == AT_ONCE
    await sent(world, after=SOON)
    assert len(receiver.taken) == AT_ONCE + 2


async def test_of_one_site_so_many_are_under_way_at_once_and_others_have_room(
    world: World, receiver: Receiver
) -> None:
    for _ in range(AT_ONCE_OF_A_SITE // AT_ONCE + 1):
        await world.get(Hooks).create_endpoint(receiver.url)
    await world.get(Hooks, site="other").create_endpoint(receiver.url)
    receiver.held = asyncio.Event()
    for number in range(AT_ONCE):
        await world.get(Yard).move(f"Boat {number}", "sea")
    await world.get(Yard, site="other").move("Ark", "Ararat")
    await world.settled()
    catching_up = asyncio.create_task(world.catch_up())
    await receiver.until(AT_ONCE_OF_A_SITE + 1)
    receiver.held.set()
    await catching_up
    assert ("Ark", "Ararat") in receiver.told
    assert len(receiver.taken) == AT_ONCE_OF_A_SITE + 1
    await sent(world, after=SOON)
    assert len(receiver.taken) == AT_ONCE_OF_A_SITE + AT_ONCE + 1


async def test_what_was_deleted_or_paused_is_sent_nothing(world: World, receiver: Receiver) -> None:
    hooks = world.get(Hooks)
    gone, paused = [await hooks.create_endpoint(receiver.url) for _ in range(2)]
    receiver.answers = [500, 500]
    await world.get(Yard).move("Ark", "Ararat")
    await sent(world)
    await hooks.delete_endpoint(gone.endpoint.id)
    await hooks.pause_endpoint(paused.endpoint.id)
    await world.get(Yard).move("Ark", "Urartu")
    await sent(world, after=SOON)
    assert len(receiver.taken) == 2
    assert await states(world, paused.endpoint.id) == ["skipped", "skipped"]


REFUSED = (
        "http://example.com/", "ftp://example.com/", "https://user:word@example.com/",
        "https://example.com/#part", "https://exämple.com/", "https://example.com:0/",
        "https://example.com:99999/", "https:///path", "https://10.0.0.1/", "https://127.0.0.1/",
        "https://[::1]/", "https://[::ffff:10.0.0.1]/", "https://169.254.169.254/latest",
        "https://exa mple.com/", "https://example.com\\@10.0.0.1/", "https://example.com/\r\nx: y",
)  # fmt: skip


async def test_an_address_that_nothing_could_be_sent_to_is_refused() -> None:
    async with World(Yard, Hooks) as world:
        for url in REFUSED:
            with pytest.raises(InvalidArgument, match="address of a webhook"):
                await world.get(Hooks).create_endpoint(url)
        made = await world.get(Hooks).create_endpoint("https://example.com:8443/hooks?a=b")
        with pytest.raises(InvalidArgument, match="address of a webhook"):
            await world.get(Hooks).update_endpoint(made.endpoint.id, url="https://10.0.0.1/")


async def test_events_that_nobody_tells_are_refused(world: World, receiver: Receiver) -> None:
    with pytest.raises(
        InvalidArgument, match=r"yard.v1.BoatSunk is not told here; told are yard.v1.BoatM"
    ):
        await world.get(Hooks).create_endpoint(receiver.url, events=("yard.v1.BoatSunk",))


async def test_a_site_has_so_many_endpoints_and_no_more(world: World, receiver: Receiver) -> None:
    for _ in range(100):
        await world.get(Hooks).create_endpoint(receiver.url)
    with pytest.raises(ResourceExhausted, match="100 endpoints at most"):
        await world.get(Hooks).create_endpoint(receiver.url)
    await world.get(Hooks, site="other").create_endpoint(receiver.url)


def test_mistakes_are_told_when_the_class_is_made() -> None:
    with pytest.raises(DeclarationError, match=r"tells nothing(.|\n)*says not who may call it"):

        class Silent(Webhooks):
            """Says nothing."""

    with pytest.raises(DeclarationError, match="which is no Event"):

        class Wrong(Webhooks, events=(int,), allow=PUBLIC):
            """Tells a number."""


async def test_who_may_not_manage_endpoints_is_refused_over_http() -> None:
    class Guarded(Webhooks, events=(BoatMoved,), allow=permission("hooks.manage")):
        """For some."""

    async with World(Yard, Guarded) as world:
        answer = await world.http().post("/webhooks/v1/endpoints", {"url": "https://example.com"})
        assert answer.status == 401
