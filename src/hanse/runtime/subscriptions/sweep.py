"""Clears the inbox of what can never come again."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hanse.runtime.data.database import Database
    from hanse.runtime.subscriptions.handling.claim import Feed

AT_ONCE = 1000
SWEEP_SECONDS = 60.0

# An event is told again only while it lies in the outbox, so all of its copies stand at or below
# the sequence that was the last when it no longer did. As soon as that is passed, whoever was
# handled below the mark may be forgotten. Of the outbox only the first can have been told.
_FORGET = """
delete from hanse.inbox where ctid = any(array(
  select i.ctid from hanse.inbox i
  join hanse.subscription s on s.id = i.subscription
  where i.subscription = $1 and i.replay_epoch = 0 and i.stream_seq <= s.sweep_seq
    and s.sweep_until <= (select min(position) from hanse.delivery
                          where subscription = $1 and replay_epoch = 0)
  limit $2))
"""
_MARK = """
with passed as (
  select min(position) as position from hanse.delivery
  where subscription = $1 and replay_epoch = 0),
first as (select id from hanse.outbox order by seq limit 2048),
told as (
  select i.stream_seq from hanse.inbox i join first on first.id = i.event
  where i.subscription = $1 and i.replay_epoch = 0
  union all
  select p.stream_seq from hanse.parked p join first on first.id = p.event
  where p.subscription = $1 and p.replay_epoch = 0)
update hanse.subscription s
set sweep_until = t.last_seq,
  sweep_seq = least(passed.position, t.last_seq, (select min(stream_seq) - 1 from told))
from passed, hanse.stream t
where s.id = $1 and s.sweep_until <= passed.position
"""


async def sweep(database: Database, feed: Feed) -> int:
    """Forgets what can be, and marks what will be; how many rows went.

    Raises:
        HanseError: The database is away.
    """
    gone = 0
    while True:
        went = await database.execute(_FORGET, feed.subscription, AT_ONCE)
        gone += went
        if went < AT_ONCE:
            break
    await database.execute(_MARK, feed.subscription)
    return gone
