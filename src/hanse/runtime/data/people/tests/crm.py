"""A small CRM: persons by their id and by their e-mail address, files, and what a law keeps."""

from __future__ import annotations

from typing import Annotated

from hanse import (
    PUBLIC,
    Collection,
    Entity,
    File,
    Files,
    Indexed,
    Keep,
    Length,
    Personal,
    Ref,
    Searchable,
    Service,
    Struct,
    Unique,
    entity,
    rpc,
)
from hanse.runtime.data.people.erased import Erased
from hanse.runtime.data.people.people import People

ROW, FIELD = Personal(erase="row"), Personal(erase="field")
TAX = Personal(erase=Keep(days=3650, reason="tax law"))


class Address(Struct, frozen=True):
    street: Annotated[str, Length(1, 100)]
    city: str = ""


@entity("crm.contacts", person="id", deletes="soft")
class Contact(Entity):
    name: Annotated[str, Length(1, 100), ROW]
    email: Annotated[str, Length(3, 254), Unique(), ROW]
    invoice: Annotated[Address, TAX] | None = None
    photo: Annotated[File, FIELD] | None = None
    stage: str = "new"


@entity("crm.notes", person="contact")
class Note(Entity):
    contact: Annotated[Ref[Contact], Indexed()]
    text: Annotated[str, Length(0, 4000), ROW]
    author: Annotated[str, Length(0, 100), Indexed()] = ""
    remark: Annotated[str, Personal(erase="field", of="author")] = ""


@entity("crm.orders", person="email")
class Order(Entity):
    email: Annotated[str, Length(0, 254), Searchable(), FIELD] = ""
    phone: Annotated[str, FIELD] | None = None
    town: Annotated[str, Length(0, 100), Indexed(), Personal(erase="field", sealed=False)] = (
        "nowhere"
    )
    bill: Annotated[str, TAX] | None = None
    receipt: Annotated[str, Length(0, 100), Personal(erase=Keep(days=30, reason="returns"))] = ""
    goods: str = ""


@entity("crm.bills", person="owner")
class Bill(Entity):
    owner: Annotated[str, Length(0, 100), Indexed()]
    text: Annotated[str, TAX]


class Crm(Service, package="crm.v1"):
    """Keeps them."""

    def __init__(
        self,
        contacts: Collection[Contact],
        notes: Collection[Note],
        orders: Collection[Order],
        bills: Collection[Bill],
        people: People,
        files: Files,
    ) -> None:
        self.contacts = contacts
        self.notes = notes
        self.orders = orders
        self.bills = bills
        self._people = people
        self._files = files

    @rpc(allow=PUBLIC)
    async def add_contact(self, name: str, email: str, street: str = "", photo: str = "") -> str:
        file = await self._files.save("photo.txt", _one(photo)) if photo else None
        invoice = Address(street) if street else None
        given = Contact(name=name, email=email, invoice=invoice, photo=file)
        return (await self.contacts.create(given)).id

    @rpc(allow=PUBLIC)
    async def add_note(self, contact: str, text: str, author: str = "", remark: str = "") -> str:
        given = Note(contact=contact, text=text, author=author, remark=remark)
        return (await self.notes.create(given)).id

    @rpc(allow=PUBLIC)
    async def add_order(self, email: str, goods: str, bill: str, town: str = "Kiel") -> str:
        given = Order(
            email=email, phone="phone-1", town=town, bill=bill, receipt="receipt-1", goods=goods
        )
        return (await self.orders.create(given)).id

    @rpc(allow=PUBLIC)
    async def add_bill(self, owner: str, text: str) -> str:
        return (await self.bills.create(Bill(owner=owner, text=text))).id

    @rpc(allow=PUBLIC)
    async def bill(self, id: str) -> str:
        return (await self.bills.get(id)).text

    @rpc(allow=PUBLIC)
    async def order(self, id: str) -> Order:
        return await self.orders.get(id)

    @rpc(allow=PUBLIC)
    async def contact(self, id: str) -> Contact:
        return await self.contacts.get(id)

    @rpc(allow=PUBLIC)
    async def delete_contact(self, id: str) -> None:
        await self.contacts.delete(id)

    @rpc(allow=PUBLIC)
    async def texts(self, contact: str) -> tuple[str, ...]:
        page = await self.notes.query({"contact": contact})
        return tuple(note.text for note in page.items)

    @rpc(allow=PUBLIC)
    async def remark(self, id: str) -> str:
        return (await self.notes.get(id)).remark

    @rpc(allow=PUBLIC)
    async def export(self, person: str) -> str:
        return b"".join([piece async for piece in self._people.export(person)]).decode()

    @rpc(allow=PUBLIC)
    async def erase(self, person: str) -> Erased:
        return await self._people.erase(person)

    @rpc(allow=PUBLIC)
    async def plan(self, person: str) -> Erased:
        return await self._people.plan(person)


async def _one(text: str):
    yield text.encode()
