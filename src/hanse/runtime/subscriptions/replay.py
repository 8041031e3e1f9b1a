"""A part of the past once more for one subscription, in an epoch of its own."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from hanse.runtime.errors import InvalidArgument, NotFound
from hanse.runtime.subscriptions.feeding.part import Part
from hanse.runtime.subscriptions.handling.claim import Feed
from hanse.runtime.subscriptions.registration import begin

if TYPE_CHECKING:
    from datetime import datetime

    from hanse.runtime.broker.stream import EventStream
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


class Range(NamedTuple):
    """Events of a stream that stand side by side.

    Attributes:
        first: Sequence of the first.
        last: Of the last.
    """

    first: int
    last: int


async def range_between(
    stream: EventStream, since: datetime | None, until: datetime | None
) -> Range:
    """The events that were told between two moments, both inclusive, by the clock of the broker.

    Args:
        stream: Where they stand.
        since: None for the first there is.
        until: None for the last there is.

    Raises:
        NotFound: Nothing was told between them that is there still.
        HanseError: The broker is away, or there is no stream.
    """
    place = await stream.place()
    first = (
        place.first if since is None else await stream.first_since(since, place.first, place.last)
    )
    last = place.last
    if until is not None:
        beyond = until + timedelta(microseconds=1)
        last = await stream.first_since(beyond, place.first, place.last) - 1
    if first > last:
        raise NotFound(f"Nothing was told between these moments. {await _what_is_there(stream)}")
    return Range(first, last)


async def begin_replay(database: Database, stream: EventStream, name: str, wanted: Range) -> Part:
    """Has events of a range handled once more; the hosts of the subscription begin in a moment.

    Args:
        database: Where it is kept how far they are.
        stream: Where they stand.
        name: Of the subscription.
        wanted: Which.

    Raises:
        InvalidArgument: It is no range, or not all of it is in the stream.
        NotFound: There is no such subscription.
        HanseError: Database or broker are away.
    """
    first, last = wanted
    if not 1 <= first <= last:
        raise InvalidArgument(f"{first} to {last} is no range of events: from 1, the first first.")
    place = await stream.place()
    if first < place.first or last > place.last:
        what = f"Events {first} to {last} are not all in the stream."
        raise InvalidArgument(f"{what} {await _what_is_there(stream)}")
    async with database.transaction():
        found = await database.fetch_row(_FIND, name)
        if found is None:
            raise NotFound(f"There is no subscription {name}; `hanse events list` lists them.")
        now = database.clock.now()
        row = await database.fetch_row(_MAKE, found["id"], first, last, now)
        assert row is not None, "an insert gives its row"
        feed = Feed(found["id"], row["replay_epoch"])
        await begin(database, feed, first - 1)
    return Part(feed, last)


async def _what_is_there(stream: EventStream) -> str:
    place = await stream.place()
    if not place.messages:
        return "It holds none."
    since, until = await stream.time_of(place.first), await stream.time_of(place.last)
    if since is None or until is None:  # they went in this moment
        return f"It holds {place.first} to {place.last}."
    told = f"told {since:%Y-%m-%d %H:%M:%S} to {until:%Y-%m-%d %H:%M:%S} UTC"
    return f"It holds {place.first} to {place.last}, {told}."


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
