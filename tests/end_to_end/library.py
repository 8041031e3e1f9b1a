"""A service with every kind of argument, answer and error, for programs that read its description."""

from __future__ import annotations

import datetime
import decimal
import enum
import uuid
from collections.abc import Mapping
from typing import Annotated, Literal, NewType

from hanse import (
    PUBLIC,
    SIGNED_IN,
    Doc,
    Length,
    Pattern,
    Range,
    Service,
    Struct,
    kind,
    permission,
    rpc,
)
from hanse.runtime.errors import AlreadyExists, FailedPrecondition, NotFound

BookId = NewType("BookId", uuid.UUID)
Name = Annotated[str, Length(1, 50), Doc("What it is called.")]
Code = Annotated[str, Pattern("^[a-z]{1,8}$")]

PERMISSIONS = ("library.books.read", "library.books.write", "library.desk.run")


class Colour(enum.Enum):
    RED = "red"
    DEEP_BLUE = "deep blue"


class Weight(enum.IntEnum):
    LIGHT = 1
    HEAVY = 2


class Bought(Struct, frozen=True, tag="bought"):
    """It was bought."""

    price: decimal.Decimal
    at: datetime.date


class Given(Struct, frozen=True, tag="given"):
    """It was given."""

    by: Name


class Shelf(Struct, frozen=True):
    """A shelf, in a shelf."""

    name: Name
    within: Shelf | None = None
    beside: Annotated[tuple[Shelf, ...], Length(0, 3)] = ()


class Draft(Struct, frozen=True, kw_only=True):
    """A book before it has an id."""

    title: Name
    pages: Annotated[int, Range(1, 10_000)] = 1
    share: Annotated[float, Range(0, 1)] = 0.5
    lent: bool = False
    colour: Colour = Colour.RED
    weight: Weight = Weight.LIGHT
    size: Literal["small", "large"] = "small"
    printed: datetime.date | None = None
    seen_at: datetime.datetime | None = None
    opens: datetime.time | None = None
    kept: datetime.timedelta | None = None
    cover: Annotated[bytes, Length(0, 100)] = b""
    keywords: frozenset[Code] = frozenset()
    place: tuple[float, float] = (0.0, 0.0)
    notes: Mapping[str, tuple[int, ...]] = {}
    origin: Bought | Given | None = None
    shelf: Shelf | None = None


class Book(Draft, frozen=True, kw_only=True):
    """A book."""

    id: BookId


class Books(Struct, frozen=True):
    """A page of books."""

    items: tuple[Book, ...]
    next_cursor: str = ""


class Lost(NotFound):
    code = "book_lost"
    title = "The book is lost"
    book_id: BookId


class Crowded(FailedPrecondition):
    code = "library_crowded"
    title = "The library is full"
    status = 409
    limit: int


class Twice(AlreadyExists):
    code = "book_twice"
    title = "The book is there"
    titled: str


def _book(book_id: uuid.UUID, title: str = "Emma") -> Book:
    return Book(id=BookId(book_id), title=title)


class Library(Service):
    """Lends books."""

    @rpc(
        "POST /library/v1/books",
        allow=permission("library.books.write"),
        errors=(Crowded, Twice),
    )
    async def add(self, draft: Draft, quietly: bool = False) -> Book:
        """Adds a book."""
        if draft.lent:
            raise Crowded("A book that is lent cannot be added.", limit=0)
        if draft.pages == 13:
            raise Twice("There is one already.", titled=draft.title)
        return Book(id=BookId(uuid.UUID(int=1)), title=draft.title, pages=draft.pages)

    @rpc(
        "GET /library/v1/books/{book_id}",
        allow=permission("library.books.read"),
        errors=(Lost,),
    )
    async def read(self, book_id: BookId) -> Book:
        """One book."""
        if book_id.int % 7 == 3:
            raise Lost("It was never given back.", book_id=book_id)
        return _book(book_id)

    @rpc("GET /library/v1/books", allow=SIGNED_IN)
    async def find(
        self,
        words: Annotated[tuple[Code, ...], Length(0, 5)] = (),
        *,
        colour: Colour | None = None,
        weight: Weight | None = None,
        lent: bool = False,
        since: datetime.date | None = None,
        share: Annotated[float, Range(0, 1)] = 0.0,
        limit: Annotated[int, Range(1, 100)] = 10,
        cursor: Annotated[str, Length(0, 100)] = "",
    ) -> Books:
        """Books, page by page."""
        return Books(tuple(_book(uuid.UUID(int=number)) for number in range(min(limit, 3))))

    @rpc("PUT /library/v1/books/{book_id}", allow=permission("library.books.write"))
    async def put(self, book_id: BookId, draft: Draft) -> Book:
        """Replaces a book."""
        return _book(book_id, draft.title)

    @rpc("PATCH /library/v1/books/{book_id}", allow=permission("library.books.write"))
    async def change(self, book_id: BookId, title: Name | None = None) -> Book:
        """Changes a book."""
        return _book(book_id, title or "Emma")

    @rpc("DELETE /library/v1/books/{book_id}", allow=permission("library.books.write"))
    async def remove(self, book_id: BookId) -> None:
        """Removes a book."""

    @rpc(
        "POST /library/v1/books/{book_id}:lend",
        allow=permission("library.desk.run") | kind("staff"),
    )
    async def lend(
        self, book_id: BookId, to: Name, days: Annotated[int, Range(1, 30)] = 14
    ) -> datetime.date:
        """Lends a book."""
        return datetime.date(2026, 1, 1) + datetime.timedelta(days=days)

    @rpc("GET /library/v1/shelves/{code}/places/{number}", allow=PUBLIC)
    async def place(self, code: Code, number: Annotated[int, Range(0, 999)]) -> str | None:
        """What stands at a place."""
        return f"{code}{number}" if number % 2 else None

    @rpc("GET /library/v1/colours/{colour}", allow=PUBLIC)
    async def by_colour(self, colour: Colour) -> tuple[Book, ...]:
        """Books of a colour."""
        return (_book(uuid.UUID(int=1)),)

    @rpc("POST /library/v1/shelves", allow=PUBLIC)
    async def build(self, shelf: Shelf) -> Shelf:
        """A shelf, as it was given."""
        return shelf

    @rpc("POST /library/v1/origins", allow=PUBLIC)
    async def trace(self, origins: Mapping[str, Bought | Given]) -> Mapping[str, Bought | Given]:
        """Where books are from."""
        return origins

    @rpc("GET /library/v1/books:count", allow=PUBLIC)
    async def count(self) -> int:
        """How many there are."""
        return 3

    @rpc("POST /library/v1/books:sort", allow=PUBLIC)
    def sort(self, by: Literal["title", "size"] = "title") -> Mapping[str, int]:
        """In a thread."""
        return {by: 1}
