"""A small CRM to test with: companies deleted softly, contacts that refer to them."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated

from msgspec import Struct

from hanse.runtime.contract.declaration import rpc
from hanse.runtime.contract.rules import Instant, Length
from hanse.runtime.contract.service import Service
from hanse.runtime.data.entity.entity import Entity, entity
from hanse.runtime.data.entity.marks import Immutable, Index, Indexed, Ref, Unique
from hanse.runtime.data.resource.resource import Resource
from hanse.runtime.identity.permission import PUBLIC, SIGNED_IN, permission

Name = Annotated[str, Length(1, 100)]


class Phone(Struct, frozen=True):
    number: Name
    kind: str = "home"


class Geo(Struct, frozen=True):
    east: float
    north: float = 0.0


class Address(Struct, frozen=True):
    street: Name
    city: Annotated[str, Length(1, 50), Indexed()] = "Lübeck"
    geo: Geo | None = None


@entity("crm.companies", deletes="soft")
class Company(Entity):
    """A company."""

    name: Annotated[Name, Unique()]
    delete_time: Instant | None = None


@entity("crm.contacts", Index("last_name", "-create_time"))
class Contact(Entity):
    """Somebody we know."""

    name: Annotated[Name, Indexed()]
    email: Annotated[str, Length(3, 254), Unique()]
    last_name: Annotated[str, Length(0, 100)] = ""
    code: Annotated[str, Length(0, 20), Immutable()] = ""
    tags: Annotated[tuple[Annotated[str, Length(1, 40)], ...], Indexed()] = ()
    company: Ref[Company] | None = None
    others: tuple[Ref["Contact"], ...] = ()
    seen: Annotated[Instant | None, Indexed()] = None
    born: date | None = None
    worth: Decimal = Decimal(0)
    address: Address | None = None
    phones: tuple[Phone, ...] = ()
    notes: Mapping[str, str] = {}


class Companies(Resource[Company], read=PUBLIC, write=permission("crm.write")):
    """Companies that a site knows."""


class Contacts(Resource[Contact], allow=PUBLIC):
    """People that a site knows."""

    @rpc("POST /crm/v1/contacts/{id}:greet", allow=SIGNED_IN)
    async def greet(self, id: str) -> str:
        """Says hello to one of them."""
        return f"Hello, {(await self.items.get(id)).name}"

    async def delete(self, id: str, *, revision: int = 0) -> None:
        """Deletes one, and counts that."""
        self.deleted = getattr(self, "deleted", 0) + 1
        await super().delete(id, revision=revision)


class Greeter(Service):
    """Asks the resource as any other service."""

    def __init__(self, contacts: Contacts) -> None:
        self._contacts = contacts

    @rpc("POST /greeter/v1/greetings", allow=PUBLIC)
    async def greet(self, name: str) -> str:
        """Greets somebody new."""
        made = await self._contacts.create(Contact(name, f"{name}@example.com"))
        changed = await self._contacts.update(made.id, {"last_name": "L"}, revision=made.revision)
        page = await self._contacts.query(filter={"name": name})
        assert page.items == (changed,)
        return f"{changed.name} {changed.last_name} {changed.revision}"
