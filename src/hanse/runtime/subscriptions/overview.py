"""What operators see of the stream and of those who read it: how far each is, and what waits."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from hanse.kit.clock import unix_seconds
from hanse.kit.uuid7 import seconds_of
from hanse.runtime.broker.failures import BrokerAway, StreamRefused
from hanse.runtime.broker.stream import EventStream
from hanse.runtime.events.relay.relay import LEASE
from hanse.runtime.events.relay.tables import make_tables as make_stream_table
from hanse.runtime.events.tables import make_tables as make_outbox
from hanse.runtime.leases.tables import make_tables as make_leases
from hanse.runtime.subscriptions.tables import make_tables

if TYPE_CHECKING:
    from hanse.runtime.broker.broker import Broker
    from hanse.runtime.broker.message import Place
    from hanse.runtime.data.database import Database

_STREAM = """
select coalesce((select name from hanse.stream), '') as name,
  coalesce((select last_seq from hanse.stream), 0) as told,
  (select count(*) from hanse.outbox) as waiting,
  (select id from hanse.outbox order by seq limit 1) as oldest,
  coalesce((select split_part(holder, '/', 1) from hanse.lease
            where name = $1 and until_time > clock_timestamp()), '') as leader
"""
_SUBSCRIPTIONS = """
select s.name, min(d.position) as position,
  greatest(0, coalesce((select last_seq from hanse.stream), 0) - min(d.position)) as lag,
  count(distinct h.holder) as hosts,
  (select count(*) from hanse.parked p where p.subscription = s.id and p.state = 'waiting')
    as waiting,
  (select count(*) from hanse.parked p where p.subscription = s.id and p.state = 'dead') as dead
from hanse.subscription s
join hanse.delivery d on d.subscription = s.id and d.replay_epoch = 0
left join hanse.subscriber h on h.subscription = s.id and h.replay_epoch = 0
  and h.holder = d.holder and h.until_time > clock_timestamp()
group by s.id order by s.name
"""


class StreamState(msgspec.Struct, frozen=True):
    """The stream of a database, and what is on its way there.

    Attributes:
        name: Its own; empty where no host with a broker has run yet.
        told: Sequence of the last event that is known to be told.
        first: Sequence of the oldest event in it; this and the next four are None where the broker
            does not answer.
        last: Sequence of the newest there ever was.
        messages: How many there are.
        bytes: Of all those.
        bytes_most: It may hold; then events wait in the database.
        waiting: Events that lie in the outbox, to be told.
        oldest_seconds: How long the oldest of those has waited; 0 where there is none.
        leader: Which process tells them, as `machine:pid`; empty where none does.
    """

    name: str
    told: int
    first: int | None
    last: int | None
    messages: int | None
    bytes: int | None
    bytes_most: int | None
    waiting: int
    oldest_seconds: float
    leader: str


class SubscriptionState(msgspec.Struct, frozen=True):
    """How far a subscription is.

    Attributes:
        name: Its own.
        position: Sequence in the stream up to which all is handled or parked.
        lag: Events of the stream above it, those of other kinds among them.
        lag_seconds: For how long the first of those has been in the stream; 0 where there is none,
            None where the broker does not answer.
        hosts: Which read for it.
        waiting: Events that are tried again, or wait for one that is.
        dead: Events that nobody tries any more.
    """

    name: str
    position: int
    lag: int
    lag_seconds: float | None
    hosts: int
    waiting: int
    dead: int


class Overview:
    """Of one database.

    Args:
        database: Where subscriptions are known.
        broker: Where its stream is; None where that does not answer.
    """

    def __init__(self, database: Database, broker: Broker | None) -> None:
        self._database = database
        self._broker = broker

    async def stream(self) -> StreamState:
        """The stream, the outbox, and who empties it.

        Raises:
            HanseError: The database is away.
        """
        await self._prepare()
        row = await self._database.fetch_row(_STREAM, LEASE)
        assert row is not None, "it asks for no rows"
        place, most = await self._place(row["name"])
        now, oldest = self._database.clock.now(), row["oldest"]
        return StreamState(
            row["name"], row["told"],
            place and place.first, place and place.last,
            place and place.messages, place and place.bytes, most,
            row["waiting"],
            max(0.0, now.timestamp() - seconds_of(oldest)) if oldest else 0.0,
            row["leader"],
        )  # fmt: skip

    async def subscriptions(self) -> list[SubscriptionState]:
        """All there are, by name.

        Raises:
            HanseError: The database is away.
        """
        await self._prepare()
        rows = await self._database.fetch(_SUBSCRIPTIONS)
        found = await self._database.fetch_row("select name from hanse.stream")
        stream = self._stream(found["name"] if found else "")
        return [
            SubscriptionState(
                row["name"], row["position"], row["lag"],
                await _age(stream, row["position"]) if row["lag"] else 0.0,
                row["hosts"], row["waiting"], row["dead"],
            )
            for row in rows
        ]  # fmt: skip

    async def _prepare(self) -> None:
        """Makes the tables where no host has yet."""
        for make in (make_tables, make_stream_table, make_outbox, make_leases):
            await make(self._database)

    def _stream(self, name: str) -> EventStream | None:
        return EventStream(self._broker, name) if self._broker is not None and name else None

    async def _place(self, name: str) -> tuple[Place | None, int | None]:
        stream = self._stream(name)
        if stream is None:
            return None, None
        try:
            return await stream.place(), await stream.bytes_most()
        except (BrokerAway, StreamRefused):
            return None, None


async def _age(stream: EventStream | None, position: int) -> float | None:
    """For how long what follows a position has been there, by the clock of the broker."""
    if stream is None:
        return None
    try:
        came = await stream.time_of(position + 1)
    except (BrokerAway, StreamRefused):
        return None
    now = datetime.fromtimestamp(unix_seconds(), UTC)
    return max(0.0, (now - came).total_seconds()) if came else 0.0
