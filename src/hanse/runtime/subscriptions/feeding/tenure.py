"""That a host lives and holds what it holds, said and looked at for all of its feeds at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hanse.runtime.subscriptions.feeding.beat import Beat
from hanse.runtime.subscriptions.feeding.part import Holder
from hanse.runtime.subscriptions.feeding.together import Together
from hanse.runtime.subscriptions.handling.claim import Feed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hanse.runtime.broker.message import Place
    from hanse.runtime.broker.stream import EventStream
    from hanse.runtime.data.database import Database

LOOK_SECONDS = 1.0
"""Between two looks at what is parked and due, in which positions are said as well."""

# Who was late is not renewed: another may have taken what it held, and it has to take that anew.
_RENEW = """
update hanse.subscriber s
set until_time = clock_timestamp() + make_interval(secs => $2), reads = v.reads, share = $3
from unnest($4::int[], $5::int[], $6::boolean[]) v(subscription, replay_epoch, reads)
where s.subscription = v.subscription and s.replay_epoch = v.replay_epoch and s.holder = $1
  and s.until_time > clock_timestamp()
returning s.subscription, s.replay_epoch
"""
_HELD = """
select d.subscription, d.replay_epoch, array_agg(d.partition) as partitions,
  array_agg(d.epoch) as epochs
from unnest($2::int[], $3::int[]) v(subscription, replay_epoch)
join hanse.delivery d using (subscription, replay_epoch)
where d.holder = $1 group by d.subscription, d.replay_epoch
"""
# Where none can read, all have their shares: what is parked is tried again without the broker.
_LIVE = """
with live as (
  select v.subscription, v.replay_epoch, s.holder, s.share, s.reads,
    bool_or(s.reads) over (partition by v.subscription, v.replay_epoch) as some_read
  from unnest($2::int[], $3::int[]) v(subscription, replay_epoch)
  join hanse.subscriber s
    on s.subscription = v.subscription and s.replay_epoch = v.replay_epoch
  where s.until_time > clock_timestamp()
    and s.until_time <= clock_timestamp() + make_interval(secs => greatest(2 * $1::float8, 60))
)
select subscription, replay_epoch, array_agg(holder) as holders, array_agg(share) as shares
from live where reads or not some_read group by subscription, replay_epoch
"""
_SOME_DUE = """
select v.subscription, v.replay_epoch
from unnest($2::int[], $3::int[]) v(subscription, replay_epoch)
where exists (select from hanse.parked p where p.subscription = v.subscription
              and p.replay_epoch = v.replay_epoch and p.due_time <= $1)
"""


class Standing(msgspec.Struct):
    """How it stands with a feed.

    Attributes:
        held: Epochs of the partitions that the database has this host hold, by their numbers.
        live: Who has a share of them, and which.
    """

    held: dict[int, int]
    live: dict[str, float]


class Tenure:
    """Of one host: a row for each of its feeds says that it lives, and so holds its partitions.

    Those of all feeds are renewed by one statement, whatever they hold.

    Args:
        database: Its clock says how long.
        holder: The host.

    Attributes:
        holder: As given.
        renewals: When feeds renew what they hold.
        looks: When they look for what is due.
    """

    def __init__(self, database: Database, holder: Holder) -> None:
        self.holder = holder
        self.renewals, self.looks = Beat(holder.seconds / 3), Beat(LOOK_SECONDS)
        self._database = database
        self._renewing = Together(self._renew)
        self._standing = Together(self._stand)
        self._due = Together(self._some_due)
        self._places = Together(_places)

    async def renew(self, feed: Feed, *, reads: bool) -> bool:
        """Has what is held of a feed last from now on; whether it lasted until now.

        Raises:
            HanseError: Nobody knows; it lasts as long as before.
        """
        return await self._renewing.ask((feed, reads))

    async def standing(self, feed: Feed) -> Standing:
        """What it holds, and who else is there.

        Raises:
            HanseError: The database is away.
        """
        return await self._standing.ask(feed)

    async def some_due(self, feed: Feed) -> bool:
        """Whether something that is parked may be due.

        Raises:
            HanseError: The database is away.
        """
        return await self._due.ask(feed)

    async def place(self, stream: EventStream) -> Place:
        """What a stream holds now.

        Raises:
            BrokerAway: Nobody knows.
            StreamRefused: It is not there.
        """
        return await self._places.ask(stream)

    async def _renew(self, asked: Sequence[tuple[Feed, bool]]) -> list[bool]:
        rows = await self._database.fetch(
            _RENEW, self.holder.name, self.holder.seconds, self._database.share(),
            *_numbers([feed for feed, _ in asked]), [reads for _, reads in asked],
        )  # fmt: skip
        renewed = {Feed(row["subscription"], row["replay_epoch"]) for row in rows}
        return [feed in renewed for feed, _ in asked]

    async def _stand(self, feeds: Sequence[Feed]) -> list[Standing]:
        found = {feed: Standing({}, {}) for feed in feeds}
        for row in await self._database.fetch(_HELD, self.holder.name, *_numbers(feeds)):
            held = zip(row["partitions"], row["epochs"], strict=True)
            found[Feed(row["subscription"], row["replay_epoch"])].held = dict(held)
        for row in await self._database.fetch(_LIVE, self.holder.seconds, *_numbers(feeds)):
            live = zip(row["holders"], row["shares"], strict=True)
            found[Feed(row["subscription"], row["replay_epoch"])].live = dict(live)
        return [found[feed] for feed in feeds]

    async def _some_due(self, feeds: Sequence[Feed]) -> list[bool]:
        now = self._database.clock.now()
        rows = await self._database.fetch(_SOME_DUE, now, *_numbers(feeds))
        due = {Feed(row["subscription"], row["replay_epoch"]) for row in rows}
        return [feed in due for feed in feeds]


async def _places(streams: Sequence[EventStream]) -> list[Place]:
    """All feeds of a host look at the same moments, and nearly always at the same stream."""
    found: dict[str, Place] = {}
    for one in streams:
        if one.name not in found:
            found[one.name] = await one.place()
    return [found[one.name] for one in streams]


def _numbers(feeds: Sequence[Feed]) -> tuple[list[int], list[int]]:
    return [one.subscription for one in feeds], [one.replay_epoch for one in feeds]
