"""Everything of one person is exported and erased, over all collections, and nothing of others."""

import asyncio
import json
import subprocess
import sys
from datetime import timedelta

import pytest

from hanse import HanseError, NotFound
from hanse.runtime.data.people.erased import ErasedRows
from hanse.runtime.data.people.kept_sweep import KeptSweep
from hanse.runtime.data.people.tests import erasing_process
from hanse.runtime.data.people.tests.crm import Crm
from hanse.testing import World

DAY = 86_400
MAIL = "ada@example.org"


@pytest.fixture
async def world():
    async with World(Crm) as made:
        yield made


@pytest.fixture
def crm(world):
    return world.get(Crm)


async def exported(crm, person):
    return json.loads(await crm.export(person))


async def ada(crm, **given):
    contact = await crm.add_contact("Ada", MAIL, **given)
    await crm.add_note(contact, "likes tea", author="eve", remark="by eve")
    return contact


def all_documents(found):
    return [item["doc"] for items in found["collections"].values() for item in items]


async def test_an_export_has_all_of_one_person_and_nothing_of_another(crm):
    contact = await ada(crm, street="Markt 1", photo="her face")
    other = await crm.add_contact("Bob", "bob@example.org")
    await crm.add_note(other, "likes coffee")
    found = await exported(crm, contact)
    assert (found["person"], found["site"], found["kept"]) == (contact, "default", [])
    (item,) = found["collections"]["crm.contacts"]
    photo = item["doc"].pop("photo")
    assert item["id"] == contact
    assert item["doc"] == {
        "name": "Ada",
        "email": MAIL,
        "stage": "new",
        "invoice": {"street": "Markt 1", "city": ""},
    }
    assert photo["name"] == "photo.txt"
    (note,) = found["collections"]["crm.notes"]
    assert note["doc"] == {"contact": contact, "text": "likes tea", "author": "eve"}
    assert found["collections"]["crm.orders"] == []


async def test_what_a_row_says_of_somebody_else_is_theirs_alone(crm):
    contact = await ada(crm)
    (note,) = (await exported(crm, "eve"))["collections"]["crm.notes"]
    assert note["doc"] == {"contact": contact, "author": "eve", "remark": "by eve"}


async def test_a_name_that_looks_sealed_is_nobody_elses(crm, world):
    contact = await ada(crm)
    token = world.database.keys.ring.token("default", contact)
    name = f"~{token}.{'m' * 11}.{'s' * 39}"  # as it could be stored before notes were personal
    await world.database.execute(
        """
insert into crm.notes (site_id, id, revision, create_time, update_time, shape, doc)
values ('default', gen_random_uuid(), 1, $1, $1, 1,
  jsonb_build_object('contact', $2::text, 'author', $3::text, 'remark', 'by another'))
""",
        world.clock.now(),
        contact,
        name,
    )
    (theirs,) = (await exported(crm, name))["collections"]["crm.notes"]
    assert theirs["doc"]["remark"] == "by another"
    hers = (await exported(crm, contact))["collections"]["crm.notes"]
    assert ["remark" in one["doc"] for one in hers] == [False, False]


async def test_a_person_may_be_an_address(crm):
    await crm.add_order(MAIL, "tea", "bill 1")
    await crm.add_order("bob@example.org", "coffee", "bill 2")
    (order,) = (await exported(crm, MAIL))["collections"]["crm.orders"]
    assert order["doc"]["bill"] == "bill 1"
    assert order["doc"]["email"] == MAIL


async def test_who_was_stored_before_they_were_personal_is_exported_and_erased(crm, world):
    for mail, phone in ((MAIL, "+49 1"), ("bda@example.org", "+49 2")):
        await world.database.execute(
            """
insert into crm.orders (site_id, id, revision, create_time, update_time, shape, doc)
values ('default', gen_random_uuid(), 1, $1, $1, 1, jsonb_build_object('email', $2::text, 'phone', $3::text))
""",
            world.clock.now(),
            mail,
            phone,
        )  # fmt: skip
    (order,) = (await exported(crm, MAIL))["collections"]["crm.orders"]
    assert order["doc"]["phone"] == "+49 1"
    planned, done = await crm.plan(MAIL), await crm.erase(MAIL)
    assert planned.touched == done.touched == (ErasedRows("crm.orders", blanked=1),)
    left = await world.database.fetch("select doc::text as doc from crm.orders")
    assert {row["doc"] for row in left} == {"{}", '{"email": "bda@example.org", "phone": "+49 2"}'}


async def test_who_is_deleted_softly_is_exported_and_erased(crm, world):
    contact = await crm.add_contact("Ada", MAIL)
    await crm.delete_contact(contact)
    assert len(all_documents(await exported(crm, contact))) == 1
    await crm.erase(contact)
    assert await world.database.fetch("select from crm.contacts") == []


async def test_erasing_deletes_rows_keeps_what_a_law_keeps_and_leaves_others(crm, world):
    contact = await ada(crm, street="Markt 1")
    other = await crm.add_contact("Bob", "bob@example.org")
    await crm.add_note(other, "likes coffee")
    planned, done = await crm.plan(contact), await crm.erase(contact)
    assert planned == done
    assert set(done.touched) == {
        ErasedRows("crm.contacts", deleted=1),
        ErasedRows("crm.notes", deleted=1),
    }
    (kept,) = done.kept
    assert (kept.relation, kept.path, kept.number, kept.reason) == (
        "crm.contacts",
        "invoice",
        1,
        "tax law",
    )
    assert kept.until == world.clock.now() + timedelta(days=3650)
    with pytest.raises(NotFound):
        await crm.contact(contact)
    assert await crm.texts(contact) == ()
    assert (await crm.contact(other)).name == "Bob"
    assert await crm.texts(other) == ("likes coffee",)
    found = await exported(crm, contact)
    assert all_documents(found) == []
    assert [one["value"] for one in found["kept"]] == [{"street": "Markt 1", "city": ""}]


async def test_fields_go_back_to_their_defaults_and_the_row_stays(crm):
    mine = await crm.add_order(MAIL, "tea", "bill 1")
    theirs = await crm.add_order("bob@example.org", "coffee", "bill 2")
    done = await crm.erase(MAIL)
    assert done.touched == (ErasedRows("crm.orders", blanked=1),)
    order = await crm.order(mine)
    assert (order.email, order.phone, order.town, order.goods) == ("", None, "nowhere", "tea")
    assert (order.revision, (await crm.order(theirs)).phone) == (2, "phone-1")
    assert {(one.path, one.reason) for one in done.kept} == {
        ("bill", "tax law"),
        ("email", "tax law"),
        ("receipt", "returns"),
    }


async def test_only_the_values_of_the_person_go(crm):
    contact = await ada(crm)
    await crm.erase("eve")
    (note,) = (await exported(crm, contact))["collections"]["crm.notes"]
    assert note["doc"]["text"] == "likes tea"
    assert all_documents(await exported(crm, "eve")) == [{"contact": contact, "author": "eve"}]


async def test_what_is_kept_can_be_read_until_its_time_is_over(crm, world):
    order, contact = await crm.add_order(MAIL, "tea", "bill 1"), await ada(crm, street="Markt 1")
    await crm.erase(MAIL)
    await crm.erase(contact)
    assert ((await crm.order(order)).bill, (await crm.order(order)).receipt) == (
        "bill 1",
        "receipt-1",
    )
    sweep = KeptSweep(world.database)
    assert await sweep.once() == 0
    world.clock.advance(31 * DAY)
    assert await sweep.once() == 1
    assert ((await crm.order(order)).bill, (await crm.order(order)).receipt) == ("bill 1", "")
    world.clock.advance(3650 * DAY)
    assert await sweep.once() == 3
    assert (await crm.order(order)).bill is None
    assert (await exported(crm, contact))["kept"] == []
    assert await world.database.fetch("select from hanse.subject_key where purpose = 'kept'") == []


async def test_who_comes_back_after_an_erasure_keeps_what_is_new(crm, world):
    await crm.add_order(MAIL, "tea", "bill 1")
    await crm.erase(MAIL)
    again = await crm.add_order(MAIL, "milk", "bill 2")
    assert (await crm.order(again)).email == MAIL
    world.clock.advance(4000 * DAY)
    await KeptSweep(world.database).once()
    assert (await crm.order(again)).bill == "bill 2"


async def test_erasing_twice_is_erasing_once(crm, world):
    contact = await ada(crm, street="Markt 1")
    first = await crm.erase(contact)
    world.clock.advance(DAY)
    again = await crm.erase(contact)
    assert again.touched == ()
    assert again.kept == first.kept
    (row,) = await world.database.fetch("select subject, found::text, end_time from hanse.erasure")
    assert (row["subject"], json.loads(row["found"])) == (
        contact,
        {"crm.contacts": 1, "crm.notes": 1},
    )
    assert row["end_time"] == world.clock.now()


async def test_more_rows_than_one_step_takes_all_go(crm, world):
    contact = await crm.add_contact("Ada", MAIL)
    for _ in range(5):
        await asyncio.gather(*(crm.add_note(contact, "much") for _ in range(90)))
    assert len((await exported(crm, contact))["collections"]["crm.notes"]) == 450
    assert ErasedRows("crm.notes", deleted=450) in (await crm.erase(contact)).touched
    assert await world.database.fetch("select from crm.notes") == []


async def test_another_site_keeps_its_own_of_the_same_address(crm, world):
    other = world.get(Crm, site="other")
    order = await other.add_order(MAIL, "tea", "bill 1")
    await crm.add_order(MAIL, "tea", "bill 1")
    await crm.erase(MAIL)
    contact = await other.add_contact("Bob", "bob@example.org")
    note = await other.add_note(contact, "likes tea", author="eve", remark="by eve")
    await crm.erase("eve")
    assert await other.remark(note) == "by eve"
    assert (await other.order(order)).phone == "phone-1"
    assert len(all_documents(await exported(other, MAIL))) == 1


async def test_the_files_of_who_is_erased_go_at_once_and_those_others_use_stay(crm, world):
    contact = await ada(crm, photo="her face")
    await crm.add_contact("Bob", "bob@example.org", photo="his face")
    folder = world.host.config.file_store.folder
    assert {path.read_text() for path in folder.rglob("*") if path.is_file()} == {
        "her face",
        "his face",
    }
    assert (await crm.erase(contact)).files == 1
    assert {path.read_text() for path in folder.rglob("*") if path.is_file()} == {"his face"}
    assert len(await world.database.fetch("select from hanse.file")) == 1
    assert await world.database.fetch("select from hanse.erased_file") == []


async def test_keys_go_before_anything_else_and_what_is_left_is_found_again(crm, world):
    contact = await ada(crm)
    await world.database.execute("delete from hanse.subject_key")
    assert ErasedRows("crm.notes", deleted=1) in (await crm.erase(contact)).touched
    assert await world.database.fetch("select from crm.contacts") == []


async def test_a_table_that_is_gone_is_in_nobodys_way(crm, world):
    contact = await ada(crm)
    await world.database.execute("drop table crm.orders cascade")
    done = await crm.erase(contact)
    assert {one.relation for one in done.touched} == {"crm.contacts", "crm.notes"}


async def test_a_text_that_is_a_person_is_written_down_as_its_token_alone(crm, world):
    await crm.add_order(MAIL, "tea", "bill 1")
    await crm.erase(MAIL)
    rows = await world.database.fetch(
        "select e::text from hanse.erasure e union all select k::text from hanse.kept k"
    )
    assert rows
    assert not any(MAIL in row[0] for row in rows)


async def test_no_person_is_refused(crm):
    from hanse import InvalidArgument

    for wrong in ("", "x" * 1001, "a\0b"):
        with pytest.raises(InvalidArgument):
            await crm.erase(wrong)


LOCKS = "select from pg_locks where not granted"


def begin_erasing(database, person):
    config = database.config
    arguments = (config.url.reveal(), config.pooler, str(config.keys), person)
    return subprocess.Popen([sys.executable, erasing_process.__file__, *arguments])


async def test_who_erases_is_killed_in_the_middle_and_repeated_it_ends(crm, world):
    contact = await ada(crm, street="Markt 1")
    for _ in range(6):
        await asyncio.gather(*(crm.add_note(contact, "much") for _ in range(90)))
    database = world.database
    async with database.transaction():
        last = "select from crm.notes order by id desc limit 1 for update"  # it comes this far
        await database.fetch(last)
        process = begin_erasing(database, contact)
        async with asyncio.timeout(60):
            while not await database.fetch(LOCKS):
                assert process.poll() is None
        process.kill()
        process.wait()
        left = await database.fetch("select from crm.notes")
    assert 0 < len(left) < 541
    (row,) = await database.fetch("select end_time, found::text as found from hanse.erasure")
    assert row["end_time"] is None
    assert json.loads(row["found"]) == {"crm.contacts": 1, "crm.notes": 541 - len(left)}
    database.keys.forget("default", contact)  # as every host does after five minutes
    assert await crm.texts(contact) == ()
    await crm.erase(contact)
    assert await database.fetch("select from crm.notes") == []
    (row,) = await database.fetch("select end_time, found::text as found from hanse.erasure")
    assert json.loads(row["found"]) == {"crm.contacts": 1, "crm.notes": 541}
    assert row["end_time"] is not None
    assert [one["path"] for one in (await exported(crm, contact))["kept"]] == ["invoice"]


async def test_what_is_written_behind_an_erasure_counts_as_after_it(crm, world):
    await crm.add_order(MAIL, "tea", "bill 1")
    database = world.database
    async with database.transaction():  # the rows are done, and the last of the keys is waited for
        kept = "select from hanse.subject_key where purpose = 'kept' for key share"
        assert len(await database.fetch(kept)) == 1
        process = begin_erasing(database, MAIL)
        async with asyncio.timeout(60):
            while not await database.fetch(LOCKS):
                assert process.poll() is None
        behind = await crm.add_order(MAIL, "milk", "bill 2", "Bremen")
    assert await asyncio.to_thread(process.wait, 60) == 0
    database.keys.forget("default", database.keys.ring.token("default", MAIL))
    order = await crm.order(behind)
    assert (order.email, order.town, order.bill) == (MAIL, "Bremen", "bill 2")


async def test_an_erasure_is_ended_by_who_began_it_last(crm, world):
    await crm.add_order(MAIL, "tea", "bill 1")
    database, ended = world.database, "select from hanse.erasure where end_time is not null"
    async with database.transaction():
        await database.fetch("select from hanse.subject_key where purpose = 'kept' for key share")
        first = begin_erasing(database, MAIL)
        async with asyncio.timeout(60):
            while not await database.fetch(LOCKS):
                assert first.poll() is None
            second = begin_erasing(database, MAIL)
            while len(await database.fetch(LOCKS)) < 2:
                assert second.poll() is None
        second.kill()
        second.wait()
    assert await asyncio.to_thread(first.wait, 60) == 0
    assert await database.fetch(ended) == [], "who began last was killed"
    await crm.erase(MAIL)
    assert len(await database.fetch(ended)) == 1


async def test_so_does_what_a_law_has_us_keep_alone(crm, world):
    database = world.database
    first = await crm.add_bill("kim", "bill 1")
    await database.execute("delete from crm.bills")
    with pytest.raises(NotFound):
        await crm.bill(first)
    async with database.transaction():
        await database.fetch("select from hanse.subject_key where purpose = 'kept' for key share")
        process = begin_erasing(database, "kim")
        async with asyncio.timeout(60):
            while not await database.fetch(LOCKS):
                assert process.poll() is None
        behind = await crm.add_bill("kim", "bill 2")
    assert await asyncio.to_thread(process.wait, 60) == 0
    database.keys.forget("default", "kim")
    assert await crm.bill(behind) == "bill 2"


async def test_a_write_under_way_is_erased_too_or_refused(crm, world):
    contact = await crm.add_contact("Ada", MAIL)

    async def write(number):
        try:
            await crm.add_note(contact, f"note {number}")
        except HanseError:
            return False
        return True

    async with asyncio.TaskGroup() as tasks:
        writing = [tasks.create_task(write(number)) for number in range(40)]
        erasing = tasks.create_task(crm.erase(contact))
    assert erasing.done()
    await crm.erase(contact)
    assert len(writing) == 40
    assert await world.database.fetch("select from crm.notes") == []
