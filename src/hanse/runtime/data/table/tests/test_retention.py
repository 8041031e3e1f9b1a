"""What is kept for a while only goes when its time is over, by the clock of the host."""

from datetime import timedelta
from typing import Annotated

import pytest

from hanse.runtime.contract.rules import Instant, Length
from hanse.runtime.data.database import Database
from hanse.runtime.data.entity.entity import Entity, entity, entity_of
from hanse.runtime.data.entity.marks import Personal, Retention
from hanse.runtime.data.resource.resource import Resource
from hanse.runtime.data.table.retention import ROWS, RetentionSweep
from hanse.runtime.errors import NotFound
from hanse.runtime.identity.permission import PUBLIC
from hanse.testing.world import MORNING, World

Name = Annotated[str, Length(0, 100)]


@entity("shop.visits", person="id", deletes="soft", retention=Retention(days=365))
class Visit(Entity):
    """Somebody came by."""

    place: Name
    address: Annotated[Name, Retention(days=30)] = "unknown"
    phone: Annotated[Name, Personal(erase="field"), Retention(days=30, since="left")] | None = None
    left: Instant | None = None


MODEL = entity_of(Visit)


class Visits(Resource[Visit], allow=PUBLIC):
    """Who came by."""


@pytest.fixture
async def world():
    async with World(Visits) as world:
        yield world


async def test_a_value_goes_back_to_its_default_and_the_rest_stays(world):
    visits = world.get(Visits)
    made = await visits.create(Visit("Kiel", "Markt 1", phone="123"))
    world.clock.advance(timedelta(days=30))
    await world.catch_up()
    assert await visits.get(made.id) == made

    world.clock.advance(timedelta(hours=2))
    await world.catch_up()

    read = await visits.get(made.id)
    assert (read.place, read.address, read.phone) == ("Kiel", "unknown", "123")
    assert (read.revision, read.update_time) == (2, made.update_time)


async def test_it_may_count_from_a_field_and_what_has_no_moment_stays(world):
    visits = world.get(Visits)
    stays = await visits.create(Visit("Kiel", phone="123"))
    goes = await visits.create(Visit("Kiel", phone="456", left=MORNING - timedelta(days=29)))

    world.clock.advance(timedelta(days=1, hours=1))
    await world.catch_up()

    assert (await visits.get(stays.id)).phone == "123"
    assert (await visits.get(goes.id)).phone is None


async def test_rows_go_for_good_those_of_every_site_and_those_that_were_hidden(world):
    visits = world.get(Visits)
    old = [
        await visits.create(Visit("old")),
        await world.get(Visits, site="other").create(Visit("x")),
    ]
    await visits.delete(old[0].id)
    world.clock.advance(timedelta(days=300))
    young = await visits.create(Visit("young"))

    world.clock.advance(timedelta(days=66))
    await world.catch_up()

    rows = await world.database.fetch("select id from shop.visits")
    assert [row["id"] for row in rows] == [MODEL.uuid_of(young.id)]
    with pytest.raises(NotFound):
        await visits.get(old[0].id, show_deleted=True)


async def test_a_pass_is_begun_once_an_hour_and_goes_on_where_it_was(world):
    visits = world.get(Visits)
    sweep = RetentionSweep(world.database, MODEL)
    await visits.bulk_create(tuple(Visit(str(n)) for n in range(ROWS)))
    await visits.create(Visit("the last"))
    world.clock.advance(timedelta(days=400))

    assert await sweep.once()
    left = await visits.list()
    assert [one.place for one in left.items] == ["the last"]
    assert not await sweep.once()
    assert (await visits.list()).items == ()

    late = await visits.create(Visit("late"))
    await world.database.execute(
        "update shop.visits set create_time = create_time - interval '9 years'"
    )
    assert not await sweep.once()
    assert await visits.get(late.id)
    world.clock.advance(timedelta(hours=1))
    await world.catch_up()
    with pytest.raises(NotFound):
        await visits.get(late.id)


async def test_what_one_host_is_at_the_others_leave_to_it(world):
    made = await world.get(Visits).create(Visit("Kiel"))
    world.clock.advance(timedelta(days=400))
    sweep = RetentionSweep(world.database, MODEL)

    async with world.database.transaction():
        await world.database.fetch("select 1 from hanse.retention for update")
        async with Database(world.database.config, world.clock) as apart:
            assert not await RetentionSweep(apart, MODEL).once()
    assert (await world.get(Visits).get(made.id)).place == "Kiel"

    await sweep.once()
    with pytest.raises(NotFound):
        await world.get(Visits).get(made.id)
