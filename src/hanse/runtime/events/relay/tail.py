"""Keeps in the database what of its stream somebody has not handled for a while.

A database that is restored or moved may find its stream gone; what it has by itself is put back.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from hanse.kit.clock import unix_seconds
from hanse.runtime.broker.failures import StreamRefused
from hanse.runtime.broker.reader import Reader
from hanse.runtime.broker.stream import EventStream
from hanse.runtime.data.upkeep import again_and_again
from hanse.runtime.errors import Unavailable
from hanse.runtime.events.relay.tables import settled_stream

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hanse.runtime.broker.broker import Broker
    from hanse.runtime.broker.message import Message
    from hanse.runtime.data.database import Database
    from hanse.runtime.data.record import Record

log = logging.getLogger("hanse.relay")

OLD = timedelta(seconds=10)
"""What was told for so long and is not handled by all is kept: nothing is, where all keep up."""

LOOK_SECONDS = 5.0
AT_ONCE = 1000
BYTES = 4 * 1024 * 1024
"""Taken out at once."""

_THERE = "select to_regclass('hanse.delivery') is not null"
_STANDS = """
select (select min(position) from hanse.delivery where replay_epoch = 0) as handled,
  (select coalesce(max(seq), 0) from hanse.stream_tail) as reached,
  (select last_seq from hanse.stream) as told
"""
_FORGET = """
delete from hanse.stream_tail where seq = any(array(
  select seq from hanse.stream_tail where seq <= $1 order by seq limit $2))
"""
_KEEP = """
insert into hanse.stream_tail (seq, partition, type, envelope)
select * from unnest($1::bigint[], $2::smallint[], $3::text[], $4::bytea[])
on conflict do nothing
"""
_SPAN = """
select coalesce(min(seq), 0) as first, count(*) as events
from hanse.stream_tail where seq > $1 and seq <= $2
"""
_BETWEEN = """
select seq, partition, type, envelope, n from (
  select *, count(*) over () as n,
    sum(octet_length(envelope)) over (order by seq) - octet_length(envelope) as before
  from hanse.stream_tail where seq between $1 and $2) as one
where before < $3 order by seq
"""


class Tail:
    """Of one database.

    Args:
        database: Where it is kept.
        broker: Where the stream is.
        leads: Whether this host is the one that does it.
        old: What is kept has been told for so long.
    """

    def __init__(
        self,
        database: Database,
        broker: Broker,
        leads: Callable[[], bool],
        old: timedelta = OLD,
    ) -> None:
        self._database = database
        self._broker = broker
        self._leads = leads
        self._old = old

    async def run(self) -> None:
        """Looks again and again."""
        complaint = "What is not handled cannot be kept in the database; trying again."
        await again_and_again(self.look, LOOK_SECONDS, log, complaint)

    async def look(self) -> None:
        """Keeps what is due, and forgets what all have handled.

        Raises:
            HanseError: It cannot be kept, for a reason that lasts.
        """
        try:
            name = await settled_stream(self._database) if self._leads() else None
            if name is not None:
                await self._catch_up(EventStream(self._broker, name))
        except (Unavailable, StreamRefused):  # database and relay tell themselves what is away
            return

    async def _catch_up(self, stream: EventStream) -> None:
        there = await self._database.fetch_row(_THERE)
        if there is None or not there[0]:
            return
        row = await self._database.fetch_row(_STANDS)
        assert row is not None, "it asks for no rows"
        handled: int = row["told"] if row["handled"] is None else row["handled"]
        while await self._database.execute(_FORGET, handled, AT_ONCE) == AT_ONCE:
            pass
        place = await stream.place()
        start = max(row["reached"] + 1, handled + 1, place.first)
        until: int = min(row["told"], place.last)
        since = datetime.fromtimestamp(unix_seconds(), UTC) - self._old
        came = await stream.time_of(start) if start <= until else None
        if came is None or came >= since:
            return
        young = await stream.first_since(since, start, until)
        await self._copy(stream, start, min(until, young - 1))

    async def _copy(self, stream: EventStream, start: int, until: int) -> None:
        async with Reader(stream, [stream.subject()], start) as reader:
            last = start - 1
            while last < until and self._leads():
                messages = await reader.read()
                last = messages[-1].sequence
                await self._keep([one for one in messages if one.sequence <= until and one.data])

    async def _keep(self, messages: Sequence[Message]) -> None:
        columns: list[list[Any]] = [
            [one.sequence for one in messages],
            [one.partition for one in messages],
            [one.kind for one in messages],
            [one.data for one in messages],
        ]
        await self._database.execute(_KEEP, *columns)


class Span(NamedTuple):
    """What is kept of a part of the stream.

    Attributes:
        first: The first sequence; 0 for none.
        events: How many.
    """

    first: int
    events: int


async def kept_span(database: Database, after: int, until: int) -> Span:
    """What is kept of the stream behind a sequence, up to another.

    Raises:
        HanseError: The database is away.
    """
    row = await database.fetch_row(_SPAN, after, until)
    return Span(row["first"], row["events"]) if row is not None else Span(0, 0)


async def kept_between(database: Database, first: int, last: int) -> tuple[dict[int, Record], int]:
    """What is kept of some sequences, by them; and up to which of them, for not all may fit.

    Raises:
        HanseError: The database is away.
    """
    rows = await database.fetch(_BETWEEN, first, last, BYTES)
    whole = not rows or len(rows) == rows[0]["n"]
    return {row["seq"]: row for row in rows}, last if whole else rows[-1]["seq"]
