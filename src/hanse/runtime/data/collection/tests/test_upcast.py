"""Shapes: old documents are read in the newest, written in it, and brought up while others write."""

import asyncio
import uuid
from contextvars import Context
from typing import Annotated

import pytest

from hanse.runtime.contract.mistakes import DeclarationError
from hanse.runtime.contract.rules import Length
from hanse.runtime.data.collection import backfill
from hanse.runtime.data.collection.backfill import Backfill, BackfillProgress
from hanse.runtime.data.collection.collection import Collection
from hanse.runtime.data.collection.conflict import RevisionConflict
from hanse.runtime.data.collection.tests.steady_writer import SteadyWriter, Waits
from hanse.runtime.data.entity.entity import Entity, entity, entity_of
from hanse.runtime.data.entity.marks import Indexed
from hanse.runtime.data.entity.upcast import upcast
from hanse.runtime.data.table.table import make_table
from hanse.runtime.errors import Internal
from hanse.runtime.identity.principal import VISITOR
from hanse.testing.acting import acting

Name = Annotated[str, Length(0, 100)]
FIRST = uuid.UUID(int=0)


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
from generate_series($1::int + 1, $2::int) n
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
    work = Backfill(New, database)
    rows = await database.fetch(work._read, "", FIRST, 10)
    await new.update(made.id, {"last_name": "King"})

    progress = BackfillProgress()
    await work._rewrite(rows, progress)

    assert progress == BackfillProgress(overtaken=1)
    assert (await new.get(made.id)).last_name == "King"


def in_no_call(work):
    """As `hanse backfill` runs: of all sites."""
    return asyncio.create_task(work, context=Context())


async def test_it_waits_for_nobody_and_comes_back_to_what_was_held(collections):
    old, new, database = collections
    made = [await old.create(Old(f"Ada {at}")) for at in range(3)]
    async with database.transaction():
        await old.update(made[1].id, {"name": "Ada Held"})
        async with asyncio.timeout(10), type(database)(database.config) as other:
            progress = await Backfill(New, other).run()
        assert (progress.rewritten, progress.failed) == (2, 0)
        assert progress.overtaken >= 1

    assert (await Backfill(New, database).run()).rewritten == 1
    assert (await new.get(made[1].id)).last_name == "Held"


@pytest.mark.parametrize("window", [1, 3, 7, 100])
async def test_all_are_looked_through_however_many_at_once(collections, monkeypatch, window):
    old, _, database = collections
    for site in ("a", "b"):
        with acting(VISITOR, site=site, locale="en"):
            await old.create_many([Old(f"Ada {at}") for at in range(7)])
    monkeypatch.setattr(backfill, "ROWS", min(window, 5))
    monkeypatch.setattr(backfill, "WINDOW", window)

    assert (await in_no_call(Backfill(New, database).run())).rewritten == 14
    assert set(await in_no_call(shapes(database))) == {3}


async def test_a_step_has_fewer_documents_where_the_last_took_too_long(collections, monkeypatch):
    old, _, database = collections
    await old.create_many([Old(f"Ada {at}") for at in range(20)])
    monkeypatch.setattr(backfill, "ROWS", 5)
    monkeypatch.setattr(backfill, "STEP_SECONDS", 0.0)
    told = []

    await Backfill(New, database, load=1).run(lambda one: told.append(one.rewritten))

    assert told == [5, *range(6, 21)]


async def brought_up_under_writes(collections, rows: int, alone: float) -> tuple[Waits, Waits]:
    """Brings up many while somebody writes to just those; what they waited before, and meanwhile."""
    old, new, database = collections
    for start in range(0, rows, 50_000):
        await in_no_call(database.execute(MANY, start, min(start + 50_000, rows)))
    over = asyncio.Event()
    async with type(database)(database.config) as own, asyncio.TaskGroup() as group:
        writer = SteadyWriter(Collection(Old, own), own, rate=100)
        group.create_task(writer.write_until(over))
        await asyncio.sleep(alone)
        before = writer.waits()
        progress = await in_no_call(Backfill(New, database, load=0.5).run())
        over.set()
        assert await writer.deadlocks() == 0
    meanwhile = writer.waits()
    await in_no_call(Backfill(New, database).run())  # what was written at last
    assert progress.failed == 0
    assert progress.rewritten >= rows - len(writer.last)
    assert set(await in_no_call(shapes(database))) == {3}
    with acting(VISITOR, site="s1", locale="en"):
        for name, last in writer.last.items():
            found = await new.get(name)
            assert (found.name, found.revision) == last, "acknowledged, and lost"
    return before, meanwhile


async def test_whoever_writes_meanwhile_loses_nothing(collections):
    await brought_up_under_writes(collections, 2_000, alone=0.2)


@pytest.mark.long
async def test_nor_while_a_million_are_brought_up(collections, capsys):
    before, meanwhile = await brought_up_under_writes(collections, 1_000_000, alone=10)
    with capsys.disabled():
        print(f"\nalone {before}; meanwhile {meanwhile}")
    assert meanwhile.writes > 1_000
    assert meanwhile.p99 < max(0.1, 3 * before.p99)
