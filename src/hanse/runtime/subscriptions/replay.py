"""A part of the past once more for one subscription, in an epoch of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.runtime.errors import InvalidArgument, NotFound
from hanse.runtime.subscriptions.feeding.part import Part
from hanse.runtime.subscriptions.handling.claim import Feed
from hanse.runtime.subscriptions.registration import begin

if TYPE_CHECKING:
    from hanse.runtime.data.database import Database

_FIND = "select id from hanse.subscription where name = $1 for update"
_MAKE = """
insert into hanse.event_replay (subscription, replay_epoch, from_seq, to_seq, create_time)
select $1, coalesce(max(replay_epoch), 0) + 1, $2, $3, $4
from hanse.event_replay where subscription = $1
returning replay_epoch
"""
_OPEN = """
select subscription, replay_epoch, to_seq from hanse.event_replay
where done_time is null and subscription = any($1::int[])
"""
_FINISH = """
update hanse.event_replay r set done_time = $3
where r.subscription = $1 and r.replay_epoch = $2 and r.done_time is null
  and not exists (select from hanse.delivery d where d.subscription = $1
                  and d.replay_epoch = $2 and d.position < r.to_seq)
  and not exists (select from hanse.parked p where p.subscription = $1
                  and p.replay_epoch = $2)
"""
_CLEAR = (
    "delete from hanse.delivery where subscription = $1 and replay_epoch = $2",
    "delete from hanse.inbox where subscription = $1 and replay_epoch = $2",
)


async def begin_replay(database: Database, name: str, first: int, last: int) -> Part:
    """Has events of a range handled once more; the hosts of the subscription begin in a moment.

    Args:
        database: Where.
        name: Of the subscription.
        first: Sequence of the first event in the stream.
        last: Of the last.

    Raises:
        InvalidArgument: It is no range.
        NotFound: There is no such subscription.
        HanseError: The database is away.
    """
    if not 1 <= first <= last:
        raise InvalidArgument(f"{first} to {last} is no range of events: from 1, the first first.")
    async with database.transaction():
        found = await database.fetch_row(_FIND, name)
        if found is None:
            raise NotFound(f"There is no subscription {name}; `hanse events` lists them.")
        now = database.clock.now()
        row = await database.fetch_row(_MAKE, found["id"], first, last, now)
        assert row is not None, "an insert gives its row"
        feed = Feed(found["id"], row["replay_epoch"])
        await begin(database, feed, first - 1)
    return Part(feed, last)


async def open_replays(database: Database, feeds: list[Feed]) -> list[Part]:
    """Those of some subscriptions that are not done.

    Raises:
        HanseError: The database is away.
    """
    rows = await database.fetch(_OPEN, [feed.subscription for feed in feeds])
    return [Part(Feed(row["subscription"], row["replay_epoch"]), row["to_seq"]) for row in rows]


async def finish(database: Database, feed: Feed) -> bool:
    """Ends a replay of which all is handled; whether it is over.

    Raises:
        HanseError: The database is away.
    """
    numbers = feed.subscription, feed.replay_epoch
    async with database.transaction():
        if not await database.execute(_FINISH, *numbers, database.clock.now()):
            return False
        for text in _CLEAR:
            await database.execute(text, *numbers)
    return True
