"""Exports a person: one JSON document with all that is theirs, written as it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

import msgspec

from hanse.kit.type_id import type_id
from hanse.runtime.data.entity.stored_file import files_in
from hanse.runtime.data.people import journals, texts
from hanse.runtime.data.people.place import Journals, Rows, Statements, Whose, places
from hanse.runtime.data.personal.sealed_text import Place, read_sealed, text_in
from hanse.runtime.errors import Internal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from hanse.runtime.contract.file import File
    from hanse.runtime.data.database import Database
    from hanse.runtime.data.people.person import Person
    from hanse.runtime.data.personal.subject_key import SubjectKey
    from hanse.runtime.data.query.fields import Path
    from hanse.runtime.data.record import Record

_FIRST = UUID(int=0)
_KEPT = """
select relation, id, path, reason, destroy_time, sealed from hanse.kept
where site_id = $1 and subject = any($2::text[]) and behind = 'moved'
order by relation, id, path
"""
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict[str, Any]).decode

Keys = "Mapping[bytes, SubjectKey]"
"""The person's keys, by their marks."""


class Exporting:
    """One export.

    Args:
        database: Where everything is.
        person: Whose it is.

    Attributes:
        files: What stands in it as a file, as far as it was written; whether it is true, rows say.
    """

    def __init__(self, database: Database, person: Person) -> None:
        self._database = database
        self._person = person
        self.files: dict[File, None] = {}

    async def pieces(self) -> AsyncIterator[bytes]:
        """The document.

            {"person": "…", "site": "…", "time": "…",
             "collections": {"crm.contacts": [{"id": "contact_…", "doc": {…}, …}]},
             "stores": {"venue:Seats.export_person": [{…}]},
             "workflows": [{"id": "…", "name": "…", "values": {"input": {…}, …}, …}],
             "kept": [{"table": "…", "id": "…", "path": "…", "value": …, "reason": "…", …}]}

        Raises:
            HanseError: The database is away.
        """
        person, database = self._person, self._database
        found = await database.keys.fetch(person.site, person.subjects)
        keys = {key.mark: key for key in found.values()}
        known = await places(database)
        head = {"person": person.text, "site": person.site, "time": database.clock.now()}
        yield _encode(head)[:-1] + b',"collections":{'
        lists = [one for one in known if isinstance(one, Rows)]
        async for piece in _joined(
            [(one.relation, self._items(one, keys)) for one in lists if await self._is_there(one)]
        ):
            yield piece
        yield b'},"stores":{'
        stores = [one for one in known if isinstance(one, Statements)]
        async for piece in _joined(
            [
                (f"{one.relation}.{name}", self._told(one, text))
                for one in stores
                for name, text in one.exports.items()
            ]
        ):
            yield piece
        yield b'},"workflows":['
        for one in known:
            if isinstance(one, Journals):
                async for piece in _separated(journals.pieces(database, one, person, keys)):
                    yield piece
        yield b'],"kept":['
        async for piece in _separated(self._kept(keys)):
            yield piece
        yield b"]}\n"

    # Collections.

    async def _items(self, rows: Rows, keys: Mapping[bytes, SubjectKey]) -> AsyncIterator[bytes]:
        seen: set[UUID] = set()  # a row may be theirs in several ways, which are a few
        for whose in rows.ways:
            sought = self._person.sought(rows, whose)
            if sought is None:
                continue
            for only in texts.passes(rows):
                text, after = texts.page(rows, whose, only), _FIRST
                while found := await self._database.fetch(text, self._person.site, sought, after):
                    for row in found:
                        if row["id"] not in seen:
                            yield self._item(rows, row, keys)
                        if len(rows.whose) > 1:
                            seen.add(row["id"])
                    after = found[-1]["id"]

    def _item(self, rows: Rows, row: Record, keys: Mapping[bytes, SubjectKey]) -> bytes:
        document = _decode(row["doc"])
        place = Place(self._person.site, rows.relation, row["id"])
        for whose in rows.whose:
            mine = self._is_theirs(rows, whose, row["id"], document)
            for value in rows.of(whose):
                _exchange(document, value.path, place, keys if mine else None)
                if value.secret and document.get(value.path[0]) is not None:
                    document[value.path[0]] = True
        self.files |= dict.fromkeys(files_in(document))
        columns = ("revision", "create_time", "update_time", "delete_time")
        said = {name: row[name] for name in columns if row[name] is not None}
        return _encode({"id": type_id(rows.prefix, row["id"].int), **said, "doc": document})

    def _is_theirs(self, rows: Rows, whose: Whose, id: UUID, document: dict[str, Any]) -> bool:
        """Whether the values of some person in a row are of this one."""
        if whose.path == "id":
            return self._person.uuid(rows.prefix) == id
        value = _encode(_at(document, tuple(whose.path.split("."))))
        sealed = read_sealed(value) if whose.blind else None  # elsewhere it only looks like one
        if sealed is not None:
            return sealed.token == self._person.token
        return text_in(value) == self._person.text

    async def _is_there(self, rows: Rows) -> bool:
        row = await self._database.fetch_row(
            "select to_regclass($1) is not null as there", rows.relation
        )
        return row is not None and row["there"]

    # Stores, and what is kept.

    async def _told(self, store: Statements, text: str) -> AsyncIterator[bytes]:
        rows = await self._database.fetch(
            f"select to_jsonb(t) as said from ({text}) as t",
            self._person.site,
            self._person.text,
        )
        if len(rows) > store.rows:
            raise Internal(f"{store.relation} exports over {store.rows} rows of one person.")
        for row in rows:
            yield row["said"]

    async def _kept(self, keys: Mapping[bytes, SubjectKey]) -> AsyncIterator[bytes]:
        for row in await self._database.fetch(_KEPT, self._person.site, self._person.subjects):
            path = tuple(row["path"].split("."))
            place = Place(self._person.site, row["relation"], row["id"])
            value = _opened(row["sealed"], path, place, keys)
            self.files |= dict.fromkeys(files_in(value))
            told = {
                "table": row["relation"],
                "id": str(row["id"]),
                "path": row["path"],
                "value": value,
                "reason": row["reason"],
                "until": row["destroy_time"],
            }
            yield _encode(told)


def _exchange(
    document: dict[str, Any], path: Path, place: Place, keys: Mapping[bytes, SubjectKey] | None
) -> None:
    """Puts a value in clear; takes it away where it is another person's."""
    inner = _at(document, path[:-1])
    if not isinstance(inner, dict) or path[-1] not in inner:
        return
    members = cast("dict[str, Any]", inner)
    if keys is None:
        del members[path[-1]]
    else:
        members[path[-1]] = _opened(_encode(members[path[-1]]), path, place, keys)


def _opened(value: bytes, path: Path, place: Place, keys: Mapping[bytes, SubjectKey]) -> Any:
    """What stands in a document for a value, in clear; null if its key was destroyed."""
    sealed = read_sealed(value)
    if sealed is None:
        return msgspec.json.decode(value)
    key = keys.get(sealed.mark)
    return None if key is None else msgspec.json.decode(key.open(sealed.sealed, place.bound(path)))


def _at(document: Any, path: Path) -> Any:
    for step in path:
        if not isinstance(document, dict):
            return None
        document = cast("dict[str, Any]", document).get(step)
    return document


async def _joined(lists: list[tuple[str, AsyncIterator[bytes]]]) -> AsyncIterator[bytes]:
    """Members of an object, each a list."""
    for at, (name, items) in enumerate(lists):
        yield b"," * bool(at) + _encode(name) + b":["
        async for piece in _separated(items):
            yield piece
        yield b"]"


async def _separated(items: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    first = True
    async for item in items:
        yield item if first else b"," + item
        first = False
