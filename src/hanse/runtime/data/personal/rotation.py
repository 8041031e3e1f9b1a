"""Begins a new generation of the keyring, so that copies of erased keys can be opened by nobody.

Erasing deletes the row of a key; copies of the database still have it, wrapped. What it is wrapped
under is destroyed here, after all keys that live were wrapped anew.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from hanse.runtime.data.database import Database
from hanse.runtime.data.personal.key_files import KeyringError, generations_in
from hanse.runtime.data.personal.subject_keys import bound_of
from hanse.runtime.data.transaction import lock_key

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from hanse.runtime.data.record import Record

LOCK = "hanse.rotation"

AT_ONCE = 500

EVERY = timedelta(days=1)

MARGIN = timedelta(minutes=10)
"""How far clocks of hosts may be apart, so that no erasure is missed."""

ROTATES = "Somebody else rotates this keyring at this moment; let them end."

_HOLD = "select pg_try_advisory_xact_lock($1) as held"

# Who inserts a key holds this row for share: when it has changed, none of the old ones comes any
# more, and those under way are there.
_BEGIN = """
update hanse.keyring set generation = $1, rotate_time = $2 where generation = $3
"""
_OLD = """
select site_id, subject, purpose, generation, wrapped from hanse.subject_key
where generation < $1 order by generation limit $2
"""
_REWRAP = """
update hanse.subject_key k set generation = $1, wrapped = n.new
from unnest($2::text[], $3::text[], $4::text[], $5::bytea[], $6::bytea[])
  as n (site_id, subject, purpose, old, new)
where k.site_id = n.site_id and k.subject = n.subject and k.purpose = n.purpose
  and k.wrapped = n.old
"""
_DUE = """
select rotate_time <= $1 and exists (
  select from hanse.erasure e where e.destroy_time > k.rotate_time - $2::interval) as due,
  generation
from hanse.keyring k
"""


class Copies(Protocol):
    """What there is of keys where backups lie."""

    async def keep_ring(self, database: Database) -> None:
        """Has the generations there that the ring of a database has, and no other."""
        ...

    async def keep_table(self, database: Database) -> None:
        """Has its key table there, in the place of the one before."""
        ...


class Rotated(msgspec.Struct, frozen=True):
    """What a rotation did.

    Attributes:
        generation: The one that keys are wrapped under now.
        rewrapped: Keys that were wrapped anew.
        destroyed: Generations that are gone.
    """

    generation: int
    rewrapped: int
    destroyed: tuple[int, ...]


async def is_due(database: Database) -> bool:
    """Whether keys were destroyed since the last rotation, which is a day ago at least.

    One that was broken off is due at once: what it was to destroy is still there.

    Raises:
        KeyringError: The keyring cannot be read.
        HanseError: The database is away.
    """
    row = await database.fetch_row(_DUE, database.clock.now() - EVERY, MARGIN)
    if row is None:
        return False
    folder = database.config.keys
    there = await asyncio.to_thread(generations_in, folder) if folder else []
    return row["due"] or any(one < row["generation"] for one in there)


async def rotate(database: Database, copies: Copies | None = None) -> Rotated:
    """Wraps all keys anew, and destroys what they were wrapped under.

    Broken off it has destroyed nothing that is needed, and repeated it does all of it.

    Args:
        database: Whose keys, its keyring being open.
        copies: Where backups lie, if they do: whoever has only those can open them at any moment,
            and what is restored from older ones takes its keys from the table there.

    Raises:
        KeyringError: The keyring cannot be written, or lacks a generation; or somebody else
            rotates it now.
        HanseError: The database is away.
    """
    ring = database.keys.ring
    async with _alone(database):
        await database.keys.refresh()
        generation = await _begin(database, copies)
        rewrapped = 0
        while rows := await database.fetch(_OLD, generation, AT_ONCE):
            rewrapped += await _rewrap(database, rows, generation)
        if copies is not None:
            await copies.keep_table(database)
        await asyncio.to_thread(ring.read)
        old = tuple(one for one in ring.generations if one < generation)
        for number in old:
            await asyncio.to_thread(ring.destroy, number)
        if copies is not None:
            await copies.keep_ring(database)
    return Rotated(generation, rewrapped, old)


@asynccontextmanager
async def _alone(database: Database) -> AsyncGenerator[None]:
    """Has nobody else rotate: the copy of who is slower would be older than what is destroyed."""
    config = msgspec.structs.replace(database.config, connections=1)
    async with Database(config, database.clock) as keeper, keeper.transaction():
        row = await keeper.fetch_row(_HOLD, lock_key(LOCK))
        if row is None or not row["held"]:
            raise KeyringError(ROTATES)
        yield


async def _begin(database: Database, copies: Copies | None) -> int:
    ring, before = database.keys.ring, database.keys.generation
    # One that was made by who was killed then serves as well: nothing was wrapped under it.
    newest = max(before + 1, ring.generations[-1])
    await asyncio.to_thread(ring.add, newest)
    if copies is not None:  # before anything is wrapped under it
        await copies.keep_ring(database)
    if not await database.execute(_BEGIN, newest, database.clock.now(), before):
        raise KeyringError(ROTATES)
    await database.keys.refresh()
    return newest


async def _rewrap(database: Database, rows: list[Record], generation: int) -> int:
    ring = database.keys.ring
    columns: list[tuple[Any, ...]] = []
    for row in rows:
        if not ring.knows(row["generation"]):
            raise KeyringError(
                f"The keyring {ring.folder} lacks generation {row['generation']}, which keys in "
                "the database are wrapped under. Take it from a copy; nothing was destroyed."
            )
        bound = bound_of(row["site_id"], row["subject"], row["purpose"])
        key = ring.unwrap(row["wrapped"], bound, row["generation"])
        new = ring.wrap(key, bound, generation)
        columns.append((row["site_id"], row["subject"], row["purpose"], row["wrapped"], new))
    return await database.execute(_REWRAP, generation, *map(list, zip(*columns, strict=True)))
