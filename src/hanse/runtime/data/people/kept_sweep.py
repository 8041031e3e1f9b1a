"""Destroys what was kept of those who are erased, when its time is over."""

from __future__ import annotations

import logging
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from hanse.runtime.data.transaction import lock_key
from hanse.runtime.data.upkeep import again_and_again

if TYPE_CHECKING:
    from datetime import datetime

    from hanse.runtime.data.database import Database
    from hanse.runtime.data.record import Record

log = logging.getLogger("hanse.people")

SWEEP_SECONDS = 600.0
"""Between two looks of one host; each waits up to half as long again."""

AT_ONCE = 500

TRY_LOCK = "select pg_try_advisory_xact_lock($1) as won"

DUE = """
select site_id, subject, relation, id, path, behind from hanse.kept where destroy_time <= $1
order by destroy_time limit $2 for update skip locked
"""

# Its files go by the next sweep of files, unless somebody else refers to them.
FORGET = """
with gone as (
  delete from hanse.kept k
  using unnest($1::text[], $2::text[], $3::text[], $4::uuid[], $5::text[])
    as d (site_id, subject, relation, id, path)
  where k.site_id = d.site_id and k.subject = d.subject and k.relation = d.relation
    and k.id = d.id and k.path = d.path
  returning k.site_id, k.subject, k.sealed
)
insert into hanse.erased_file (site_id, subject, file)
select distinct site_id, subject, f #>> '{}'
from gone, jsonb_path_query(sealed, '$.**.id ? (@ starts with "file_")') as f
on conflict do nothing
"""

# A person who came back since writes under the same key, which stays for as long as they do. Who
# writes under it holds it: that write is waited for, and seen by the next statement.
LOCK = "select from hanse.subject_key where destroy_time <= $1 for update"
DESTROY = """
delete from hanse.subject_key k where destroy_time <= $1 and not exists (
  select from hanse.kept t where t.site_id = k.site_id and t.subject = k.subject)
  and not exists (select from hanse.subject_key l
    where l.site_id = k.site_id and l.subject = k.subject and l.purpose = '')
returning site_id, subject
"""

# A text that is a person stands there as its token.
NOTE = """
update hanse.erasure e set destroy_time = $1
from unnest($2::text[], $3::text[], $4::text[]) as d (site_id, subject, token)
where e.site_id = d.site_id and e.subject in (d.subject, d.token)
"""


class KeptSweep:
    """Looks at some at a time; of all hosts of a database one does.

    Args:
        database: Where they are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def run(self) -> None:
        """Sweeps again and again; a failure is logged, and tried again."""
        complaint = "what was kept of those who are erased is not destroyed yet"
        await again_and_again(self.once, SWEEP_SECONDS, log, complaint)

    async def once(self) -> int:
        """Destroys all that is due, and then its keys; how many values.

        Raises:
            HanseError: The database is away.
        """
        done, now = 0, self._database.clock.now()
        while number := await self._some(now):
            done += number
        async with self._database.transaction():
            await self._database.execute(LOCK, now)
            gone = await self._database.fetch(DESTROY, now)
            token = self._database.keys.ring.token
            owners = [(row["site_id"], row["subject"]) for row in gone]
            columns = [[one[0] for one in owners], [one[1] for one in owners]]
            tokens = [token(*owner) for owner in owners]
            await self._database.execute(NOTE, now, *columns, tokens)
        return done

    async def _some(self, now: datetime) -> int:
        async with self._database.transaction():
            row = await self._database.fetch_row(TRY_LOCK, lock_key("hanse.kept sweep"))
            if row is None or not row["won"]:
                return 0
            due = await self._database.fetch(DUE, now, AT_ONCE)
            if due:
                await self._destroy(due, now)
                await self._database.execute(FORGET, *_columns(due))
            return len(due)

    async def _destroy(self, due: list[Record], now: datetime) -> None:
        """Of what stayed in its rows nothing is left, or not the row either."""
        groups: defaultdict[tuple[str, str, str], list[Record]] = defaultdict(list)
        for row in due:
            if row["behind"] != "moved":
                groups[row["relation"], row["path"], row["behind"]].append(row)
        for (relation, path, behind), rows in groups.items():
            there = await self._database.fetch_row("select to_regclass($1)::text", relation)
            if there is None or there[0] is None:
                continue
            found = ([row["site_id"] for row in rows], [row["id"] for row in rows])
            which = (
                "unnest($1::text[], $2::uuid[]) as d (site_id, id) "
                "where t.site_id = d.site_id and t.id = d.id"
            )
            if behind == "row":
                await self._database.execute(f"delete from {relation} t using {which}", *found)
            else:
                await self._database.execute(
                    f"update {relation} t set doc = doc #- string_to_array($3, '.'), "
                    f"revision = revision + 1, update_time = $4 from {which}",
                    *(*found, path, now),
                )


def _columns(rows: list[Record]) -> list[list[Any]]:
    names = ("site_id", "subject", "relation", "id", "path")
    return [[row[name] for row in rows] for name in names]
