"""What processes keep of a person: exported instance by instance, and gone with who was erased."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

import msgspec

from hanse.runtime.data.personal.sealed_text import Place, read_sealed
from hanse.runtime.data.personal.subject_key import BrokenSeal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from hanse.runtime.data.database import Database
    from hanse.runtime.data.people.person import Person
    from hanse.runtime.data.people.place import Journals
    from hanse.runtime.data.personal.subject_key import SubjectKey
    from hanse.runtime.data.query.fields import Path
    from hanse.runtime.data.record import Record

_FIRST = UUID(int=0)
_encode = msgspec.json.Encoder().encode


async def pieces(
    database: Database, place: Journals, person: Person, keys: Mapping[bytes, SubjectKey]
) -> AsyncIterator[bytes]:
    """Their instances, each as a JSON object with all that is kept of it.

    Raises:
        HanseError: The database is away.
    """
    after = _FIRST
    while found := await database.fetch(place.instances, person.site, person.subjects, after):
        for row in found:
            values = await database.fetch(place.values, row["id"])
            said = {name: value for name, value in row.items() if value not in (None, "")}
            kept = {one["name"]: _clear(place, person.site, one, keys) for one in values}
            yield _encode({**said, "values": kept})
        after = found[-1]["id"]


async def erase(database: Database, place: Journals, person: Person) -> int:
    """Ends those that go with them; how many.

    Raises:
        HanseError: The database is away; repeated, it goes on.
    """
    number = 0
    work = partial(_erase_some, database, place, person)
    while some := await database.transact(work, isolation="read committed"):
        number += some
    return number


async def ending(database: Database, place: Journals, person: Person) -> int:
    """How many would end.

    Raises:
        HanseError: The database is away.
    """
    row = await database.fetch_row(place.count, person.site, person.subjects)
    return 0 if row is None else row["number"]


async def _erase_some(database: Database, place: Journals, person: Person) -> int:
    told = (person.site, person.subjects, database.clock.now(), person.name)
    row = await database.fetch_row(place.erase, *told)
    return 0 if row is None else row["number"]


def _clear(place: Journals, site: str, row: Record, keys: Mapping[bytes, SubjectKey]) -> Any:
    """A value in clear, but for what is of somebody else."""
    said = msgspec.json.decode(row["said"])
    if row["slot"].startswith("signal ") and isinstance(said, dict) and "number" in said:
        said = cast("dict[str, Any]", said).get("value")  # as the journal has one that was taken
    return _opened(said, Place(site, place.relation, row["bound"]), (row["slot"],), keys)


def _opened(value: Any, place: Place, path: Path, keys: Mapping[bytes, SubjectKey]) -> Any:
    if isinstance(value, dict):
        members = cast("dict[str, Any]", value)
        return {name: _opened(one, place, (*path, name), keys) for name, one in members.items()}
    sealed = read_sealed(_encode(value)) if isinstance(value, str) else None
    if sealed is None:
        return value
    key = keys.get(sealed.mark)
    if key is None:
        return None
    try:
        return msgspec.json.decode(key.open(sealed.sealed, place.bound(path)))
    except BrokenSeal:
        return value  # a text that only looks sealed
