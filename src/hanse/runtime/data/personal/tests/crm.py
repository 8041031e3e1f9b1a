"""People to test with: persons, notes about them, letters whose person is an e-mail address."""

from collections.abc import Mapping
from typing import Annotated, Any

from msgspec import Struct

from hanse.runtime.contract.rules import Instant, Length
from hanse.runtime.data.collection.collection import Collection
from hanse.runtime.data.database import Database
from hanse.runtime.data.entity.entity import Entity, entity
from hanse.runtime.data.entity.marks import (
    Immutable,
    Index,
    Indexed,
    Keep,
    Personal,
    Ref,
    Searchable,
    Unique,
)
from hanse.runtime.data.table.arrival import prepare_table

Name = Annotated[str, Length(0, 100)]
ROW = Personal(erase="row")
FIELD = Personal(erase="field")
TAX = Personal(erase=Keep(days=3650, reason="tax law"))


class Address(Struct, frozen=True):
    street: Name
    city: Name = "Kiel"


class Home(Struct, frozen=True):
    floor: int
    street: Annotated[Name, FIELD] = ""


@entity("crm.people", Index("email", "-create_time"), person="id", deletes="soft")
class Person(Entity):
    """Somebody."""

    name: Annotated[Name, ROW]
    email: Annotated[str, Length(0, 254), Unique(), ROW]
    nick: Annotated[Name, Searchable(), FIELD] | None = None
    born: Annotated[Instant | None, FIELD] = None
    weight: Annotated[float, FIELD] = 0.0
    invoice: Annotated[Address | None, TAX] = None
    lines: Annotated[tuple[Address, ...], FIELD] = ()
    marks: Annotated[Mapping[str, int], FIELD] = {}
    home: Home = Home(0)
    code: Annotated[Name, Immutable(), FIELD] = "none"
    town: Annotated[Name, Indexed(), Personal(erase="field", sealed=False)] = ""
    rank: Annotated[int, Indexed()] = 0


@entity("crm.notes", person="person")
class Note(Entity):
    """About somebody."""

    person: Annotated[Ref[Person], Indexed()]
    text: Annotated[Name, ROW]
    colour: Annotated[Name, Indexed()] = "red"


@entity("crm.letters", person="email")
class Letter(Entity):
    """To somebody of whom no more is known than an address."""

    email: Annotated[str, Length(0, 254), Searchable(), ROW]
    text: Annotated[Name, FIELD] = ""
    greeting: Annotated[Name, ROW] = ""


class Counted(Database):
    """Counts what goes to the server."""

    statements = 0

    async def fetch(self, text: str, *arguments: Any) -> list[Any]:
        self.statements += 1
        return await super().fetch(text, *arguments)

    async def execute(self, text: str, *arguments: Any) -> int:
        self.statements += 1
        return await super().execute(text, *arguments)

    def since(self) -> int:
        """How many since it was last asked."""
        found, self.statements = self.statements, 0
        return found


class Host:
    """A host's collections, with a memory of their own."""

    def __init__(self, database: Counted) -> None:
        self.database = database
        self.people = Collection(Person, database)
        self.notes = Collection(Note, database)
        self.letters = Collection(Letter, database)

    @classmethod
    async def made(cls, database: Counted) -> "Host":
        await database.keys.open()
        host = cls(database)
        for one in (host.people, host.notes, host.letters):
            await prepare_table(database, one.model)
        database.since()
        return host
