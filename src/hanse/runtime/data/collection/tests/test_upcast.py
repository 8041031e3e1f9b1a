"""Shapes: old documents are read in the newest, written in it, and brought up while others write."""

import asyncio
import uuid
from typing import Annotated

import pytest

from hanse.kit.clock import monotonic
from hanse.runtime.contract.mistakes import DeclarationError
from hanse.runtime.contract.rules import Length
from hanse.runtime.data.collection.backfill import Backfill, BackfillProgress
from hanse.runtime.data.collection.collection import Collection
from hanse.runtime.data.collection.conflict import RevisionConflict
from hanse.runtime.data.entity.entity import Entity, entity, entity_of
from hanse.runtime.data.entity.marks import Indexed
from hanse.runtime.data.entity.upcast import upcast
from hanse.runtime.data.table.table import make_table
from hanse.runtime.errors import Internal
from hanse.runtime.identity.principal import VISITOR
from hanse.testing.acting import acting

Name = Annotated[str, Length(0, 100)]


@entity("crm.people", prefix="person")
class Old(Entity):
    """What the older release knows."""

    name: Name


@entity("crm.people", prefix="person")
class New(Entity):
    """What the newer one knows; the name stays for the older one."""

    name: Name
    first_name: Annotated[Name, Indexed()]
    last_name: Name
    initials: Name


@entity("crm.people", prefix="person")
class Middle(Entity):
    """A release between the two."""

    name: Name
    first_name: Annotated[Name, Indexed()]
    last_name: Name


@upcast(Middle, 1)
@upcast(New, 1)
def split_name(document):
    first, _, last = document["name"].partition(" ")
    return document | {"first_name": first, "last_name": last}


@upcast(New, 2)
def add_initials(document):
    return document | {"initials": document["first_name"][:1] + document["last_name"][:1]}


MANY = """
insert into crm.people (site_id, id, revision, create_time, update_time, shape, doc)
select 's' || n % 7, gen_random_uuid(), 1, now(), now(), 1, jsonb_build_object('name', 'Eve ' || n)
from generate_series($1::int + 1, $1::int + 50000) n
"""


@pytest.fixture
async def collections(postgres):
    await make_table(postgres, entity_of(New))
    with acting(VISITOR, site="a", locale="en"):
        yield Collection(Old, postgres), Collection(New, postgres), postgres


async def shapes(database):
    return [
        row["shape"] for row in await database.fetch("select shape from crm.people order by id")
    ]


async def test_an_old_document_is_read_in_the_newest_shape(collections):
    old, new, database = collections
    made = await old.create(Old("Ada Lovelace"))

    read = await new.get(made.id)

    assert (read.first_name, read.last_name, read.initials, read.revision) == (
        "Ada",
        "Lovelace",
        "AL",
        1,
    )
    assert (await new.query()).items == (read,)
    assert await shapes(database) == [1]


async def test_a_page_may_have_old_ones_and_new_ones(collections):
    old, new, database = collections
    ada = await old.create(Old("Ada Lovelace"))
    eve = await new.create(New("Eve Online", "Eve", "Online", "EO"))
    # What an old form calls so is not what the newest does.
    looks_new = '\'{"first_name": "?", "last_name": "?", "initials": "?"}\''
    await database.execute(f"update crm.people set doc = doc || {looks_new} where shape = 1")

    page = await new.query()

    # Two collections draw their ids by themselves: within a millisecond either may be first.
    assert page.items == tuple(sorted((await new.get(ada.id), eve), key=lambda found: found.id))
    assert {found.first_name for found in page.items} == {"Ada", "Eve"}


async def test_what_cannot_be_read_is_named_whatever_else_is_on_its_page(collections, caplog):
    _, new, database = collections
    eve = await new.create(New("Eve Online", "Eve", "Online", "EO"))
    ada = await new.create(New("Ada Lovelace", "Ada", "Lovelace", "AL"))
    await database.execute("update crm.people set doc = doc - 'name' where doc->>'initials' = 'AL'")

    with pytest.raises(Internal, match=f"What is stored of {ada.id} cannot be read"):
        await new.query()
    assert ada.id in caplog.text
    assert (await new.query(page_size=1)).items == (eve,)


@pytest.mark.parametrize("way", ["update", "replace", "update_many"])
async def test_a_write_stores_the_newest_shape_whole(collections, way):
    old, new, database = collections
    made = await old.create(Old("Ada Lovelace"))
    if way == "update":
        done = await new.update(made.id, {"last_name": "King"}, revision=1)
    elif way == "replace":
        done = await new.replace(New("Ada Lovelace", "Ada", "King", "AL"), id=made.id)
    else:
        (outcome,) = await new.update_many([{"id": made.id, "last_name": "King"}])
        done = outcome.item

    assert (done.first_name, done.last_name, done.initials, done.revision) == (
        "Ada",
        "King",
        "AL",
        2,
    )
    assert await new.get(made.id) == done
    assert await shapes(database) == [3]


@pytest.mark.parametrize("release", [Old, Middle])
async def test_an_older_release_reads_and_writes_what_the_newer_one_wrote(collections, release):
    _, new, database = collections
    old = Collection(release, database)
    made = await new.create(New("Ada Lovelace", "Ada", "Lovelace", "AL"))

    changed = await old.update(made.id, {"name": "Ada King"})

    assert changed.name == "Ada King"
    assert await shapes(database) == [3], "a shape is never lowered"
    assert (await new.get(made.id)).initials == "AL"


async def test_who_read_an_older_revision_of_an_old_document_is_told(collections):
    old, new, _ = collections
    made = await old.create(Old("Ada Lovelace"))
    await old.update(made.id, {"name": "Ada King"})

    with pytest.raises(RevisionConflict):
        await new.update(made.id, {"last_name": "x"}, revision=1)


async def test_a_backfill_brings_up_all_while_others_write(collections):
    old, new, database = collections
    done = await old.create_many([Old(f"Ada {at}") for at in range(500)])
    ids = [one.item.id for one in done]
    with acting(VISITOR, site="b", locale="en"):
        await old.create(Old("Eve Other"))

    async def write():
        for at in ids[::20]:
            await old.update(at, {"name": "Bob Changed"})

    progress, _ = await asyncio.gather(Backfill(New, database, load=0.9).run(), write())
    while 1 in await shapes(database):
        await Backfill(New, database).run()

    assert progress.failed == 0
    assert set(await shapes(database)) == {3}
    assert (await new.get(ids[0])).name == "Bob Changed"
    read = await new.get(ids[1])
    assert (read.first_name, read.last_name, read.revision) == ("Ada", "1", 1)
    assert (await Backfill(New, database).run()).rewritten == 0


async def test_what_cannot_be_brought_up_stays_and_is_counted(collections, caplog):
    old, new, database = collections
    made = [await old.create(Old(f"Ada {at}")) for at in range(3)]
    await database.execute(
        "update crm.people set doc = doc - 'name' where id = $1", entity_of(New).uuid_of(made[1].id)
    )

    progress = await Backfill(New, database).run()

    assert (progress.rewritten, progress.failed) == (2, 1)
    assert await shapes(database) == [3, 1, 3]
    assert made[1].id in caplog.text


@pytest.mark.parametrize("shape", [0, 1, 2, 4])
def test_upcasters_follow_one_another(shape):
    with pytest.raises(DeclarationError, match="3 is the newest"):
        upcast(New, shape)(lambda document: document)


async def test_what_somebody_wrote_meanwhile_is_not_written_over(collections):
    old, new, database = collections
    made = await old.create(Old("Ada Lovelace"))
    backfill = Backfill(New, database)
    rows = await database.fetch(backfill._read, "", uuid.UUID(int=0))
    await new.update(made.id, {"last_name": "King"})

    progress = BackfillProgress()
    await backfill._rewrite(rows, progress)

    assert progress == BackfillProgress(overtaken=1)
    assert (await new.get(made.id)).last_name == "King"


@pytest.mark.long
async def test_a_million_are_brought_up_while_others_write(collections):
    old, _, database = collections
    made = await old.create(Old("Ada Lovelace"))
    for part in range(20):
        await database.execute(MANY, part * 50_000)
    done = asyncio.Event()
    longest = 0.0

    async def write():
        nonlocal longest
        while not done.is_set():
            began = monotonic()
            await old.update(made.id, {"name": "Ada King"})
            longest = max(longest, monotonic() - began)

    async def bring_up():
        progress = await Backfill(New, database, load=1).run()
        done.set()
        return progress

    progress, _ = await asyncio.gather(bring_up(), write())

    assert progress.rewritten >= 1_000_000
    row = await database.fetch_row("select count(*) as left from crm.people where shape < 3")
    assert row["left"] <= 1
    assert longest < 10
