"""A table may be called by any word of SQL; a schema by none that has to be quoted."""

import json
from datetime import timedelta
from typing import Annotated

import pytest

from hanse import (
    PUBLIC,
    Entity,
    Indexed,
    InvalidArgument,
    Keep,
    Length,
    Personal,
    Ref,
    Resource,
    Searchable,
    Service,
    Unique,
    entity,
    rpc,
)
from hanse.runtime.data.collection.backfill import Backfill
from hanse.runtime.data.database import Database
from hanse.runtime.data.entity.marks import Retention
from hanse.runtime.data.migrations.schema_name import WORDS
from hanse.runtime.data.people.people import People
from hanse.testing import World

TOLD = "select word from pg_get_keywords() where catcode in ('R', 'T')"
Name = Annotated[str, Length(0, 100)]


@entity("crm.user", person="id", deletes="soft")
class User(Entity):
    name: Annotated[Name, Unique(), Searchable(), Personal(erase="row")]
    city: Annotated[Name, Indexed(), Retention(days=30)] = ""


@entity("crm.order", person="user", retention=Retention(days=365))
class Order(Entity):
    user: Annotated[Ref[User], Indexed()]
    tags: Annotated[tuple[Name, ...], Indexed()] = ()
    bill: Annotated[str, Personal(erase=Keep(days=10, reason="tax law"))] = ""


class Users(Resource[User], allow=PUBLIC):
    """Who may come in."""


class Orders(Resource[Order], allow=PUBLIC):
    """What they want."""


class Desk(Service, package="desk.v1"):
    """Answers who asks for what is known of them."""

    def __init__(self, people: People) -> None:
        self._people = people

    @rpc(allow=PUBLIC)
    async def export(self, person: str) -> str:
        return b"".join([part async for part in self._people.export(person)]).decode()

    @rpc(allow=PUBLIC)
    async def erase(self, person: str) -> None:
        await self._people.erase(person)


@pytest.mark.parametrize("version", ["15", "18"])
async def test_every_word_that_names_no_schema_is_refused_as_one(servers, version):
    server = servers.server(version)
    async with Database(server.config(server.url())) as database:
        told = {row["word"] for row in await database.fetch(TOLD)}

    assert {"order", "left"} < told <= WORDS


async def test_tables_that_are_called_by_words_do_all_that_others_do():
    async with World(Users, Orders, Desk) as world:
        users, orders, desk = map(world.get, (Users, Orders, Desk))
        ada, bob = [await users.create(User(name=name, city="Kiel")) for name in ("Ada", "Bob")]
        with pytest.raises(InvalidArgument, match="there is no user"):
            await orders.create(Order(user="user_00000000000000000000000000"))
        order = await orders.create(Order(user=ada.id, tags=("tea",), bill="bill 1"))
        mine = {"tags": {"$hasAll": ["tea"]}, "user": ada.id}
        assert (await orders.query(filter=mine)).items == (order,)
        await users.delete(bob.id)
        await users.restore(bob.id)
        (seen,) = await world.database.fetch("select tags, bill from crm.order_view")
        assert (seen["tags"], seen["bill"]) == (b'["tea"]', "***")
        await Backfill(User, world.database).run()
        world.clock.advance(timedelta(days=31))
        await world.catch_up()
        assert (await users.get(bob.id)).city == ""

        exported = json.loads(await desk.export(ada.id))
        await desk.erase(ada.id)

        assert [one["doc"]["bill"] for one in exported["collections"]["crm.order"]] == ["bill 1"]
        assert json.loads(await desk.export(ada.id))["collections"]["crm.user"] == []
        world.clock.advance(timedelta(days=366))
        await world.catch_up()
        assert (await orders.query()).items == ()
