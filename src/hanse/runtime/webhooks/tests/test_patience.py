"""An endpoint that fails is tried for two days, then disabled with a notice; all of it is logged."""

from datetime import timedelta

import pytest

from hanse import Service, subscribe
from hanse.runtime.webhooks.outgoing.delivery import KEPT_DAYS, UNDER_WAY_DAYS
from hanse.runtime.webhooks.outgoing.schedule import ASKED_MOST, TRIES, WAITS, wait_after
from hanse.runtime.webhooks.tests.receiver import Receiver
from hanse.runtime.webhooks.tests.yard import OPEN, Hooks, Yard, sent, states
from hanse.testing import Faults, World
from hanse.webhooks import EndpointDisabled, StillUnderWay

STEP = timedelta(hours=14)


class Operators(Service, package="operators.v1"):
    """Are told what was disabled."""

    @subscribe(EndpointDisabled)
    async def note(self, event: EndpointDisabled) -> None:
        NOTICES.append(event)


NOTICES: list[EndpointDisabled] = []


@pytest.fixture(autouse=True)
def notices() -> list[EndpointDisabled]:
    NOTICES.clear()
    return NOTICES


@pytest.fixture
async def world():
    async with World(Yard, Hooks, Operators, settings=OPEN) as world:
        yield world


async def until_given_up(world: World, receiver: Receiver) -> None:
    """Lets time pass from try to try, until there is none any more."""
    while True:
        before = len(receiver.taken)
        await sent(world, after=STEP)
        if len(receiver.taken) == before:
            return


def test_the_schedule_is_twelve_tries_over_two_days_or_more() -> None:
    assert TRIES >= 12
    assert sum(WAITS) >= 2 * 24 * 60 * 60
    assert [wait_after(n + 1, chance=lambda: 0.0) for n in range(len(WAITS))] == list(WAITS)
    assert all(wait_after(n + 1, chance=lambda: 0.999) >= wait for n, wait in enumerate(WAITS))
    assert wait_after(1, asked=120, chance=lambda: 0.0) == 120
    assert wait_after(1, asked=10**9, chance=lambda: 0.0) == ASKED_MOST


async def test_what_takes_nothing_for_two_days_is_disabled_with_a_notice(
    world: World, receiver: Receiver
) -> None:
    made = await world.get(Hooks).create_endpoint(receiver.url)
    receiver.of = {"Ark": 500}
    await world.get(Yard).move("Ark", "one")
    await world.get(Yard).move("Ark", "two")
    await sent(world)
    [last, first] = (await world.get(Hooks).list_deliveries(made.endpoint.id)).items
    assert (
        await world.get(Hooks).get_endpoint(made.endpoint.id)
    ).failing_since == world.clock.now()
    await until_given_up(world, receiver)
    stored = await world.get(Hooks).get_endpoint(made.endpoint.id)
    tries = await world.get(Hooks).list_attempts(first.id)
    assert len(receiver.taken) == len(tries) == 12
    assert [(one.number, one.status) for one in tries] == [(n, 500) for n in range(1, 13)]
    assert tries[-1].create_time - tries[0].create_time >= timedelta(days=2)
    assert all(one.failure == "It answered 500." and one.milliseconds >= 0 for one in tries)
    assert (stored.state, "48 hours" in stored.why) == ("disabled", True)
    assert sorted(await states(world, made.endpoint.id)) == ["failed", "skipped"]
    assert [(one.endpoint, one.why) for one in NOTICES] == [(made.endpoint.id, stored.why)]
    await world.get(Yard).move("Argo", "Colchis")
    await sent(world)
    assert (len(receiver.taken), last.state) == (12, "waiting")


async def test_one_event_that_is_never_taken_stops_neither_others_nor_those_after_it(
    world: World, receiver: Receiver
) -> None:
    made = await world.get(Hooks).create_endpoint(receiver.url)
    receiver.of = {"Ark": 400}
    await world.get(Yard).move("Ark", "one")
    await sent(world)
    for _ in range(11):
        await world.get(Yard).move("Argo", "on")
        await sent(world, after=STEP)
    assert (await world.get(Hooks).get_endpoint(made.endpoint.id)).state == "active"
    assert sorted(set(await states(world, made.endpoint.id))) == ["delivered", "failed"]
    receiver.of = {}
    await world.get(Yard).move("Ark", "two")
    await sent(world)
    assert (receiver.told[-1], NOTICES) == (("Ark", "two"), [])


async def test_410_disables_at_once_until_it_is_enabled(world: World, receiver: Receiver) -> None:
    made = await world.get(Hooks).create_endpoint(receiver.url)
    receiver.answers = [410]
    await world.get(Yard).move("Ark", "one")
    await sent(world)
    await world.get(Yard).move("Ark", "two")
    await sent(world, after=STEP)
    assert (await states(world, made.endpoint.id), len(receiver.taken)) == (
        ["failed", "skipped"],
        1,
    )
    assert [one.why for one in NOTICES] == ["It answered 410 Gone."]
    assert [one.url for one in NOTICES] == [f"http://127.0.0.1:{receiver.port}"]
    enabled = await world.get(Hooks).enable_endpoint(made.endpoint.id)
    assert (enabled.state, enabled.why, enabled.failing_since) == ("active", "", None)
    await world.get(Yard).move("Ark", "three")
    await sent(world)
    assert [to for _, to in receiver.told] == ["one", "three"]


async def test_one_delivery_is_sent_again_under_its_id(world: World, receiver: Receiver) -> None:
    made = await world.get(Hooks).create_endpoint(receiver.url)
    await world.get(Yard).move("Ark", "one")
    await sent(world)
    [one] = (await world.get(Hooks).list_deliveries(made.endpoint.id)).items
    await world.get(Hooks).replay(one.id)
    await sent(world)
    assert {taken.headers["webhook-id"] for taken in receiver.taken} == {one.webhook_id}
    assert receiver.told == [("Ark", "one")] * 2
    tries = await world.get(Hooks).list_attempts(one.id)
    assert [(n.number, n.status) for n in tries] == [(1, 204), (2, 204)]


async def test_what_is_under_way_is_not_sent_a_second_time_beside_itself(
    world: World, receiver: Receiver
) -> None:
    made = await world.get(Hooks).create_endpoint(receiver.url)
    receiver.answers = [500]
    await world.get(Yard).move("Ark", "one")
    await sent(world)
    [one] = (await world.get(Hooks).list_deliveries(made.endpoint.id)).items
    with pytest.raises(StillUnderWay):
        await world.get(Hooks).replay(one.id)


async def test_a_range_is_sent_again_in_its_order(world: World, receiver: Receiver) -> None:
    hooks = world.get(Hooks)
    made = await hooks.create_endpoint(receiver.url)
    await world.get(Yard).move("Ark", "before")
    await sent(world)
    since = world.clock.now() + timedelta(hours=1)
    await hooks.pause_endpoint(made.endpoint.id)
    for number in range(3):
        world.clock.advance(timedelta(hours=1))
        await world.get(Yard).move("Ark", f"{number}")
        await sent(world)
    await hooks.enable_endpoint(made.endpoint.id)
    until = since + timedelta(hours=2)
    again = await hooks.replay_range(made.endpoint.id, since, until)
    await sent(world)
    assert (again.count, again.next_cursor) == (2, "")
    assert receiver.told == [("Ark", "before"), ("Ark", "0"), ("Ark", "1")]
    all_of_it = ("delivered", "failed", "skipped")
    assert (await hooks.replay_range(made.endpoint.id, since, states=all_of_it)).count == 3
    await sent(world)
    assert receiver.told[3:] == [("Ark", "0"), ("Ark", "1"), ("Ark", "2")]


async def test_the_log_is_kept_for_thirty_days(world: World, receiver: Receiver) -> None:
    made = await world.get(Hooks).create_endpoint(receiver.url)
    await world.get(Yard).move("Ark", "one")
    await sent(world)
    await sent(world, after=timedelta(days=29))
    assert await states(world, made.endpoint.id) == ["delivered"]
    await sent(world, after=timedelta(days=2))
    left = [
        (await world.database.fetch(f"select count(*) as n from webhooks.{table}"))[0]["n"]
        for table in ("delivery", "attempt", "message")
    ]
    assert left == [0, 0, 0]


async def test_a_line_whose_first_broke_off_goes_on_when_that_is_replayed(
    receiver: Receiver,
) -> None:
    faults = Faults()
    async with World(Yard, Hooks, settings=OPEN, faults=faults) as world:
        made = await world.get(Hooks).create_endpoint(receiver.url)
        faults.at("workflow.step_done").fail()  # as no endpoint and no database could
        await world.get(Yard).move("Ark", "one")
        await world.get(Yard).move("Ark", "two")
        await sent(world)
        found = (await world.get(Hooks).list_deliveries(made.endpoint.id)).items
        assert {one.state for one in found} == {"sending", "waiting"}
        [first] = [one for one in found if one.state == "sending"]
        await world.get(Hooks).replay(first.id)
        await sent(world)
        assert [to for _, to in receiver.told] == ["one", "one", "two"]
        assert receiver.taken[0].headers["webhook-id"] == receiver.taken[1].headers["webhook-id"]
        assert await states(world, made.endpoint.id) == ["delivered", "delivered"]


async def test_what_waits_behind_what_is_not_taken_ends_as_failed_and_is_in_the_log(
    world: World, receiver: Receiver
) -> None:
    """Each is tried for twelve days, as the endpoint asks; so that is over before the last."""
    made = await world.get(Hooks).create_endpoint(receiver.url)
    receiver.of, receiver.head = {"Ark": 500}, "retry-after: 86400\r\n"
    for number in range(4):
        await world.get(Yard).move("Ark", str(number))
    await sent(world)
    arks = (await world.get(Hooks).list_deliveries(made.endpoint.id)).items
    for _ in range(30):
        await world.get(Yard).move("Argo", "on")  # the endpoint lives
        await sent(world, after=timedelta(hours=27))
    found = (await world.get(Hooks).list_deliveries(made.endpoint.id, state="failed")).items
    assert {one.id for one in found} == {one.id for one in arks}
    untried, broken_off, *through = sorted(one.tries for one in found)
    assert (untried, 0 < broken_off < 12, through) == (0, True, [12, 12])
    assert sum("was taken in 30 days" in one.why for one in found) == 2
    receiver.of = {}
    await world.get(Yard).move("Ark", "after")
    await sent(world)
    assert receiver.told[-1] == ("Ark", "after")


async def test_what_was_left_behind_does_not_hold_up_its_key_for_ever(receiver: Receiver) -> None:
    faults = Faults()
    async with World(Yard, Hooks, settings=OPEN, faults=faults) as world:
        made = await world.get(Hooks).create_endpoint(receiver.url)
        faults.at("workflow.step_done").fail()
        await world.get(Yard).move("Ark", "one")
        await world.get(Yard).move("Ark", "two")
        await sent(world)
        await sent(world, after=timedelta(days=KEPT_DAYS + UNDER_WAY_DAYS + 1))
        assert await states(world, made.endpoint.id) == []
        await world.get(Yard).move("Ark", "three")
        await sent(world)
        assert receiver.told[-1] == ("Ark", "three")
