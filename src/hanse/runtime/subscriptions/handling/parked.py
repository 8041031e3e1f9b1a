"""Events whose key waits: the one that failed and all of its key that came later, in order."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from hanse.runtime.events.envelope import read_envelope
from hanse.runtime.subscriptions.handling.arrived import Arrived
from hanse.runtime.subscriptions.handling.retry import told, wait_after

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from hanse.runtime.data.database import Database
    from hanse.runtime.errors import HanseError
    from hanse.runtime.subscriptions.handling.claim import Feed

DUE_MAX = 64
"""Taken out at once."""

# The lease is locked, so that nobody takes it before this is to be seen.
_PARK = """
insert into hanse.parked
  (subscription, replay_epoch, event, site_id, key, partition, stream_seq, type, envelope, attempt,
   park_time, due_time, state, error)
select $1, $2, $5, $6, $7, $3, $8, $9, $10, $11, $12, $13, $14, $15
from (select from hanse.delivery
      where subscription = $1 and replay_epoch = $2 and partition = $3 and epoch = $4
      for share) lease
where not exists (select from hanse.inbox i
                  where i.subscription = $1 and i.replay_epoch = $2 and i.event = $5)
on conflict do nothing
"""
# From key to key by the index: what waits behind the first of one is not looked at.
_DUE = """
with recursive head as (
  (select p.event, p.site_id, p.key, p.partition, p.state, p.due_time
   from hanse.parked p where p.subscription = $1 and p.replay_epoch = $2
   order by p.site_id, p.key, p.stream_seq, p.event limit 1)
  union all
  select n.* from head h cross join lateral (
    select p.event, p.site_id, p.key, p.partition, p.state, p.due_time
    from hanse.parked p where p.subscription = $1 and p.replay_epoch = $2
      and (p.site_id, p.key) > (h.site_id, h.key)
    order by p.site_id, p.key, p.stream_seq, p.event limit 1) n),
due as (
  select h.event, d.epoch from head h
  join unnest($3::smallint[], $4::bigint[]) d(partition, epoch) on d.partition = h.partition
  where h.state = 'waiting' and h.due_time <= $5 order by h.due_time limit $6)
select p.event, p.partition, p.stream_seq, p.envelope, p.attempt, due.epoch
from due join hanse.parked p
  on p.subscription = $1 and p.replay_epoch = $2 and p.event = due.event
order by p.due_time
"""
_FAILED = """
update hanse.parked p set attempt = $6, due_time = $7, state = $8, error = $9
from (select from hanse.delivery
      where subscription = $1 and replay_epoch = $2 and partition = $3 and epoch = $4
      for share) lease
where p.subscription = $1 and p.replay_epoch = $2 and p.event = $5
"""
_FORGET = """
delete from hanse.parked where subscription = $1 and replay_epoch = $2 and event = $3
"""


class Parked:
    """Keeps them in the database.

    Args:
        database: Of its host; its clock says when they are due.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def park(self, feed: Feed, one: Arrived, error: HanseError | None) -> bool:
        """Puts an event at the end of those of its key.

        Args:
            feed: It came by.
            one: The event.
            error: What it failed with; None where it only waits for others.

        Returns:
            Whether it stands there now: not, if its partition is another's, or it was handled.

        Raises:
            HanseError: The database is away.
        """
        now = self._database.clock.now()
        attempt = one.attempt if error else 0
        due, state = _due_after(attempt, now) if error else (now, "waiting")
        envelope = one.envelope
        return bool(
            await self._database.execute(
                _PARK, feed.subscription, feed.replay_epoch, one.partition, one.epoch,
                UUID(envelope.id), envelope.site, envelope.subject, one.seq, envelope.type,
                one.sent, attempt, now, due, state, told_of(one, error) if error else "",
            )
        )  # fmt: skip

    async def due(self, feed: Feed, held: Mapping[int, int]) -> list[Arrived]:
        """The first of each key whose time has come, in partitions that are held.

        Args:
            feed: They came by.
            held: Epochs by partition.

        Raises:
            HanseError: The database is away.
        """
        rows = await self._database.fetch(
            _DUE, feed.subscription, feed.replay_epoch, list(held), list(held.values()),
            self._database.clock.now(), DUE_MAX,
        )  # fmt: skip
        return [
            Arrived(
                read_envelope(row["envelope"]), row["envelope"], row["stream_seq"],
                row["partition"], row["epoch"], row["attempt"] + 1, parked=True,
            )
            for row in rows
        ]  # fmt: skip

    async def failed(self, feed: Feed, one: Arrived, error: HanseError) -> None:
        """Says when a parked event that failed again is due, or that it is dead.

        Raises:
            HanseError: The database is away.
        """
        due, state = _due_after(one.attempt, self._database.clock.now())
        await self._database.execute(
            _FAILED, feed.subscription, feed.replay_epoch, one.partition, one.epoch,
            UUID(one.envelope.id), one.attempt, due, state, told_of(one, error),
        )  # fmt: skip

    async def forget(self, feed: Feed, one: Arrived) -> None:
        """Takes an event out that was handled.

        Raises:
            HanseError: The database is away.
        """
        event = UUID(one.envelope.id)
        await self._database.execute(_FORGET, feed.subscription, feed.replay_epoch, event)


def told_of(one: Arrived, error: HanseError) -> str:
    """What is kept of a failure with an event: no words of a handler that had sealed values open.

    They may name a person, and no erasure would reach them here or in a log.
    """
    return f"{error.code}: its event has sealed values" if one.holds_sealed else told(error)


def _due_after(attempt: int, now: datetime) -> tuple[datetime, str]:
    wait = wait_after(attempt)
    return (now, "dead") if wait is None else (now + wait, "waiting")
