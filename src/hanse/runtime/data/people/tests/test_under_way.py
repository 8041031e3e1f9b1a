"""What is under way while a person is erased writes nothing of them, and loses nothing of others."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated

import pytest

from hanse import (
    PUBLIC,
    Aborted,
    Collection,
    Event,
    Events,
    Personal,
    Run,
    Service,
    Struct,
    Workflows,
    event,
    rpc,
    subscribe,
    workflow,
)
from hanse.runtime.data.people.kept_sweep import KeptSweep
from hanse.runtime.data.people.tests.crm import Bill, Contact, Crm, Note, Order
from hanse.testing import Faults, World, acting

DAY = 86_400
MAIL = "ada@example.org"
Name = Annotated[str, Personal(erase="field")]
LOCKS = "select from pg_locks where not granted"


@event("crm.v1", key="contact")
class Asked(Event):
    """Somebody asked for what is known of a contact."""

    contact: str


@event("crm.v1", key="contact", person="contact")
class Called(Event):
    """Somebody called, and said who they are."""

    contact: str
    name: Name = ""


class Found(Struct, frozen=True):
    """Who was found."""

    name: Name = ""


class Scribe(Service, package="crm.v1"):
    """Writes down what it finds; between the two it waits where a test says so."""

    def __init__(
        self,
        contacts: Collection[Contact],
        notes: Collection[Note],
        bills: Collection[Bill],
        orders: Collection[Order],
        events: Events,
        workflows: Workflows,
    ) -> None:
        self._contacts, self._notes, self._bills, self.events = contacts, notes, bills, events
        self._orders, self._workflows = orders, workflows
        self.found: list[str] = []
        self.free_at = 0
        self.came, self.free = asyncio.Event(), asyncio.Event()

    @subscribe(Asked)
    async def write(self, event: Asked) -> None:
        """Notes what one finds."""
        page = await self._contacts.query({})
        self.found.append(",".join(one.name for one in page.items))
        await self._wait()
        for one in page.items:
            await self._orders.create(Order(email=one.id, phone=one.name))

    @subscribe(Called)
    async def keep(self, event: Called) -> None:
        """Notes what it is told."""
        self.found.append(event.name)
        await self._wait()
        await self._orders.create(Order(email=event.contact, phone=event.name or None))

    @rpc(allow=PUBLIC)
    async def copy(self, contact: str) -> None:
        """Notes what it finds of one."""
        found = await self._contacts.get(contact)
        await self._wait()
        await self._notes.create(Note(contact=contact, text=found.name))

    @rpc(allow=PUBLIC)
    async def copy_bill(self, bill: str) -> None:
        """Another bill, of what is kept in one."""
        found = await self._bills.get(bill)
        await self._wait()
        await self._bills.create(Bill(owner=found.owner, text=found.text))

    @rpc(allow=PUBLIC)
    async def thank(self, contact: str, name: str) -> None:
        """Begins to write to them."""
        await self._workflows.start(self.thanks, contact, name)

    @workflow(version=1, person="contact")
    async def thanks(self, run: Run, contact: str, name: Name = "") -> None:
        """Writes to them by their name, and then to whom it found."""
        await run.step(self._write, contact, name)
        found = await run.step(self._found, contact)
        await run.transaction(self._write, contact, found.name)

    async def _write(self, contact: str, name: str) -> None:
        self.found.append(name)
        if self.free_at == len(self.found):
            await self._wait()
        await self._orders.create(Order(email=contact, phone=name or None))

    async def _found(self, contact: str) -> Found:
        page = await self._contacts.query({})
        if self.free_at < 0:
            await self._wait()
        return Found(",".join(one.name for one in page.items if one.id == contact))

    async def _wait(self) -> None:
        self.came.set()
        await self.free.wait()


@pytest.fixture
def faults():
    return Faults()


@pytest.fixture
async def world(faults):
    async with World(Crm, Scribe, faults=faults) as made:
        yield made


@pytest.fixture
def crm(world):
    return world.get(Crm)


async def through(world, telling):
    """Until all is handled, which on a slow machine waits a minute after it failed once."""
    await telling
    world.clock.advance(61)
    await world.settled()


async def keys(world):
    rows = await world.database.fetch("select purpose from hanse.subject_key order by purpose")
    return [row["purpose"] for row in rows]


async def test_a_call_that_read_a_person_before_the_erasure_writes_nothing_after_it(crm, world):
    contact = await crm.add_contact("Ada", MAIL)
    scribe = world.host._services[1]
    copying = asyncio.ensure_future(world.get(Scribe).copy(contact))
    await scribe.came.wait()
    await crm.erase(contact)
    scribe.free.set()
    with pytest.raises(Aborted, match="was erased before"):
        await copying
    assert await keys(world) == []
    assert await world.database.fetch("select from crm.notes") == []


async def test_so_is_what_a_law_has_us_keep(crm, world):
    bill = await crm.add_bill("kim", "bill 1")
    scribe = world.host._services[1]
    copying = asyncio.ensure_future(world.get(Scribe).copy_bill(bill))
    await scribe.came.wait()
    await crm.erase("kim")
    scribe.free.set()
    with pytest.raises(Aborted, match="was erased before"):
        await copying
    assert await keys(world) == ["kept"]
    assert await crm.bill(bill) == "bill 1"
    assert len(await world.database.fetch("select from crm.bills")) == 1


async def test_a_handler_is_tried_again_and_finds_nobody(crm, world):
    scribe = world.host._services[1]
    contact = await crm.add_contact("Ada", MAIL)
    with acting():
        await scribe.events.emit(Asked(contact=contact))
    telling = asyncio.ensure_future(world.settled())
    await scribe.came.wait()
    await crm.erase(contact)
    scribe.free.set()
    await through(world, telling)
    assert scribe.found == ["Ada", ""]
    assert await keys(world) == []
    assert await world.database.fetch("select from crm.orders") == []


async def test_so_is_one_that_was_told_all_by_its_event(crm, world):
    scribe = world.host._services[1]
    await crm.add_order("kim", "tea", "")
    with acting():
        await scribe.events.emit(Called(contact="kim", name="Kim"))
    telling = asyncio.ensure_future(world.settled())
    await scribe.came.wait()
    await crm.erase("kim")
    scribe.free.set()
    await through(world, telling)
    assert scribe.found == ["Kim", ""]
    assert "Kim" not in await crm.export("kim")


async def test_who_comes_back_while_a_handler_waits_is_written_of_as_they_are_now(crm, world):
    scribe = world.host._services[1]
    contact = await crm.add_contact("Ada", MAIL)
    with acting():
        await scribe.events.emit(Asked(contact=contact))
    telling = asyncio.ensure_future(world.settled())
    await scribe.came.wait()
    await crm.erase(contact)
    again = await crm.add_contact("Ada again", MAIL)
    scribe.free.set()
    await through(world, telling)
    assert scribe.found == ["Ada", "Ada again"]
    (order,) = json.loads(await crm.export(again))["collections"]["crm.orders"]
    assert order["doc"]["phone"] == "Ada again"


@pytest.mark.parametrize(
    ("given", "held", "said"),
    [("Ada", 1, ["Ada", "", ""]), ("Ada", 2, ["Ada", "Ada", ""]), ("", -1, ["", ""])],
    ids=["what it was given", "what a step found", "what a step gives"],
)
async def test_a_step_that_writes_behind_an_erasure_is_done_without_what_is_gone(
    crm, world, given, held, said
):
    scribe = world.host._services[1]
    contact = await crm.add_contact("Ada", MAIL)
    scribe.free_at = held
    await world.get(Scribe).thank(contact, given)
    going = asyncio.ensure_future(world.catch_up())
    await scribe.came.wait()
    await crm.erase(contact)
    scribe.free.set()
    await going
    assert scribe.found == said
    assert "Ada" not in await crm.export(contact)


async def test_a_sweep_amid_an_erasure_leaves_what_is_not_noted_yet(crm, world, faults):
    await crm.add_bill("kim", "bill 1")
    await crm.erase("kim")
    again = await crm.add_bill("kim", "bill 2")
    world.clock.advance(4000 * DAY)
    await KeptSweep(world.database).once()
    assert await crm.bill(again) == "bill 2"
    held = faults.at("person.key_destroyed").hold()
    erasing = asyncio.ensure_future(crm.erase("kim"))
    await held.came()
    await KeptSweep(world.database).once()
    held.release()
    assert [one.path for one in (await erasing).kept] == ["text"]
    world.database.keys.forget("default", "kim")
    assert await crm.bill(again) == "bill 2"


async def test_an_erasure_that_another_has_begun_again_leaves_what_is_not_noted_yet(
    crm, world, faults
):
    first = await crm.add_bill("kim", "bill 1")
    database = world.database
    await database.execute("delete from crm.bills")
    async with database.transaction():
        await database.fetch("select from hanse.subject_key where purpose = 'kept' for key share")
        one = asyncio.ensure_future(crm.erase("kim"))
        async with asyncio.timeout(60):
            while not await database.fetch(LOCKS):
                assert not one.done()
        world.clock.advance(1)
        behind = await crm.add_bill("kim", "bill 2")
        held = faults.at("person.key_destroyed").hold()
        other = asyncio.ensure_future(crm.erase("kim"))
        await held.came()
    assert (await one).kept == ()
    held.release()
    assert [kept.path for kept in (await other).kept] == ["text"]
    database.keys.forget("default", "kim")
    assert await crm.bill(behind) == "bill 2"
    assert first != behind


async def test_copies_forget_what_was_kept_of_a_person_who_is_a_text(crm, world):
    await crm.add_bill("kim", "bill 1")
    await crm.erase("kim")
    world.clock.advance(4000 * DAY)
    await KeptSweep(world.database).once()
    (row,) = await world.database.fetch("select destroy_time from hanse.erasure")
    assert row["destroy_time"] == world.clock.now()
