"""An app that is no service: a library on SQLAlchemy, and what a host does beside it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, Any, Self

from sqlalchemy import String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from hanse import (
    BrokerConfig,
    Database,
    DatabaseConfig,
    Event,
    Events,
    Host,
    HostConfig,
    Personal,
    Run,
    Secret,
    Service,
    Struct,
    event,
    subscribe,
    workflow,
)
from hanse.beside import Outbox, Processes, Sessions


class Base(DeclarativeBase):
    """Of the app."""


class Loan(Base):
    """A book that is with somebody."""

    __tablename__ = "loan"
    id: Mapped[int] = mapped_column(primary_key=True)
    book: Mapped[str] = mapped_column(String(100))


class Reminder(Base):
    """What handlers write."""

    __tablename__ = "reminder"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(unique=True)
    said: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)


@event("library.v1", key="book")
class BookLent(Event):
    """Somebody took a book home."""

    book: str


@event("library.v1", key="book", person="reader")
class BookReserved(Event):
    """Somebody waits for a book."""

    book: str
    reader: str
    name: Annotated[str, Personal(erase="row")]


@dataclass
class Desk:
    """Where tests tell handlers what to do with a session, and see how often they ran."""

    ran: list[str] = field(default_factory=list)
    act: Any = None

    async def handle(self, text: str, service: Reminders) -> None:
        self.ran.append(text)
        if self.act is not None:
            await self.act(text, service)
            return
        async with service.sessions.here() as session:
            session.add(Reminder(text=text, said={"by": "us"}))


class Reminders(Service, package="library.v1"):
    """Writes down what is told, by the app's own sessions."""

    def __init__(self, sessions: Sessions, desk: Desk, database: Database, events: Events) -> None:
        self.sessions = sessions
        self.desk = desk
        self.database = database
        self.events = events

    @subscribe(BookLent)
    async def note(self, event: BookLent) -> None:
        await self.desk.handle(event.book, self)

    @subscribe(BookReserved)
    async def greet(self, event: BookReserved) -> None:
        await self.desk.handle(event.name, self)


class Lent(Struct, frozen=True):
    card: str
    reader: Annotated[str, Personal(erase="field")] = ""


class Returns(Service, package="returns.v1"):
    """Waits for books."""

    def __init__(self, sessions: Sessions, desk: Desk, database: Database) -> None:
        self.sessions = sessions
        self.desk = desk
        self.database = database

    @workflow(version=1)
    async def wait_for(self, run: Run, book: str) -> str:
        await run.transaction(self._save, book)
        back = await run.signal("back", str, timeout=timedelta(days=30))
        return back or "lost"

    @workflow(version=1, person="lent.card")
    async def remind(self, run: Run, lent: Lent) -> Lent:
        back = await run.signal("back", Lent)
        return back or lent

    async def _save(self, book: str) -> None:
        await self.desk.handle(book, self)


class Library:
    """The app: its engine, its sessions, its host."""

    def __init__(
        self,
        config: DatabaseConfig,
        *services: type,
        broker: BrokerConfig | None = None,
        url: Secret | None = None,
        **engine: Any,
    ) -> None:
        url = url or config.url
        sqlalchemy = url.reveal().replace("postgresql://", "postgresql+asyncpg://")
        # The login of a test is called `hanse`, and would have a schema of its name for its own.
        settings = {"connect_args": {"server_settings": {"search_path": "public"}}}
        self.engine: AsyncEngine = create_async_engine(sqlalchemy, **(settings | engine))
        self.sessions = async_sessionmaker(self.engine)
        self.desk = Desk()
        self.host = Host(
            services,
            HostConfig(name="library", port=None, database=config, broker=broker),
            provided={Sessions: Sessions(self.sessions), Desk: self.desk},
        )
        self.outbox, self.processes = Outbox(self.host), Processes(self.host)

    async def __aenter__(self) -> Self:
        async with self.engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        try:
            await self.host.__aenter__()
        except BaseException:
            await self.engine.dispose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.host.stop()
        await self.engine.dispose()

    async def lend(self, session: AsyncSession, book: str) -> None:
        session.add(Loan(book=book))
        await self.outbox.emit(session, BookLent(book=book))

    async def told(self) -> list[str]:
        """Subjects of what lies in the outbox, in order."""
        rows = await self.database.fetch("select envelope from hanse.outbox order by seq")
        return [json_of(row["envelope"])["subject"] for row in rows]

    async def count(self, table: str) -> int:
        rows = await self.database.fetch(f"select from {table}")
        return len(rows)

    @property
    def database(self) -> Database:
        assert self.host.database is not None
        return self.host.database


def json_of(sent: bytes) -> dict[str, Any]:
    import msgspec

    return msgspec.json.decode(sent)
