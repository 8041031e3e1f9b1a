"""Whom the ledger of erasures names is erased in a database that still knows them."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from hanse import FileStoreConfig, NotFound
from hanse.fleet.backup.erasures import (
    Erasure,
    ErasureLedger,
    forget_erasures,
    read_erasures,
)
from hanse.fleet.backup.place import Place
from hanse.fleet.backup.source import Source
from hanse.fleet.restore.erasing_again import erase_again, erase_site_again
from hanse.runtime.data.people.tests.crm import Crm
from hanse.runtime.data.people.tests.test_stores import Desk
from hanse.runtime.data.rows.tests.hall.seats import Hall
from hanse.testing import World

MAIL = "ada@example.org"
LATER = datetime(2100, 1, 1, tzinfo=UTC)


@pytest.fixture
async def world():
    async with World(Crm) as made:
        yield made


@pytest.fixture
def place(tmp_path) -> Place:
    return Place(FileStoreConfig(folder=tmp_path))


def url_of(world) -> str:
    return world.database.upkeep.config.url.reveal()


async def again(world, *ledger: Erasure) -> int:
    return await erase_again(url_of(world), world.database.keys.ring.folder, ledger)


async def test_by_id_and_by_what_stands_for_a_text(world):
    crm = world.get(Crm)
    ada, bob = await crm.add_contact("Ada", MAIL), await crm.add_contact("Bob", "b@example.org")
    order = await crm.add_order(MAIL, "tea", "12")
    token = world.database.keys.ring.token("default", MAIL)
    ledger = Erasure("default", ada, LATER), Erasure("default", token, LATER)
    assert await again(world, *ledger) == 2
    with pytest.raises(NotFound):
        await crm.contact(ada)
    assert (await crm.contact(bob)).name == "Bob"
    world.database.keys.forget("default", token)  # no host is there when that is done
    left = await crm.order(order)
    assert (left.email, left.town, left.goods) == ("", "nowhere", "tea")


async def test_by_a_text_that_stands_in_clear(world):
    crm, ring = world.get(Crm), world.database.keys.ring
    ada = await crm.add_contact("Ada", MAIL)
    note, other = [
        await crm.add_note(ada, "t", author=author, remark="his remark")
        for author in ("auth0|17", "auth0|18")
    ]
    assert await again(world, Erasure("default", ring.token("default", "auth0|17"), LATER)) == 1
    for author in ("auth0|17", "auth0|18"):
        world.database.keys.forget("default", author)
    assert (await crm.remark(note), await crm.remark(other)) == ("", "his remark")
    left = await world.database.fetch("select subject from hanse.subject_key")
    assert "auth0|18" in (names := [row["subject"] for row in left])
    assert "auth0|17" not in names


async def test_of_another_site_nobody_is_touched_and_whom_it_erased_itself_neither(world):
    crm = world.get(Crm)
    ada = await crm.add_contact("Ada", MAIL)
    assert await again(world, Erasure("other", ada, LATER)) == 1
    assert (await crm.contact(ada)).name == "Ada"
    await crm.erase(ada)
    assert await again(world, Erasure("default", ada, datetime(2000, 1, 1, tzinfo=UTC))) == 0
    assert await again(world) == 0


async def again_of_site(world) -> int:
    ring = world.database.keys.ring
    number = await erase_site_again(url_of(world), ring.folder, "default")
    world.database.keys.forget("default", ring.token("default", MAIL))
    return number


async def test_of_a_site_whoever_is_there_again_since_their_erasure_stays(world):
    crm = world.get(Crm)
    await crm.add_order(MAIL, "tea", "12")
    await crm.erase(MAIL)
    order = await crm.add_order(MAIL, "coffee", "13")
    assert await again_of_site(world) == 0
    assert (await crm.order(order)).email == MAIL


async def test_of_a_site_each_erasure_that_is_unfinished_is_ended_once(world):
    crm = world.get(Crm)
    await crm.erase(MAIL)
    order = await crm.add_order(MAIL, "tea", "12")
    await world.database.execute("update hanse.erasure set end_time = null")  # as a restore does
    assert await again_of_site(world) == 1
    left = await crm.order(order)
    assert (left.email, left.town, left.goods) == ("", "nowhere", "tea")
    assert await again_of_site(world) == 0


async def test_of_a_site_stores_forget_again_whoever_is_an_id():
    async with World(Hall, Desk) as world:
        hall, owner = world.get(Hall), "contact_01h455vb4pex5vsknk084sn02q"
        await hall.open(1, 1)
        await world.get(Desk).erase(owner)
        await hall.book(1, 1, owner)
        await world.database.execute("update hanse.erasure set end_time = null")
        assert await again_of_site(world) == 1
        assert [seat.owner for seat in await hall.seats()] == [None]


async def test_the_ledger_has_each_once_and_none_in_clear(world, place):
    crm, source = world.get(Crm), Source(url_of(world))
    ledger = ErasureLedger(place, "7", source)
    await ledger.follow()
    assert await read_erasures(place, "7") == []
    ada = await crm.add_contact("Ada", MAIL)
    for person in (ada, MAIL):
        await crm.erase(person)
        await ledger.follow()
        await ledger.follow()
    again = ErasureLedger(place, "7", source)
    await again.follow()
    found = await read_erasures(place, "7")
    assert [one.subject for one in found] == [ada, world.database.keys.ring.token("default", MAIL)]
    assert MAIL.encode() not in msgspec.json.encode(found)
    await source.close()


async def test_what_every_base_knows_is_forgotten(place):
    time = datetime(2026, 11, 29, 12, tzinfo=UTC)
    some = [Erasure("acme", "contact_1", time)]
    await place.write("7/erasures/a.json", msgspec.json.encode(some))
    await forget_erasures(place, "7", time + timedelta(hours=23))
    assert await read_erasures(place, "7") == some
    await forget_erasures(place, "7", time + timedelta(hours=25))
    assert await read_erasures(place, "7") == []
