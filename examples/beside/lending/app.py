"""The routes, as they were before Hanse came; three lines in them are new."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, cast

from fastapi import Depends, FastAPI, HTTPException, Request
from pydantic import BaseModel
from sqlalchemy import select

from hanse import Clock
from lending.desk import Returns
from lending.events import BookLent
from lending.library import Library
from lending.models import Loan, Notice

if TYPE_CHECKING:
    from pathlib import Path


class Wanted(BaseModel):
    """What somebody takes home."""

    book: str
    reader: str


class Lent(BaseModel):
    """A loan, as readers see it."""

    id: int
    book: str
    returned: bool


def _library(request: Request) -> Library:
    return cast("Library", request.app.state.library)


Here = Annotated[Library, Depends(_library)]


async def lend(wanted: Wanted, library: Here) -> Lent:
    """Lends a book: the loan, what is told of it, and who waits for it are one transaction."""
    async with library.sessions.begin() as session:
        loan = Loan(book=wanted.book, reader=wanted.reader, lend_time=datetime.now(UTC))
        session.add(loan)
        await session.flush()
        event = BookLent(loan=loan.id, book=loan.book, reader=loan.reader)
        await library.outbox.emit(session, event)  # new
        await library.processes.start(session, Returns.watch, loan.id, id=f"loan-{loan.id}")  # new
        return Lent(id=loan.id, book=loan.book, returned=False)


async def give_back(loan: int, library: Here) -> Lent:
    """Takes a book back."""
    async with library.sessions.begin() as session:
        found = await session.get(Loan, loan, with_for_update=True)
        if found is None or found.return_time is not None:
            raise HTTPException(404, "Nobody has this book.")
        found.return_time = datetime.now(UTC)
        await library.processes.signal(session, Returns.watch, f"loan-{loan}", "back", True)  # new
        return Lent(id=loan, book=found.book, returned=True)


async def notices(reader: str, library: Here) -> list[str]:
    """What a reader is told."""
    async with library.sessions() as session:
        found = await session.scalars(
            select(Notice.text).where(Notice.reader == reader).order_by(Notice.id)
        )
        return list(found)


def create_app(database: str, broker: str, keys: Path, clock: Clock | None = None) -> FastAPI:
    """The app, and its host in its lifespan."""
    library = Library(database, broker, keys, clock)
    app = FastAPI(lifespan=library.lifespan)
    app.state.library = library
    app.post("/loans")(lend)
    app.post("/loans/{loan}/return")(give_back)
    app.get("/readers/{reader}/notices")(notices)
    return app
