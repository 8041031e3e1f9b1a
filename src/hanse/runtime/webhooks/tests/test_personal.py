"""What is personal reaches an endpoint that may have it, as long as its person is not erased."""

from datetime import timedelta

from hanse.runtime.webhooks.tests.receiver import Receiver
from hanse.runtime.webhooks.tests.yard import Hooks, Yard, sent, states
from hanse.testing import World

SOON = timedelta(seconds=10)


async def test_what_is_personal_is_left_out_unless_the_endpoint_may_have_it(
    world: World, receiver: Receiver
) -> None:
    await world.get(Hooks).create_endpoint(receiver.url)
    await world.get(Hooks).create_endpoint(receiver.url + "&all", personal=True)
    await world.get(Yard).sell("Ark", "person_1", "Noah Lamechson")
    await sent(world)
    given = {one.path.partition("&")[2]: one.data for one in receiver.taken}
    assert given == {
        "": {"boat": "Ark", "owner": "person_1"},
        "all": {"boat": "Ark", "owner": "person_1", "name": "Noah Lamechson"},
    }


async def test_nothing_that_is_kept_has_it_in_clear(world: World, receiver: Receiver) -> None:
    await world.get(Hooks).create_endpoint(receiver.url, personal=True)
    receiver.answers = [500]
    await world.get(Yard).sell("Ark", "person_1", "Noah Lamechson")
    await sent(world)
    tables = await world.database.fetch(
        "select format('%I.%I', schemaname, tablename) as name from pg_tables "
        "where schemaname in ('webhooks', 'hanse')"
    )
    for table in tables:
        for row in await world.database.fetch(f"select t::text as said from {table['name']} t"):
            assert "Noah" not in row["said"], table["name"]
            assert b"Noah".hex() not in row["said"], table["name"]
    assert b"Noah" in receiver.taken[0].body


async def test_a_person_erased_meanwhile_is_gone_from_what_is_still_to_be_sent(
    world: World, receiver: Receiver
) -> None:
    made = await world.get(Hooks).create_endpoint(receiver.url, personal=True)
    receiver.of = {"Ark": 500, "Argo": 500}
    await world.get(Yard).sell("Ark", "person_1", "Noah Lamechson")
    await world.get(Yard).praise("Argo", "person_1", "Noah likes it")
    await sent(world)
    await world.get(Yard).erase("person_1")
    receiver.of = {}
    before = len(receiver.taken)
    await sent(world, after=SOON)
    assert [one.data for one in receiver.taken[before:]] == [
        {"boat": "Argo", "owner": "person_1", "words": ""}
    ]
    assert sorted(await states(world, made.endpoint.id)) == ["delivered", "gone"]
