"""Brings rows of a file into a resource, by its own API: what it may and refuses holds here too."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from hanse.cli.imports.difference import Change, change, refused, repeated
from hanse.cli.imports.reading import RowReader, Wanted
from hanse.cli.imports.rows import Row, Table
from hanse.cli.refusal import Refused
from hanse.runtime.data.entity.changes import changes_type
from hanse.runtime.errors import Violation

if TYPE_CHECKING:
    from hanse.runtime.data.collection.outcome import Failure
    from hanse.runtime.data.entity.entity import Entity

BATCH = 100
"""Rows looked up and written together: three requests."""

ROWS_MAX = 1_000_000
"""Of one file; the keys of all are remembered, so that one that comes twice is seen."""


class Importer:
    """Makes what a resource stores as a file says.

    Args:
        resource: The resource, to be called.
        cls: The entity's class.
        key: Its field that rows are known by.
        dry_run: Only says what would be done; what the server alone can see is not seen then.
    """

    def __init__(self, resource: Any, cls: type[Entity], key: str, *, dry_run: bool) -> None:
        self._resource = resource
        self._cls = cls
        self._key = key
        self._dry_run = dry_run
        self._lines: dict[str, int] = {}

    async def run(self, table: Table) -> AsyncIterator[Change]:
        """What became of each row, as soon as it is known.

        Raises:
            Refused: A column is no field, or there are too many rows.
            HanseError: The resource cannot be asked or written at all.
        """
        reader = RowReader(self._cls, self._key, texts=table.texts)
        if unknown := reader.unknown(table.fields or ()):
            raise Refused(*unknown)
        rows = 0
        for batch in _batches(table.rows):
            rows += len(batch)
            if rows > ROWS_MAX:
                raise Refused(
                    f"There are over {ROWS_MAX} rows; split the file. Those so far are done."
                )
            for made in await self._batch(reader, batch):
                yield made

    async def _batch(self, reader: RowReader, rows: Sequence[Row]) -> list[Change]:
        wanted = [reader.read(row) for row in rows]
        doubles = {at: self._double(one) for at, one in enumerate(wanted)}
        stored = await self._stored([one for one in wanted if one.key and not one.violations])
        changes = [
            doubles[at] or change(one, stored.get(one.key), reader.missing(one))
            for at, one in enumerate(wanted)
        ]
        return changes if self._dry_run else await self._written(changes)

    def _double(self, wanted: Wanted) -> Change | None:
        """The refusal of a row whose key came before."""
        first = self._lines.setdefault(wanted.key, wanted.line) if wanted.key else wanted.line
        return None if first == wanted.line else repeated(wanted, self._key, first)

    async def _stored(self, wanted: Sequence[Wanted]) -> dict[str, Any]:
        """What is there of those keys."""
        keys = list(dict.fromkeys(one.values[self._key] for one in wanted))
        if not keys:
            return {}
        found = await self._resource.query(filter={self._key: {"$in": keys}}, page_size=len(keys))
        return {str(getattr(item, self._key)): item for item in found.items}

    async def _written(self, changes: list[Change]) -> list[Change]:
        """The same changes; those that the resource refused as refused."""
        created = [one for one in changes if one.verdict == "created"]
        updated = [one for one in changes if one.verdict == "updated"]
        part = changes_type(self._cls)
        failed: dict[int, Change] = {}
        if created:
            items = tuple(self._cls(**one.values) for one in created)
            failed |= _failed(created, (await self._resource.bulk_create(items)).results)
        if updated:
            parts = tuple(part(**one.values) for one in updated)
            failed |= _failed(updated, (await self._resource.bulk_update(parts)).results)
        return [failed.get(one.line, one) for one in changes]


def _failed(changes: Sequence[Change], outcomes: Iterable[Any]) -> dict[int, Change]:
    """Refusals, by line."""
    return {
        one.line: refused(one, _violations(outcome.error))
        for one, outcome in zip(changes, outcomes, strict=True)
        if outcome.error is not None
    }


def _violations(failure: Failure) -> tuple[Violation, ...]:
    return failure.violations or (Violation("", failure.code, failure.detail),)


def _batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while batch := list(islice(rows, BATCH)):
        yield batch
