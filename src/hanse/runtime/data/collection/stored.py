"""What everything that is done with the entities of one class shares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from hanse.kit.uuid7 import Uuid7Source
from hanse.runtime.call.context import running
from hanse.runtime.data.collection.conflict import duplicate, violated
from hanse.runtime.data.collection.document import Documents
from hanse.runtime.data.collection.reference_check import ReferenceCheck
from hanse.runtime.data.collection.statements import Statements
from hanse.runtime.data.collection.writing import Target, Writer
from hanse.runtime.data.entity.entity import Entity, entity_of
from hanse.runtime.data.failures import UniqueViolation
from hanse.runtime.data.outbox.statement import also_telling
from hanse.runtime.data.outbox.telling import Telling
from hanse.runtime.data.outbox.telling_many import also_telling_many
from hanse.runtime.data.personal.sealing import Sealing
from hanse.runtime.errors import Internal

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime
    from uuid import UUID

    from msgspec import Struct

    from hanse.runtime.data.database import Database
    from hanse.runtime.data.outbox.event import Event
    from hanse.runtime.data.outbox.outbox import Outbox
    from hanse.runtime.errors import HanseError

E = TypeVar("E", bound=Entity)
T = TypeVar("T")

NOBODY_TELLS = (
    "An event cannot be told, as no service of this host asks for Events: have the constructor of "
    "the one that emits it take `events: Events`."
)

TELLING = ("plain_create", "create", "plain_update", "update", "store", "delete", "restore")
"""Statements that write one row, and may put an event beside it."""

BATCH_MAX = 1000
"""Entities read or written at once."""


class Stored(Generic[E]):
    """A class, its table, its documents and its statements.

    Attributes:
        model: What was read of the class.
        database: Where they are.
        documents: How they are written.
        statements: What is asked of the database.
        sealing: Seals what is personal; None where nothing is.
        writer: Stores a document, or lays it over one that is stored.
    """

    def __init__(self, cls: type[E], database: Database) -> None:
        self.model = entity_of(cls)
        self.database = database
        self.documents = Documents[E](self.model)
        self.statements = Statements(self.model)
        self.sealing = Sealing(self.model, database.keys) if self.model.sealed else None
        self.writer = Writer[E](self.documents, database, self.statements, self.sealing)
        self._ids = Uuid7Source()
        self._telling: dict[bool, Statements] = {}

    def now(self) -> datetime:
        """Business time."""
        return self.database.clock.now()

    def draw(self, now: datetime) -> UUID:
        """A new id."""
        return self._ids.draw(now)

    def uuid_of(self, id: str, field: str = "id") -> UUID:
        """The UUID of an id; `InvalidArgument` if it is none of these."""
        try:
            return self.model.uuid_of(id)
        except ValueError as error:
            message = f"`{field}` is no id of a {self.model.noun}: {error}."
            raise violated(field, "typeid", message) from None

    def target(self, id: str, value: Any, revision: int) -> Target:
        """Which one is to be written; `InvalidArgument` if a value is of another."""
        uuid = self.uuid_of(id)
        if value.id and value.id != id:
            raise violated("id", "same", f"`id` is of another {self.model.noun} than the address.")
        return Target(site(), uuid, revision or value.revision or 0, self.now())

    def is_deleted(self, row: Any) -> bool:
        """Whether a row is hidden."""
        return self.model.soft and row["delete_time"] is not None

    def new(self, item: E) -> tuple[bytes, E, ReferenceCheck]:
        """What is to be stored of a new one: its document, as it is read, what it refers to.

        Raises:
            InvalidArgument: It was stored before, or breaks a rule.
        """
        if item.id or item.revision:
            name = "id" if item.id else "revision"
            message = f"`{name}` is given when it is created; leave it out."
            raise violated(name, "output_only", message)
        body, read = self.documents.new(item)
        return body, read, self.references(read)

    def references(self, value: Struct) -> ReferenceCheck:
        """The ids in a value; `InvalidArgument` if one is none."""
        return ReferenceCheck(value, self.model, self.statements.checked)

    def created(self, item: E, uuid: UUID, now: datetime) -> E:
        """A new one as it is read back."""
        row = {"id": uuid, "revision": 1, "create_time": now, "update_time": now}
        return self.documents.with_columns(item, row | {"delete_time": None})

    async def write(self, event: Event | None, work: Callable[[Writer[E]], Awaitable[T]]) -> T:
        """What a write gives, or what its failure means for this entity.

        Args:
            event: What it tells of, in the same statement.
            work: Writes once.

        Raises:
            Internal: Nobody of this host tells events.
            HanseError: As `work` raises, and as `Outbox.written`.
        """
        if event is None:
            return await self.told(work(self.writer))
        outbox = self.outbox
        seals = await Telling(self.sealing, self.database.keys, outbox, event).prepared()
        statements = self.telling_statements(keyed=outbox.seals(event))
        done = await self.told(work(self.writer.telling(seals, statements)))
        outbox.kept(event)
        return done

    @property
    def outbox(self) -> Outbox:
        """What makes rows of events; `Internal` if nobody of this host tells any."""
        outbox = self.database.outbox
        if outbox is None:
            raise Internal(NOBODY_TELLS)
        return outbox

    def telling_statements(self, *, keyed: bool) -> Statements:
        """Those of a write that tells, made when one is told of first."""
        found = self._telling.get(keyed)
        if found is None:
            found = self._telling[keyed] = Statements(self.model, keyed=keyed)
            for name in TELLING:
                if text := getattr(found, name):
                    setattr(found, name, also_telling(text))
            found.create_many = also_telling_many(found.create_many)
        return found

    async def told(self, statement: Awaitable[T]) -> T:
        """What a statement gives, or what its failure means for this entity."""
        try:
            return await statement
        except UniqueViolation as error:
            raise self.taken(error.constraint) from None

    def taken(self, index: str) -> HanseError:
        """Which fields another one has, by the index that says so."""
        names = {one.name: one.fields for one in self.model.indexes}
        return duplicate(self.model.noun, names.get(index, ("id",)))


def check_number(number: int, field: str) -> None:
    """Refuses more at once than is good for the others; `InvalidArgument`."""
    if number > BATCH_MAX:
        message = f"`{field}` has {number} items; {BATCH_MAX} at most."
        raise violated(field, f"length <= {BATCH_MAX}", message)


def site() -> str:
    """The site that everything is done for.

    Raises:
        RuntimeError: No call is running, so it is nobody's.
    """
    call = running.get()
    if call is None:
        raise RuntimeError("What is stored belongs to a site; use a collection while a call runs.")
    return call.origin.site
