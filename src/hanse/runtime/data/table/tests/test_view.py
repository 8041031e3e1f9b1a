"""The view of a table: what reports see, who keeps whom waiting, two releases at once."""

import asyncio
import datetime
import decimal
import os
import uuid
from contextlib import asynccontextmanager
from typing import Annotated

import pytest
from msgspec import Struct
from msgspec.json import decode

from hanse.runtime.contract.rules import Instant, Length
from hanse.runtime.data.collection.collection import Collection
from hanse.runtime.data.database import Database
from hanse.runtime.data.entity.entity import Entity, entity, entity_of
from hanse.runtime.data.entity.marks import Indexed, Personal, Ref
from hanse.runtime.data.entity.upcast import upcast
from hanse.runtime.data.table.table import make_table
from hanse.runtime.data.table.view import keep_view, make_view
from hanse.runtime.identity.principal import VISITOR
from hanse.testing.acting import acting

Name = Annotated[str, Length(1, 100)]
NOON = datetime.datetime(2026, 1, 31, 12, tzinfo=datetime.UTC)
PATIENCE = float(os.environ.get("PATIENCE", "20"))
"""Seconds after which somebody counts as kept waiting; who is not is done in a moment."""


class Address(Struct, frozen=True):
    street: Name
    city: Name = "Lübeck"


@entity("shop.owners", deletes="soft")
class Owner(Entity):
    name: Name


@entity("shop.things")
class Thing(Entity):
    """Something for sale."""

    name: Annotated[Name, Indexed()]
    number: int = 7
    weight: float = 0.5
    price: decimal.Decimal = decimal.Decimal("1.50")
    sold: bool = False
    key: uuid.UUID = uuid.UUID(int=5)
    day: datetime.date = datetime.date(2026, 1, 31)
    at: Instant | None = None
    tags: tuple[Name, ...] = ()
    owner: Ref[Owner] | None = None
    address: Address | None = None
    places: tuple[Address, ...] = ()
    site_id: str = "own"


@entity("shop.things")
class Less(Entity):
    name: Annotated[Name, Indexed()]
    number: int = 7


@entity("shop.things")
class Other(Entity):
    name: Annotated[Name, Indexed()]
    number: str = ""


@entity("shop.things", person="id")
class Marked(Entity):
    name: Annotated[Name, Personal(erase="row")]
    number: Annotated[int, Personal(erase="field")] = 7
    day: Annotated[datetime.date | None, Personal(erase="field", sealed=False)] = None
    owner: Annotated[str, Personal(erase="field", sealed=False)] = ""
    address: Annotated[Address | None, Personal(erase="field")] = None
    sold: bool = False


@entity("shop.things")
class Newer(Entity):
    name: Annotated[Name, Indexed()]
    number: int = 7


@upcast(Newer, 1)
def counted(document):
    return document | {"number": len(document["number"])}


@asynccontextmanager
async def things(database, *classes):
    """Collections whose tables and views are there, used by a visitor of site a."""
    for cls in classes:
        await make_table(database, entity_of(cls))
        await make_view(database, entity_of(cls))
    with acting(VISITOR, site="a", locale="en"):
        yield [Collection(cls, database) for cls in classes]


async def columns(database):
    """Name and type of each column of the view."""
    rows = await database.fetch(
        "select attname::text as name, format_type(atttypid, null) as type from pg_attribute "
        "where attrelid = to_regclass('shop.things_view') and attnum > 0 order by attnum"
    )
    return {row["name"]: row["type"] for row in rows}


async def test_every_field_is_a_column_of_its_type_with_what_a_reader_sees(database):
    async with things(database, Owner, Thing) as (owners, collection):
        owner = await owners.create(Owner("Ada"))
        made = await collection.create(
            Thing("Crane", at=NOON, tags=("a",), owner=owner.id, address=Address("S"),
                  places=(Address("T"),))
        )  # fmt: skip
        row = await database.fetch_row("select * from shop.things_view")

        assert dict(row.items()) | {"tags": 0, "places": 0} == {
            "site_id": "a", "id": made.id, "id.uuid": row["id.uuid"], "revision": 1,
            "create_time": made.create_time, "update_time": made.create_time, "name": "Crane",
            "number": 7, "weight": 0.5, "price": decimal.Decimal("1.50"), "sold": False,
            "key": uuid.UUID(int=5), "day": datetime.date(2026, 1, 31), "at": NOON, "tags": 0,
            "owner": owner.id, "address.street": "S", "address.city": "Lübeck", "places": 0,
            "doc.site_id": "own",
        }  # fmt: skip
        assert collection.model.text_of(row["id.uuid"].int) == made.id
        assert (decode(row["tags"]), decode(row["places"])) == (
            ["a"],
            [{"street": "T", "city": "Lübeck"}],
        )
        assert (await columns(database))["at"] == "timestamp with time zone"


async def test_a_document_without_a_field_shows_its_default(database):
    async with things(database, Owner, Thing) as (_, collection):
        await collection.create(Thing("Crane", address=Address("S")))
        await database.execute(
            "update shop.things set doc = doc - 'number' - 'at' #- '{address,city}'"
        )

        row = await database.fetch_row(
            'select number, at, "address.city" as city, tags from shop.things_view'
        )

    assert (row["number"], row["at"], row["city"], row["tags"]) == (7, None, "Lübeck", b"[]")


async def test_what_is_deleted_is_left_out_and_what_refers_can_be_joined(database):
    async with things(database, Owner, Thing) as (owners, collection):
        kept, gone = [await owners.create(Owner(name)) for name in ("Ada", "Eve")]
        await collection.create(Thing("Crane", owner=kept.id))
        await collection.create(Thing("Quay", owner=gone.id))
        await owners.delete(gone.id)

        rows = await database.fetch(
            "select t.name, o.name as owner from shop.things_view t left join shop.owners_view o "
            "on o.site_id = t.site_id and o.id = t.owner order by t.name"
        )

    assert [(row["name"], row["owner"]) for row in rows] == [("Crane", "Ada"), ("Quay", None)]


async def test_who_may_only_read_the_view_reads_and_no_more(place):
    async with Database(place.by_admin()) as database:
        async with things(database, Owner, Thing) as (_, collection):
            await collection.create(Thing("Crane"))
        role = f"reports_{uuid.uuid4().hex}"
        await database.execute(f"create role {role}")
        try:
            await database.execute(f"grant usage on schema shop to {role}")
            await database.execute(f"grant select on shop.things_view to {role}")

            async def ask(text):
                async with database.transaction():
                    await database.execute(f"set local role {role}")
                    return await database.fetch(text)

            assert len(await ask("select name from shop.things_view")) == 1
            for refused in ("select from shop.things", "delete from shop.things_view"):
                with pytest.raises(Exception, match="refused a statement"):
                    await ask(refused)
        finally:
            await database.execute(f"drop owned by {role}")
            await database.execute(f"drop role {role}")


async def test_who_asks_for_one_site_is_served_by_its_index(postgres):
    async with things(postgres, Less):
        pass
    async with postgres.transaction():
        await postgres.execute("set local enable_seqscan = off")
        plan = await postgres.fetch(
            "explain select id from shop.things_view where site_id = 'a' and name = 'Crane'"
        )

    (index,) = entity_of(Less).indexes
    assert any(index.name in line["QUERY PLAN"] for line in plan)


async def test_two_releases_at_once_lose_no_column_and_no_grant(database):
    async with things(database, Less):
        before = await columns(database)
        await database.execute("grant select on shop.things_view to public")

    for release in (Thing, Less, Thing, Less):
        await make_view(database, entity_of(release))

        after = await columns(database)
        assert list(after)[: len(before)] == list(before)
        assert set(after) >= {"number", "weight", "address.city", "doc.site_id"}
    row = await database.fetch_row(
        "select has_table_privilege('public', 'shop.things_view', 'select') as granted"
    )
    assert row["granted"]


async def test_what_is_personal_is_masked_sealed_or_not_also_what_was_there_before(database):
    async with things(database, Owner, Thing) as (owners, before):
        owner = await owners.create(Owner("Ada"))
        await before.create(Thing("Crane", owner=owner.id, address=Address("Street")))
        await make_view(database, entity_of(Marked))
        await database.keys.open()
        await Collection(Marked, database).create(Marked("Ada", 12, address=Address("Street")))

        rows = await database.fetch("select * from shop.things_view order by owner")
        shown = [
            {name: row[name] for name in ("name", "number", "day", "owner", "address", "address.street", "sold")}
            for row in rows
        ]  # fmt: skip
        nothing = dict.fromkeys(("number", "day", "address", "address.street"))
        assert shown == [
            {"name": "***", "owner": "***", "sold": False} | nothing,
            {"name": "***", "owner": None, "sold": False} | nothing,
        ]


async def test_two_hosts_make_it_at_once(place):
    models = [entity_of(Thing), entity_of(Less)]
    async with Database(place.config()) as one, Database(place.config()) as other:
        await make_table(one, models[0])

        await asyncio.gather(
            *(keep_view(host, model) for host in (one, other) for model in models * 2)
        )
        for model in models:
            await make_view(one, model)

        assert "weight" in await columns(one)


async def test_a_view_that_is_as_it_should_be_is_left_alone(database):
    async def version():
        row = await database.fetch_row(
            "select xmin::text as xmin from pg_class where oid = 'shop.things_view'::regclass"
        )
        return row["xmin"]

    async with things(database, Thing):
        before = await version()
        await make_view(database, entity_of(Thing))
        assert await version() == before


async def test_a_column_of_another_type_is_told_and_stays_until_somebody_drops_it(database, caplog):
    async with things(database, Less):
        await make_view(database, entity_of(Other))

        assert "number from bigint to text; drop it, and it is made anew" in caplog.text
        assert (await columns(database))["number"] == "bigint"
        await database.execute("drop view shop.things_view")
        await make_view(database, entity_of(Other))
        assert (await columns(database))["number"] == "text"


async def test_what_has_its_name_and_is_not_ours_stays(database, caplog):
    await make_table(database, entity_of(Less))
    await database.execute("create view shop.things_view as select site_id from shop.things")

    await keep_view(database, entity_of(Less))

    assert "shop.things_view is there and not ours" in caplog.text
    assert list(await columns(database)) == ["site_id"]


async def test_a_document_of_an_older_shape_breaks_no_report(database):
    async with things(database, Other) as (old,):
        await old.create(Other("Crane", number="not a number"))
    await database.execute("drop view shop.things_view")
    async with things(database, Newer) as (new,):
        await new.create(Newer("Quay", number=3))
        rows = await database.fetch("select name, number from shop.things_view order by name")

        assert [(row["name"], row["number"]) for row in rows] == [("Crane", None), ("Quay", 3)]
        await make_view(database, entity_of(Less))
        rows = await database.fetch("select number from shop.things_view order by name")
        assert [row["number"] for row in rows] == [None, 3], "an older release took it back"


async def test_a_long_report_holds_up_no_host_and_a_host_no_other_report(postgres):
    async with things(postgres, Less), Database(postgres.config) as reader:
        async with reader.transaction():
            await reader.fetch("select from shop.things_view")

            async with asyncio.timeout(PATIENCE):
                await keep_view(postgres, entity_of(Thing))
                await postgres.fetch("select from shop.things_view")
            assert "weight" not in await columns(postgres)

        async with asyncio.timeout(PATIENCE):
            while "weight" not in await columns(postgres):
                await asyncio.sleep(0)
