"""The key table as it lies beside backups: what a restore takes keys from, and what it erases.

A copy has a head and then a line a key, JSON each:

    {"version": 1, "ring": "…", "generation": 3, "time": "…"}
    {"site": "…", "subject": "…", "purpose": "", "mark": "…", "generation": 3, "wrapped": "…"}

A rotation writes it before it destroys the generation before, in the place of the copy before: so
it can be read with the keyring as it is, and holds no key of anybody who was erased. `restore`
takes from it what a database that was restored has under generations before: nobody can then read
there what is of those who are not in the copy.
"""

from __future__ import annotations

import base64
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from hanse.runtime.data.personal.key_files import KeyringError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from hanse.runtime.data.database import Database

FORMAT = 1
AT_ONCE = 1000

_HEAD = "select id, generation from hanse.keyring"
_KEYS = """
select site_id, subject, purpose, mark, generation, wrapped, destroy_time from hanse.subject_key
where (site_id, subject, purpose) > ($1, $2, $3)
order by site_id, subject, purpose limit $4
"""
_EXCHANGE = """
update hanse.subject_key k
set mark = n.mark, generation = n.generation, wrapped = n.wrapped, destroy_time = n.destroy_time
from unnest($2::text[], $3::text[], $4::text[], $5::bytea[], $6::int[], $7::bytea[],
  $8::timestamptz[])
  as n (site_id, subject, purpose, mark, generation, wrapped, destroy_time)
where k.site_id = n.site_id and k.subject = n.subject and k.purpose = n.purpose
  and k.generation < $1
"""
_CLEAR = "delete from hanse.subject_key where generation < $1"
_GENERATION = "update hanse.keyring set generation = greatest(generation, $1) where id = $2"


class CopyHead(msgspec.Struct, frozen=True, kw_only=True):
    """The first line.

    Attributes:
        ring: Id of the keyring.
        generation: The newest then.
        time: When it was written.
        version: Of the format.
    """

    ring: str
    generation: int
    time: datetime
    version: int = FORMAT


class CopiedKey(msgspec.Struct, frozen=True):
    """A line: a row of the key table."""

    site: str
    subject: str
    purpose: str
    mark: str
    generation: int
    wrapped: str
    destroy_time: datetime | None = None


_encode = msgspec.json.Encoder().encode
_read_head = msgspec.json.Decoder(CopyHead).decode
_read_key = msgspec.json.Decoder(CopiedKey).decode


async def copy_of(database: Database) -> AsyncIterator[bytes]:
    """The lines of a copy, a thousand keys a piece.

    Whoever comes or goes meanwhile may be there or not: what they wrote is of no older moment, and
    whose key is destroyed under a rotation is forgotten by the next.

    Raises:
        HanseError: The database is away.
    """
    head = await database.fetch_row(_HEAD)
    assert head is not None, "its keyring is open"
    said = CopyHead(ring=head["id"], generation=head["generation"], time=database.clock.now())
    yield _encode(said) + b"\n"
    after = ("", "", "")
    while rows := await database.fetch(_KEYS, *after, AT_ONCE):
        yield b"".join(_line(row) for row in rows)
        after = tuple(rows[-1][name] for name in ("site_id", "subject", "purpose"))


async def restore(database: Database, lines: AsyncIterator[bytes]) -> int:
    """Exchanges keys of generations before a copy's for those in it; how many, in one transaction.

    Who is not in the copy has none then. A moment inside of a rotation has both: newer keys stay.

    Args:
        database: Restored, and used by nobody yet.
        lines: Of the newest copy there is, each whole.

    Raises:
        KeyringError: This is no copy, or of another keyring.
        HanseError: The database is away.
    """
    number, head = 0, None
    async with database.transaction():
        some: list[CopiedKey] = []
        async for line in lines:
            if head is None:
                head = await _begin(database, line)
                continue
            some.append(_read_key(line))
            if len(some) == AT_ONCE:
                number += await _exchange(database, head, some)
                some = []
        if head is None:
            raise KeyringError("This copy of the key table is empty.")
        number += await _exchange(database, head, some) if some else 0
        await database.execute(_CLEAR, head.generation)
    return number


async def _begin(database: Database, line: bytes) -> CopyHead:
    try:
        head = _read_head(line)
    except msgspec.DecodeError as error:
        raise KeyringError(f"This is no copy of a key table: {error}.") from None
    if head.version != FORMAT:
        raise KeyringError(f"This copy of the key table is of version {head.version}.")
    if not await database.execute(_GENERATION, head.generation, head.ring):
        raise KeyringError("This copy of the key table is of another database's keyring.")
    return head


async def _exchange(database: Database, head: CopyHead, some: list[CopiedKey]) -> int:
    columns: list[list[Any]] = [
        [one.site for one in some],
        [one.subject for one in some],
        [one.purpose for one in some],
        [base64.b64decode(one.mark) for one in some],
        [one.generation for one in some],
        [base64.b64decode(one.wrapped) for one in some],
        [one.destroy_time for one in some],
    ]
    return await database.execute(_EXCHANGE, head.generation, *columns)


def _line(row: Any) -> bytes:
    key = CopiedKey(
        row["site_id"],
        row["subject"],
        row["purpose"],
        base64.b64encode(row["mark"]).decode(),
        row["generation"],
        base64.b64encode(row["wrapped"]).decode(),
        row["destroy_time"],
    )
    return _encode(key) + b"\n"
