"""Finds entities by what they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

import msgspec

from hanse.runtime.call.proven import prove
from hanse.runtime.data.collection.outcome import Batch, Count, Page, Parts
from hanse.runtime.data.collection.stored import check_number, site
from hanse.runtime.data.entity.entity import Entity
from hanse.runtime.data.entity.part import part_names, part_type
from hanse.runtime.data.query.planner import COUNT_BOUND, Planner
from hanse.runtime.data.query.statement import Source
from hanse.runtime.data.table.packed import PACKED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from hanse.runtime.data.collection.stored import Stored
    from hanse.runtime.data.entity.part import Part
    from hanse.runtime.data.query.projection import Projection
    from hanse.runtime.data.query.query import Query

E = TypeVar("E", bound=Entity)


class Finder(Generic[E]):
    """Runs the queries of one collection."""

    def __init__(self, stored: Stored[E]) -> None:
        self._stored = stored
        model = stored.model
        source = Source(
            table=model.full_table,
            columns=stored.statements.columns,
            packed=PACKED,
            condition="delete_time is null" if model.soft else "",
        )
        self._planner = Planner(
            tuple(model.fields.values()),
            [index.shape for index in model.indexes],
            source,
            part_names(model.cls),
            sealed=[one.leaf.name for one in model.sealed if not one.searchable],
        )
        self._part = part_type(model.cls)
        self._token = self._token_of if stored.sealing is not None else None

    async def batch_get(self, ids: Sequence[str]) -> Batch[E]:
        """Many by their ids, in their order.

        Raises:
            InvalidArgument: One is no id, or there are too many.
        """
        stored = self._stored
        check_number(len(ids), "ids")
        uuids = [stored.uuid_of(one, f"ids[{at}]") for at, one in enumerate(ids)]
        rows = await stored.database.fetch(stored.statements.batch_get, site(), uuids)
        if stored.sealing is not None:
            rows = await stored.sealing.opened(site(), rows)
        found = {row["id"]: row for row in rows if not stored.is_deleted(row)}
        read = [stored.documents.stored(found[uuid]) for uuid in uuids if uuid in found]
        missing = (name for name, uuid in zip(ids, uuids, strict=True) if uuid not in found)
        return Batch(tuple(read), tuple(missing))

    async def query(self, query: Query) -> Page[E]:
        """A page of those that are asked for.

        Raises:
            InvalidArgument: The query is wrong.
            QueryNotServed: No index serves it.
        """
        _, found, cursor = await self._found(query)
        page = Page(tuple(found), cursor)
        if self._stored.documents.lasting:
            prove(page, (Page, self._stored.model.cls))
        return page

    async def select(self, query: Query, fields: Sequence[str]) -> Parts[E]:
        """A page of those that are asked for, and of each its id and some fields.

        Raises:
            HanseError: As `query`.
        """
        query = msgspec.structs.replace(query, fields=tuple(fields))
        wanted, found, cursor = await self._found(query)
        return Parts(tuple(self._part_of(item, wanted) for item in found), cursor)

    async def count(self, wanted: Mapping[str, Any], bound: int = COUNT_BOUND) -> Count:
        """How many a filter finds, counted no further than to a bound.

        Raises:
            InvalidArgument: The filter or the bound is wrong.
            QueryNotServed: No index serves the filter.
        """
        plan = self._planner.count(dict(wanted), bound, self._token)
        row = await self._stored.database.fetch_row(plan.text, site(), *plan.parameters)
        number, more = plan.counted(row["count"] if row else 0)
        return Count(number, more)

    # Inside.

    async def _found(self, query: Query) -> tuple[Projection | None, list[E], str]:
        plan = self._planner.plan(query, self._token)
        row = await self._stored.database.fetch_row(plan.text, site(), *plan.parameters)
        assert row is not None, "an aggregate gives one row"
        documents, sealing = self._stored.documents, self._stored.sealing
        if sealing is None:
            found = documents.packed(row, plan.page_size)
        else:
            rows = await sealing.opened(site(), documents.apart(row, plan.page_size))
            found = [documents.stored(one) for one in rows]
        return plan.projection, found, plan.cursor(row)

    def _token_of(self, text: str) -> str:
        sealing = self._stored.sealing
        assert sealing is not None, "a field is sealed"
        return sealing.token(site(), text)

    def _part_of(self, item: E, wanted: Projection | None) -> Part[E]:
        """Taken of the whole entity, so that old documents are brought up and defaults seen."""
        fields = wanted.of(msgspec.to_builtins(item, enc_hook=lambda _: None)) if wanted else {}
        return msgspec.convert(fields | {"id": item.id}, self._part)
