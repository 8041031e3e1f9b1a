"""Has a database know a subscription, from the moment on in which it is first seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.runtime.events.envelope import PARTITIONS
from hanse.runtime.subscriptions.handling.claim import Feed

if TYPE_CHECKING:
    from hanse.runtime.data.database import Database

_MAKE = """
insert into hanse.subscription (name, create_time) values ($1, $2)
on conflict (name) do nothing returning id
"""
_KNOWN = "select id from hanse.subscription where name = $1"
_WAS_TOLD = "select to_regclass('hanse.stream') is not null"
_LAST = "select last_seq from hanse.stream"
_BEGIN = """
insert into hanse.delivery (subscription, replay_epoch, partition, position)
select $1, $2, n, $3 from generate_series(0, $4 - 1) n
"""


async def register(database: Database, name: str) -> Feed:
    """The feed of a subscription. If the database has never heard of it, it begins now.

    What was not told when it began is for it, and all that comes later: so much the database knows
    by itself, and nobody has to wait for a broker.

    Raises:
        HanseError: The database is away.
    """
    async with database.transaction():
        row = await database.fetch_row(_MAKE, name, database.clock.now())
        if row is not None:
            await begin(database, Feed(row["id"]), await _last_told(database))
            return Feed(row["id"])
    found = await database.fetch_row(_KNOWN, name)
    assert found is not None, "somebody else made it"
    return Feed(found["id"])


async def begin(database: Database, feed: Feed, position: int) -> None:
    """Has all partitions of a feed begin behind a position.

    Raises:
        HanseError: The database is away.
    """
    await database.execute(_BEGIN, feed.subscription, feed.replay_epoch, position, PARTITIONS)


async def _last_told(database: Database) -> int:
    """Up to where events were told that lie in the outbox no more; 0 if none ever was."""
    there = await database.fetch_row(_WAS_TOLD)
    row = await database.fetch_row(_LAST) if there and there[0] else None
    return row["last_seq"] if row else 0
