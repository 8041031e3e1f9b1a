"""Which partitions of a feed this host holds: its fair share, each fenced by an epoch."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec

from hanse.kit.clock import monotonic
from hanse.runtime.events.envelope import PARTITIONS
from hanse.runtime.leases.lease import MARGIN
from hanse.runtime.subscriptions.feeding.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from hanse.runtime.data.database import Database
    from hanse.runtime.subscriptions.feeding.tenure import Tenure
    from hanse.runtime.subscriptions.handling.claim import Feed

_CALL_IN = """
insert into hanse.subscriber (subscription, replay_epoch, holder, until_time, reads, share)
values ($1, $2, $3, clock_timestamp() + make_interval(secs => $4), $5, $6)
on conflict (subscription, replay_epoch, holder)
do update set until_time = excluded.until_time, reads = excluded.reads, share = excluded.share
"""
_LEAVE = """
delete from hanse.subscriber
where subscription = $1 and ((replay_epoch, holder) = ($2, $3)
                             or until_time < clock_timestamp() - interval '1 minute')
"""
# From then on nothing of who was dead can be renewed, only taken anew. A clock that was ahead
# before a failover keeps nobody alive.
_BURY = """
delete from hanse.subscriber
where subscription = $1 and replay_epoch = $2
  and (until_time <= clock_timestamp()
       or until_time > clock_timestamp() + make_interval(secs => greatest(2 * $3::float8, 60)))
"""
# Free is what nobody holds of whom a row says that it lives; the epoch says that none has taken it
# since that was seen. What this host does not know to hold is taken anew as well, in another epoch:
# what is still on its way here under the old one is void. Until when is for earlier releases alone.
# Materialized: a join that ran it anew for each row would take another lot each time.
_TAKE = """
with seen as materialized (
  select d.partition, d.epoch from hanse.delivery d
  where d.subscription = $1 and d.replay_epoch = $2
    and (d.holder is null or (d.holder = $3 and d.partition <> all($5::smallint[]))
         or not exists (select from hanse.subscriber s where s.subscription = $1
                        and s.replay_epoch = $2 and s.holder = d.holder))),
free as materialized (
  select d.partition from hanse.delivery d
  join seen on seen.partition = d.partition and seen.epoch = d.epoch
  where d.subscription = $1 and d.replay_epoch = $2
  order by d.partition limit $6 for update of d skip locked)
update hanse.delivery d
set epoch = d.epoch + 1, holder = $3, until_time = clock_timestamp() + make_interval(secs => $4)
from free
where d.subscription = $1 and d.replay_epoch = $2 and d.partition = free.partition
returning d.partition, d.epoch, d.position
"""
_FLUSH = """
update hanse.delivery d set position = v.position
from unnest($3::smallint[], $4::bigint[], $5::bigint[]) v(partition, epoch, position)
where d.subscription = $1 and d.replay_epoch = $2 and d.partition = v.partition
  and d.epoch = v.epoch and d.position < v.position
"""
_RELEASE = """
update hanse.delivery d set holder = null, until_time = '-infinity'
from unnest($3::smallint[], $4::bigint[]) v(partition, epoch)
where d.subscription = $1 and d.replay_epoch = $2 and d.partition = v.partition
  and d.epoch = v.epoch
"""


class Held(msgspec.Struct):
    """A partition that this host holds.

    Attributes:
        epoch: Under which.
        progress: How far it is.
        flushed: The position that the database knows of.
        leaving: Whether it is to be another's as soon as nothing of it is under way.
    """

    epoch: int
    progress: Progress
    flushed: int
    leaving: bool = False


class Partitions:
    """Holds partitions of one feed for one host.

    Args:
        database: Where it is said who holds them, by its own clock.
        feed: Whose.
        tenure: Of the host: until when it holds them.

    Attributes:
        held: By their numbers.
    """

    def __init__(self, database: Database, feed: Feed, tenure: Tenure) -> None:
        self._database = database
        self._feed = feed
        self._tenure = tenure
        self._holder, self._seconds = tenure.holder
        self._until = 0.0
        self._fair = 0
        self.held: dict[int, Held] = {}

    @property
    def sure(self) -> bool:
        """Whether what is held is so for sure, by this process's own clock."""
        return monotonic() < self._until

    def holds(self, partition: int, epoch: int) -> bool:
        """Whether a partition is held under that epoch, for sure."""
        held = self.held.get(partition)
        return held is not None and held.epoch == epoch and self.sure

    @property
    def whole(self) -> bool:
        """Whether it holds its fair share, so that nothing of that waits to be taken."""
        return sum(not one.leaving for one in self.held.values()) >= self._fair

    async def keep(self, *, reads: bool = True) -> bool:
        """Renews what is held and comes nearer to the fair share; whether that changed something.

        Args:
            reads: Whether it can read; if not, its share is of those that can.

        Raises:
            HanseError: Nobody knows; it is held as long as before.
        """
        before = {number: held.epoch for number, held in self.held.items() if not held.leaving}
        sent = monotonic()
        if not await self._tenure.renew(self._feed, reads=reads):
            self.held.clear()
            await self._call_in(reads=reads)
        standing = await self._tenure.standing(self._feed)
        await self._agree(standing.held)
        self._until = sent + self._seconds * (1 - MARGIN)
        self._fair = share_of(self._holder, standing.live)
        await self._come_nearer(self._fair)
        now = {number: held.epoch for number, held in self.held.items() if not held.leaving}
        return now != before

    def lose(self, partition: int, epoch: int) -> None:
        """Lets a partition slip: what is under way of it is void, and who asks first has it."""
        held = self.held.get(partition)
        if held is not None and held.epoch == epoch:
            del self.held[partition]

    async def flush(self) -> None:
        """Says how far partitions are, where that changed.

        Raises:
            HanseError: The database is away.
        """
        behind = {n: one for n, one in self.held.items() if one.progress.position > one.flushed}
        if not behind:
            return
        positions = [one.progress.position for one in behind.values()]
        await self._database.execute(
            _FLUSH, self._feed.subscription, self._feed.replay_epoch, list(behind),
            [one.epoch for one in behind.values()], positions,
        )  # fmt: skip
        for one, position in zip(behind.values(), positions, strict=True):
            one.flushed = position

    async def release_drained(self, stuck: Collection[int] = ()) -> None:
        """Gives back what is to be another's, and of which nothing is under way.

        Args:
            stuck: Of these something is for nobody knows how long; other keys do not wait for it.

        Raises:
            HanseError: The database is away.
        """
        leaving = [(n, one.progress) for n, one in self.held.items() if one.leaving]
        drained = [n for n, progress in leaving if progress.is_idle or n in stuck]
        if drained:
            await self.flush()
            await self._release(drained)

    async def leave(self) -> None:
        """Gives all back; what is under way of it is void.

        Raises:
            HanseError: It runs out by itself.
        """
        await self.flush()
        await self._release(list(self.held))
        await self._database.execute(
            _LEAVE, self._feed.subscription, self._feed.replay_epoch, self._holder
        )

    async def _call_in(self, *, reads: bool) -> None:
        await self._database.execute(
            _CALL_IN, self._feed.subscription, self._feed.replay_epoch, self._holder,
            self._seconds, reads, self._database.share(),
        )  # fmt: skip

    async def _agree(self, known: Mapping[int, int]) -> None:
        """Loses what the database has others hold, and gives back what this host does not know of.

        That it has let slip, or never had the answer to taking it: it may have no room for it by
        now, and as long as this host lives nobody else could take it.
        """
        for number, epoch in {n: one.epoch for n, one in self.held.items()}.items():
            if known.get(number) != epoch:
                del self.held[number]
        unknown = {n: epoch for n, epoch in known.items() if n not in self.held}
        if unknown:
            await self._give_back(unknown)

    async def _come_nearer(self, share: int) -> None:
        staying = [number for number, one in self.held.items() if not one.leaving]
        for number in sorted(staying)[share:]:
            self.held[number].leaving = True
        if len(self.held) < share:
            feed = self._feed
            await self._database.execute(_BURY, feed.subscription, feed.replay_epoch, self._seconds)
            rows = await self._database.fetch(
                _TAKE, feed.subscription, feed.replay_epoch, self._holder, self._seconds,
                list(self.held), share - len(self.held),
            )  # fmt: skip
            for row in rows:
                position = row["position"]
                self.held[row["partition"]] = Held(row["epoch"], Progress(position), position)

    async def _release(self, partitions: Iterable[int]) -> None:
        await self._give_back({n: self.held.pop(n).epoch for n in list(partitions)})

    async def _give_back(self, given: Mapping[int, int]) -> None:
        await self._database.execute(
            _RELEASE, self._feed.subscription, self._feed.replay_epoch, list(given),
            list(given.values()),
        )  # fmt: skip


def share_of(holder: str, live: Mapping[str, float]) -> int:
    """How many partitions a host has; all together have each once, as far as somebody may.

    Args:
        holder: Who asks.
        live: Of each host, its share: below 1 where it is judged, and gets that alone; one
            partition at least if any, as who handles events alone would never be judged.
    """
    judged = {
        name: min(PARTITIONS // 2, math.ceil(PARTITIONS * share))
        for name, share in live.items()
        if share < 1
    }
    if holder in judged:
        return judged[holder]
    settled = sorted(live.keys() - judged.keys())
    if holder not in settled:
        return 0
    each, over = divmod(max(0, PARTITIONS - sum(judged.values())), len(settled))
    return each + (settled.index(holder) < over)
