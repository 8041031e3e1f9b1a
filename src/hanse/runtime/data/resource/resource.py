"""`Resource`: an entity as a service, of which nothing is left to write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Generic, TypeAlias, TypeVar

from hanse.runtime.contract.file import File
from hanse.runtime.contract.immutable import FreeJson
from hanse.runtime.contract.mistakes import Mistakes
from hanse.runtime.contract.rules import Range
from hanse.runtime.contract.service import Service
from hanse.runtime.data.collection.collection import Collection
from hanse.runtime.data.collection.outcome import Batch, Count, Outcomes, Page, Parts
from hanse.runtime.data.entity.entity import Entity
from hanse.runtime.data.files.files import URL_SECONDS, URL_SECONDS_MAX, Files
from hanse.runtime.data.query.planner import COUNT_BOUND
from hanse.runtime.data.query.query import PAGE_SIZE, PAGE_SIZE_MAX
from hanse.runtime.data.resource.file_in import file_in
from hanse.runtime.data.resource.methods import Access, add_methods, entity_in

if TYPE_CHECKING:
    from hanse.runtime.errors import HanseError
    from hanse.runtime.identity.permission import Rule

E = TypeVar("E", bound=Entity)

Filter: TypeAlias = Mapping[str, Annotated[Any, FreeJson()]]
"""What must hold of an item, as the query language writes it: `{"age": {"$gte": 18}}`."""

PageSize: TypeAlias = Annotated[int, Range(1, PAGE_SIZE_MAX)]
Seconds: TypeAlias = Annotated[int, Range(1, URL_SECONDS_MAX)]
Mask: TypeAlias = tuple[str, ...]
Revision: TypeAlias = Annotated[int, Range(0)]

if TYPE_CHECKING:
    Changes: TypeAlias = Mapping[str, Any] | E
    """Some fields of an entity, each by its name."""

    Sent: TypeAlias = File
    """What any of an entity's files takes."""
else:
    Changes = Annotated[E, "changes"]
    Sent = Annotated[File, "upload"]


class Resource(Service, Generic[E], template=True):
    """An entity with all that is usually done with it, for programs inside and outside.

        class Contacts(Resource[Contact], allow=SIGNED_IN):
            \"\"\"The people a site knows.\"\"\"

    Its address comes from the entity's table: `crm.contacts` is `/crm/v1/contacts`. Methods of
    one's own stand beside these with `@rpc` and use `self.items`; one of the same name as one of
    these takes its place, and its declaration where it has none of its own.

    Args:
        allow: Who may call.
        read: Who may read, if others may write.
        write: Who may write, if others may read.
        version: In the address, `v1` by default.
        path: The last part of the address, if not the table's name.
        errors: What its writing methods may end with, where one's own take their places.

    Attributes:
        items: What it is made of.
        files: What keeps the files in them; None where they have none.

    Raises:
        DeclarationError: When the class is made, with every mistake in it.
    """

    def __init_subclass__(  # the options of a class are its documentation
        cls,
        *,
        allow: Rule | None = None,
        read: Rule | None = None,
        write: Rule | None = None,
        version: str = "v1",
        path: str = "",
        errors: tuple[type[HanseError], ...] = (),
        **options: Any,
    ) -> None:
        with Mistakes(f"Resource {cls.__name__}").collecting() as mistakes:
            entity = entity_in(cls, Resource, mistakes)
            access = Access(read or allow, write or allow, version, path, errors)
            if entity is not None:
                add_methods(cls, Resource, entity, access, mistakes)
        super().__init_subclass__(**options)

    def __init__(self, items: Collection[E], files: Files | None = None) -> None:
        self.items = items
        self.files = files

    async def get(self, id: str, *, show_deleted: bool = False) -> E:
        """One item, by its id."""
        return await self.items.get(id, show_deleted=show_deleted)

    async def list(
        self, *, sort: tuple[str, ...] = (), page_size: PageSize = PAGE_SIZE, cursor: str = ""
    ) -> Page[E]:
        """All of them, a page at a time, in the order asked for.

        `sort` has fields, each with a `-` before it to descend; `cursor` is the `next_cursor` of
        the page before.
        """
        return await self.items.query(sort=sort, page_size=page_size, cursor=cursor)

    async def query(
        self,
        *,
        filter: Filter = {},  # noqa: B006 - it is read only
        sort: tuple[str, ...] = (),
        page_size: PageSize = PAGE_SIZE,
        cursor: str = "",
    ) -> Page[E]:
        """Those that a filter finds, like `{"name": "Ada"}`, a page at a time."""
        return await self.items.query(filter, sort=sort, page_size=page_size, cursor=cursor)

    async def select(
        self,
        fields: tuple[str, ...],
        *,
        filter: Filter = {},  # noqa: B006 - it is read only
        sort: tuple[str, ...] = (),
        page_size: PageSize = PAGE_SIZE,
        cursor: str = "",
    ) -> Parts[E]:
        """Some fields of those that a filter finds, like `address.city`, and always their ids."""
        return await self.items.select(
            fields, filter, sort=sort, page_size=page_size, cursor=cursor
        )

    async def count(
        self,
        *,
        filter: Filter = {},  # noqa: B006 - it is read only
        bound: int = COUNT_BOUND,
    ) -> Count:
        """How many a filter finds, counted no further than to a bound."""
        return await self.items.count(filter, bound=bound)

    async def batch_get(self, ids: tuple[str, ...]) -> Batch[E]:
        """Many by their ids, in that order; those that are not there are told apart."""
        return await self.items.batch_get(ids)

    async def create(self, item: E) -> E:
        """Stores a new item; gives it with its id."""
        return await self.items.create(item)

    async def update(
        self,
        id: str,
        item: Changes[E],
        *,
        update_mask: Mask = (),
        revision: Revision = 0,
    ) -> E:
        """Changes some fields of one item; the rest stays as it is.

        What `update_mask` names and `item` lacks goes back to its default; without a mask all that
        is given counts. With a `revision` it fails if somebody else wrote meanwhile.
        """
        return await self.items.update(id, item, mask=update_mask, revision=revision)

    async def replace(
        self,
        id: str,
        item: E,
        *,
        revision: Revision = 0,
    ) -> E:
        """Changes all fields of one item; with a `revision` only if nobody wrote meanwhile."""
        return await self.items.replace(item, id=id, revision=revision)

    async def delete(self, id: str, *, revision: Revision = 0) -> None:
        """Deletes one item; with a `revision` only if nobody wrote meanwhile."""
        await self.items.delete(id, revision=revision)

    async def restore(self, id: str, *, revision: Revision = 0) -> E:
        """Brings back one item that was deleted."""
        return await self.items.restore(id, revision=revision)

    async def bulk_create(self, items: tuple[E, ...]) -> Outcomes[E]:
        """Stores many new ones, each by itself: what is wrong with one leaves the others alone."""
        return Outcomes(await self.items.create_many(items))

    async def bulk_update(self, items: tuple[Changes[E], ...]) -> Outcomes[E]:
        """Changes some fields of many, each with its `id` and by itself."""
        return Outcomes(await self.items.update_many(items))

    async def bulk_delete(self, ids: tuple[str, ...]) -> Outcomes[E]:
        """Deletes many, each by itself; a result without an error is done."""
        return Outcomes(await self.items.delete_many(ids))

    async def upload(self, file: Sent) -> File:
        """Keeps a file, whose bytes are the body, and gives what stands for it in an item.

        `Content-Disposition` says how it is called. One that no item holds goes after a day.
        """
        return file

    async def url(self, id: str, field: str, *, seconds: Seconds = URL_SECONDS) -> str:
        """An address from the first `/` on, at which a file of one item can be had for a while.

        `field` says which, like `photo`, `pages[2]` or `passport.scan`.
        """
        assert self.files is not None
        return self.files.url(file_in(await self.get(id), field), seconds=seconds)
