"""Which versions of workflows hosts serve, and what becomes of those that none does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.runtime.workflows.journal.statements import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta
    from uuid import UUID

    from hanse.runtime.data.database import Database
    from hanse.runtime.data.record import Record

# What each host serves, so that all know of what is served by none that is alive.
NOTE_SERVED = """
insert into hanse.workflow_served (name, version, host)
select s.name, s.version, $3 from unnest($1::text[], $2::int[]) s(name, version)
on conflict do nothing
"""

SERVED_AGAIN = """
update hanse.workflow w set state = 'open', output = null, wake_time = $4
from unnest($1::text[], $2::int[]) s(name, version)
where w.name = s.name and w.version = s.version and w.state = 'held'
  and substring(w.output from 1 for octet_length($3::bytea)) = $3
"""

# From one version to the next by the index.
CLAIM_STRAYS = f"""
with recursive kinds(name, version) as (
  select s.name, (
    select min(w.version) from hanse.workflow w where w.name = s.name and w.wake_time is not null)
  from unnest($1::text[]) s(name)
  union all
  select k.name, (
    select min(w.version) from hanse.workflow w
    where w.name = k.name and w.version > k.version and w.wake_time is not null)
  from kinds k where k.version is not null
), lost as (
  select k.name, k.version from kinds k
  where k.version is not null and not exists (
    select from hanse.workflow_served s
    join hanse.lease l on l.name = s.host and l.until_time > clock_timestamp()
      and l.until_time < clock_timestamp() + interval '1 minute'
    where s.name = k.name and s.version = k.version)
), due as (
  select w.id from lost
  cross join lateral (
    select w.id from hanse.workflow w
    where w.name = lost.name and w.version = lost.version and w.wake_time < $2
      and w.holder is null
    order by w.wake_time limit $3
    for update skip locked) w
  limit $3
)
update hanse.workflow w set holder = l.name, epoch = w.epoch + 1, wake_time = null
from due, hanse.lease l
where w.id = due.id and l.name = $4 and l.until_time > clock_timestamp()
returning {COLUMNS}
"""  # noqa: S608  put together of constants

ADOPT = """
update hanse.workflow set version = $3, holder = null, wake_time = $4
where id = $1 and epoch = $2 and holder is not null
"""


class ServedVersions:
    """What is known of that in a database.

    Args:
        database: Where instances are.
        host: The name of this host's lease.
    """

    def __init__(self, database: Database, host: str) -> None:
        self._database = database
        self._host = host

    async def note(self, served: Sequence[tuple[str, int]], unserved: bytes) -> None:
        """Says what this host serves, and has go on what is held because nobody did."""
        columns = [one[0] for one in served], [one[1] for one in served]
        await self._database.execute(NOTE_SERVED, *columns, self._host)
        now = self._database.clock.now()
        await self._database.execute(SERVED_AGAIN, *columns, unserved, now)

    async def claim(self, names: Sequence[str], grace: timedelta, most: int) -> list[Record]:
        """Takes instances that were due for so long, of versions that nobody serves."""
        due = self._database.clock.now() - grace
        return await self._database.fetch(CLAIM_STRAYS, names, due, most, self._host)

    async def adopt(self, id: UUID, epoch: int, version: int) -> bool:
        """Has an instance go on with another version; whether it was still held here."""
        now = self._database.clock.now()
        return bool(await self._database.execute(ADOPT, id, epoch, version, now))
