"""`Collection`: the entities of one class, as a service keeps them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, get_args

from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.runtime.data.collection.bulk import Bulk
from hanse.runtime.data.collection.finding import Finder
from hanse.runtime.data.collection.mask import masked
from hanse.runtime.data.collection.outcome import Batch, Count, Outcome, Page, Parts
from hanse.runtime.data.collection.stored import Stored, site
from hanse.runtime.data.collection.writing import Target
from hanse.runtime.data.entity.entity import Entity
from hanse.runtime.data.entity.stored_file import FILES
from hanse.runtime.data.files.tables import add_place
from hanse.runtime.data.query.planner import COUNT_BOUND
from hanse.runtime.data.query.query import PAGE_SIZE, Query
from hanse.runtime.data.table.arrival import prepare_rules, prepare_table
from hanse.runtime.errors import Internal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from msgspec import Struct

    from hanse.runtime.data.database import Database
    from hanse.runtime.data.outbox.event import Event

E = TypeVar("E", bound=Entity)


class Collection(Generic[E]):
    """The entities of one class that a site has. A service asks for it in its constructor.

        def __init__(self, contacts: Collection[Contact]) -> None: ...

        contact = await self._contacts.create(Contact(name="Ada"))
        contact = await self._contacts.update(contact.id, {"name": "Ada Lovelace"})

    Everything is of the site of the running call. Each method is one round trip to the database,
    a change that is refused may be two, and joins a transaction that is open.
    """

    def __init__(self, cls: type[E], database: Database) -> None:
        self._stored, self._database = Stored(cls, database), database
        self.model = self._stored.model
        self._documents = self._stored.documents
        self._statements = self._stored.statements
        self._writer = self._stored.writer
        self._bulk = Bulk(self._stored)
        self._finder = Finder(self._stored)

    @classmethod
    def __from_database__(cls, kind: Any, database: Database) -> Self:
        (entity,) = get_args(kind) or (None,)
        if entity is None:
            raise ConfigurationError("Collection says not of what: Collection[Contact]")
        collection = cls(entity, database)
        database.upkeep.claim(collection.model.full_table, entity)
        database.prepare(partial(prepare_rules, database, collection.model))
        # Those it refers to as well: their own host may not have run yet.
        for model in (collection.model, *collection._statements.checked):
            if model is not FILES:
                database.prepare(partial(prepare_table, database, model))
        if FILES in collection._statements.checked:
            database.prepare(partial(add_place, database, collection.model.full_table))
        return collection

    async def get(self, id: str, *, show_deleted: bool = False) -> E:
        """One of them.

        Args:
            id: Its id.
            show_deleted: Also if it was deleted softly.

        Raises:
            NotFound: There is none, or another site has it.
            InvalidArgument: This is no id of one.
        """
        uuid = self._stored.uuid_of(id)
        row = await self._database.fetch_row(self._statements.get, site(), uuid)
        if row is None or (self._stored.is_deleted(row) and not show_deleted):
            raise self._writer.not_found(uuid)
        if self._stored.sealing is not None:
            row = await self._writer.opened(site(), row)
        return self._documents.stored(row)

    async def batch_get(self, ids: Sequence[str]) -> Batch[E]:
        """Many of them, in the order they are asked for; those not there are told apart.

        Raises:
            InvalidArgument: One is no id, or there are too many.
        """
        return await self._finder.batch_get(ids)

    async def create(self, item: E, *, event: Event | Callable[[E], Event] | None = None) -> E:
        """Stores a new one; gives it as it is stored, with its id.

        Args:
            item: Without id and revision.
            event: What it tells of, kept by the same statement; or makes that of the entity as it
                is stored: `event=lambda job: JobPublished(job.id)`.

        Raises:
            InvalidArgument: It or the event breaks a rule, or it refers to what is not there.
            Duplicate: Another one has what no two may share.
        """
        stored = self._stored
        body, read, check = stored.new(item)
        now = stored.now()
        target = Target(site(), stored.draw(now), 0, now)
        made = stored.created(read, target.uuid, now)
        fact = event(made) if callable(event) else event
        await stored.write(fact, lambda writer: writer.create(target, body, check))
        return made

    async def update(
        self,
        id: str,
        changes: Mapping[str, Any] | Struct,
        *,
        mask: Sequence[str] = (),
        revision: int = 0,
        event: Event | None = None,
    ) -> E:
        """Changes some fields; gives it as it is then. What nobody names stays as it is.

        Args:
            id: Its id.
            changes: New values by field; inside a struct too, those left out stay.
            mask: Fields that count, like `address.city`; what it names and `changes` lacks goes
                back to its default. Left out, all that `changes` has.
            revision: The one it has to be at; 0 for any. One in `changes` counts as well.
            event: What this tells of, kept by the same statement.

        Raises:
            NotFound: There is none.
            RevisionConflict: It is at another revision.
            InvalidArgument: A field is unknown or immutable, a value breaks its rule, or refers to
                what is not there.
            Duplicate: Another one has what no two may share.
        """
        known = self._documents.changes(changes)
        target = self._stored.target(id, known, revision)
        if mask:
            known = self._documents.changes(masked(known, mask, self.model))
        body = self._documents.patch(known)
        return await self._stored.write(event, lambda one: one.write(target, known, body))

    async def replace(
        self, item: E, *, id: str = "", revision: int = 0, event: Event | None = None
    ) -> E:
        """Changes all fields of one; gives it as it is then.

        Fields that only another release knows stay as they are.

        Args:
            item: As it is to be.
            id: Which one; that of the item, if left out.
            revision: The one it has to be at; that of the item, if left out, and 0 for any.
            event: What this tells of, kept by the same statement.

        Raises:
            HanseError: As `update`.
        """
        body, read = self._documents.new(item, over=True)
        target = self._stored.target(id or item.id, item, revision)
        return await self._stored.write(event, lambda one: one.write(target, read, body))

    async def delete(self, id: str, *, revision: int = 0, event: Event | None = None) -> None:
        """Deletes one, or hides it where deleting is soft.

        Args:
            id: Its id.
            revision: The one it has to be at; 0 for any.
            event: What this tells of, kept by the same statement.

        Raises:
            NotFound: There is none.
            RevisionConflict: It is at another revision.
        """
        target = Target(site(), self._stored.uuid_of(id), revision, self._stored.now())
        await self._stored.write(event, lambda one: one.delete(target))

    async def restore(self, id: str, *, revision: int = 0, event: Event | None = None) -> E:
        """Brings back one that was deleted softly; gives it as it is then.

        Args:
            id: Its id.
            revision: The one it has to be at; 0 for any.
            event: What this tells of, kept by the same statement.

        Raises:
            NotFound: There is none.
            RevisionConflict: It is at another revision.
            FailedPrecondition: It is not deleted.
            Duplicate: Another one has meanwhile what no two may share.
        """
        if not self.model.soft:
            raise Internal(f"{self.model.full_table} deletes for good; nothing can be restored.")
        target = Target(site(), self._stored.uuid_of(id), revision, self._stored.now())
        return await self._stored.write(event, lambda one: one.restore(target))

    async def query(
        self,
        filter: Mapping[str, Any] | None = None,
        *,
        sort: Sequence[str] = (),
        page_size: int = PAGE_SIZE,
        cursor: str = "",
    ) -> Page[E]:
        """Those that a filter finds, a page at a time.

            page = await self._contacts.query({"name": "Ada"}, sort=["-create_time"])

        Args:
            filter: What must hold of them; of all, if left out.
            sort: Fields, each with a `-` before it to descend; by id, if left out.
            page_size: How many at most.
            cursor: Where the page before ended, as it said.

        Raises:
            InvalidArgument: The query is wrong.
            QueryNotServed: No index serves it, and it would have to read everything.
        """
        query = Query(
            filter=dict(filter or {}), sort=tuple(sort), page_size=page_size, cursor=cursor
        )
        return await self._finder.query(query)

    async def select(
        self,
        fields: Sequence[str],
        filter: Mapping[str, Any] | None = None,
        *,
        sort: Sequence[str] = (),
        page_size: int = PAGE_SIZE,
        cursor: str = "",
    ) -> Parts[E]:
        """As `query`, but of each only its id and some fields, like `address.city`.

        What was not asked for is UNSET.

        Raises:
            HanseError: As `query`.
        """
        query = Query(
            filter=dict(filter or {}), sort=tuple(sort), page_size=page_size, cursor=cursor
        )
        return await self._finder.select(query, fields)

    async def count(
        self, filter: Mapping[str, Any] | None = None, *, bound: int = COUNT_BOUND
    ) -> Count:
        """How many a filter finds, counted no further than to a bound.

        Raises:
            HanseError: As `query`.
        """
        return await self._finder.count(filter or {}, bound)

    async def create_many(
        self, items: Sequence[E], *, event: Callable[[E], Event] | None = None
    ) -> tuple[Outcome[E], ...]:
        """Stores new ones in one statement; each is stored, or its outcome says why not.

        Args:
            items: Without ids and revisions.
            event: Makes what each tells of, of the entity as it is stored; kept by the same
                statement, in the order of the items, where that is.

        Raises:
            InvalidArgument: There are too many.
        """
        return await self._bulk.create(items, event)

    async def update_many(
        self, changes: Sequence[Mapping[str, Any] | Struct]
    ) -> tuple[Outcome[E], ...]:
        """Changes some fields of each in one statement; outcomes as in `create_many`.

        Args:
            changes: Each with the `id` of the one it is for, and its `revision` if it matters.

        Raises:
            InvalidArgument: There are too many.
        """
        return await self._bulk.update(changes)

    async def delete_many(self, ids: Sequence[str]) -> tuple[Outcome[E], ...]:
        """Deletes some in one statement; an outcome without an error is done.

        Raises:
            InvalidArgument: There are too many.
        """
        return await self._bulk.delete(ids)
