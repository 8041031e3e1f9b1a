"""A contract with everything a contract can have, in a module whose annotations are text."""

from __future__ import annotations

import datetime
import decimal
import enum
import uuid
from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Generic, Literal, NewType, TypeVar

from hanse import (
    PUBLIC,
    SIGNED_IN,
    Contract,
    Doc,
    Html,
    Length,
    Pattern,
    Range,
    Service,
    Struct,
    page,
    permission,
    rpc,
)
from hanse.runtime.contract.tests.errors_elsewhere import Full, Fuller, Rootless

T = TypeVar("T")

ContactId = NewType("ContactId", uuid.UUID)
Name = Annotated[str, Length(1, 100), Doc("What people call them.")]


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Card(Struct, frozen=True, tag="card", tag_field="kind"):
    """By card."""

    number: Annotated[str, Pattern("^[0-9]{4}$")]


class Transfer(Struct, frozen=True, tag="transfer", tag_field="kind"):
    iban: str


class Tree(Struct, frozen=True):
    """A struct that mentions itself."""

    name: Name
    children: tuple[Tree, ...] = ()
    parent: Tree | None = None


class Page(Struct, Generic[T], frozen=True):
    items: tuple[T, ...]
    next_cursor: str = ""


class Contact(Struct, frozen=True, kw_only=True):
    """Somebody we know."""

    id: ContactId
    name: Name
    born: datetime.date | None = None
    seen_at: datetime.datetime | None = None
    wakes_at: datetime.time | None = None
    waits: datetime.timedelta = datetime.timedelta(seconds=1)
    worth: decimal.Decimal = decimal.Decimal("1.50")
    share: Annotated[float, Range(0, 1)] = 0.5
    photo: bytes = b""
    colour: Colour = Colour.RED
    size: Literal["s", "m"] = "m"
    tags: Annotated[frozenset[str], Length(0, 5)] = frozenset()
    place: tuple[float, float] = (0.0, 0.0)
    labels: Mapping[str, tuple[int, ...]] = {}
    pays: Card | Transfer | None = None
    tree: Tree | None = None


class Contacts(Contract):
    """Keeps contacts."""

    @rpc("POST /crm/v1/contacts", allow=permission("crm.contacts.write"), errors=(Full, Fuller))
    async def create(self, contact: Contact, *, quietly: bool = False) -> Contact:
        """Adds a contact.

        It must not be there.
        """

    @rpc("GET /crm/v1/contacts/{contact_id}", allow=SIGNED_IN)
    async def read(self, contact_id: ContactId) -> Contact: ...

    @rpc("GET /crm/v1/contacts", allow=PUBLIC)
    async def find(
        self,
        words: tuple[str, ...] = (),
        colour: Colour | None = None,
        limit: Annotated[int, Range(1, 100)] = 10,
        cursor: str = "",
    ) -> Page[Contact]: ...

    @rpc("POST /crm/v1/contacts/{contact_id}:merge", allow=PUBLIC, idempotent=True, timeout=5)
    async def merge(self, contact_id: ContactId, others: tuple[ContactId, ...]) -> None: ...

    @rpc("GET /crm/v1/contacts:watch", allow=PUBLIC)
    def watch(self, word: str = "") -> AsyncIterator[Contact]: ...

    @rpc("GET /crm/v1/contacts:count", allow=PUBLIC)
    async def count(self) -> int: ...

    @rpc("PATCH /crm/v1/trees", allow=PUBLIC)
    async def grow(self, tree: Tree) -> Page[Tree]: ...

    @rpc(allow=PUBLIC, errors=(Rootless,))
    async def internal(self, pays: Card | Transfer) -> Mapping[str, Tree]: ...


class Book(Service, Contacts):
    """Serves it, and shows it."""

    async def create(self, contact: Contact, *, quietly: bool = False) -> Contact:
        return contact

    async def read(self, contact_id: ContactId) -> Contact:
        return Contact(id=contact_id, name="Ada")

    async def find(
        self,
        words: tuple[str, ...] = (),
        colour: Colour | None = None,
        limit: Annotated[int, Range(1, 100)] = 10,
        cursor: str = "",
    ) -> Page[Contact]:
        return Page(())

    async def merge(self, contact_id: ContactId, others: tuple[ContactId, ...]) -> None:
        return None

    async def watch(self, word: str = "") -> AsyncIterator[Contact]:
        yield Contact(id=ContactId(uuid.UUID(int=1)), name=word or "Ada")

    async def count(self) -> int:
        return 1

    async def grow(self, tree: Tree) -> Page[Tree]:
        return Page((tree,))

    async def internal(self, pays: Card | Transfer) -> Mapping[str, Tree]:
        return {}

    @page("/people/{name}", allow=PUBLIC)
    async def person(self, name: str, big: bool = False) -> Html:
        return Html(f"<h1>{name}</h1>")
