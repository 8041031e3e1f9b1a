"""Has go from a stream what all have handled, once nobody may ask for it again."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from hanse.kit.clock import unix_seconds

if TYPE_CHECKING:
    from hanse.runtime.broker.stream import EventStream
    from hanse.runtime.data.database import Database

log = logging.getLogger("hanse.relay")

REPLAY = timedelta(days=7)
"""For so long what was handled by all can be handled once more."""

FULL = 0.75
"""Share of the room for a stream above which it goes sooner."""

_THERE = "select to_regclass('hanse.delivery') is not null"
_HANDLED = """
select min(position) from hanse.delivery as d where not exists (
  select from hanse.event_replay as r where r.done_time is not null
  and (r.subscription, r.replay_epoch) = (d.subscription, d.replay_epoch))
"""


async def purge(database: Database, stream: EventStream, replay: timedelta = REPLAY) -> None:
    """Does it, if anything is due.

    Args:
        database: Where it stands what was handled.
        stream: What is looked at.
        replay: For so long it stays, if there is room.

    Raises:
        BrokerAway: Nobody knows.
        StreamRefused: There is no stream.
        HanseError: The database is away.
    """
    place = await stream.place()
    if not place.messages:
        return
    handled = await handled_until(database, place.last)
    below = handled + 1
    if place.bytes < FULL * stream.broker.config.stream_bytes:
        oldest = datetime.fromtimestamp(unix_seconds(), UTC) - replay
        below = min(below, await stream.first_since(oldest, place.first, place.last))
    if below > place.first:
        await stream.purge(below)
        log.info("Events %d to %d went from the stream.", place.first, below - 1)


async def handled_until(database: Database, last: int) -> int:
    """The sequence up to which nobody has anything left to do.

    Args:
        database: Where it stands.
        last: What it is where nobody subscribes.

    Raises:
        HanseError: The database is away.
    """
    there = await database.fetch_row(_THERE)
    if there is None or not there[0]:
        return last
    row = await database.fetch_row(_HANDLED)
    return last if row is None or row[0] is None else row[0]
