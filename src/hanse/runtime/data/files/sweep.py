"""Has files gone that no document refers to: hidden first, and a day later deleted."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from hanse.runtime.data.files.file_rows import KEPT_UNUSED, id_of, uuid_of
from hanse.runtime.data.personal.sealed_text import PATTERN
from hanse.runtime.data.transaction import lock_key
from hanse.runtime.data.upkeep import again_and_again

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from hanse.runtime.data.database import Database
    from hanse.runtime.data.files.store import FileStore
    from hanse.runtime.data.record import Record

log = logging.getLogger("hanse.files")

SWEEP_SECONDS = 600.0
"""Between two looks of one host; each waits up to half as long again."""

HIDDEN_AT_ONCE = 1000
DELETED_AT_ONCE = 500

# Who refers to a file holds its row for key share until the document is committed. Locked so, no
# row is one that somebody is about to refer to; and who comes later waits, and finds it hidden.
UNSEEN = """
select site_id, file from hanse.file where delete_time is null and look_time < $1
order by look_time limit $2 for update skip locked
"""

PLACES = """
select relation from hanse.file_place where to_regclass(relation) is not null order by relation
"""

KEPT_THERE = "select to_regclass('hanse.kept') is not null as there"

KEPT = "(select site_id, sealed as doc from hanse.kept where sealed is not null)"
"""What a law keeps of rows that are gone, their files too."""

# Anybody can write an id into a map of texts: so besides it stands the digest of what is in the
# file, or it stands beside a sealed value, whose form nobody can write.
REFERRED = """
select distinct f.site_id, f.file
from unnest($1::text[], $2::uuid[], $3::text[]) as f (site_id, file, id)
join hanse.file h on h.site_id = f.site_id and h.file = f.file
join (
  select d.site_id, found ->> 'id' as id, found ->> 'sha256' as sha256, false as sealed
  from {relation} d, jsonb_path_query(d.doc, '$.** ? (@.id starts with "file_")') as found
  where d.site_id = any($1)
  union all
  select d.site_id, found #>> '{{}}', null, true
  from {relation} d, jsonb_path_query(
    d.doc, '$.** ? (@."~" like_regex "^{sealed}$").files.id') as found
  where d.site_id = any($1)
) as r on r.site_id = f.site_id and r.id = f.id and (r.sealed or r.sha256 = h.sha256)
"""

# A release before this kept names in clear.
SEEN = """
update hanse.file f set look_time = $3, delete_time = null, name = ''
from unnest($1::text[], $2::uuid[]) as s (site_id, file)
where f.site_id = s.site_id and f.file = s.file
"""

HIDE = """
update hanse.file f set delete_time = $3, name = ''
from unnest($1::text[], $2::uuid[]) as s (site_id, file)
where f.site_id = s.site_id and f.file = s.file
"""

HIDDEN = """
select site_id, file, id = file as partial from hanse.file where delete_time < $1
order by delete_time limit $2 for update skip locked
"""

ERASED_THERE = """
select to_regclass('hanse.erased_file') is not null and to_regclass('hanse.file') is not null
  as there
"""

ERASED = "select site_id, file from hanse.erased_file limit $1 for update skip locked"

# Locked so, nobody is about to refer to one; see above.
LOCKED = """
select f.site_id, f.file from hanse.file f
join unnest($1::text[], $2::uuid[]) as e (site_id, file)
  on f.site_id = e.site_id and f.file = e.file
for update of f
"""

ERASED_DONE = """
delete from hanse.erased_file f using unnest($1::text[], $2::text[]) as e (site_id, file)
where f.site_id = e.site_id and f.file = e.file
"""

TRY_LOCK = "select pg_try_advisory_xact_lock($1) as won"

FORGET = """
delete from hanse.file f using unnest($1::text[], $2::uuid[]) as s (site_id, file)
where f.site_id = s.site_id and f.file = s.file
"""


class FileSweep:
    """Looks at some files at a time; of all hosts of a database one does.

    A document never lacks its file: what is hidden was locked when nobody referred to it, nobody
    can refer to it since, and before its bytes go all documents are asked again. The bytes go
    before the row, so that whoever is killed in between leaves what the next sweep finds.

    Args:
        database: Where files are known, and by whom they are referred to.
        store: Where their bytes are.
    """

    def __init__(self, database: Database, store: FileStore) -> None:
        self._database = database
        self._store = store

    async def run(self) -> None:
        """Sweeps again and again; a failure is logged, and tried again."""
        complaint = "files that nobody uses are not swept yet"
        await again_and_again(self.once, SWEEP_SECONDS, log, complaint)

    async def once(self) -> None:
        """Hides some that nobody refers to, and deletes some that were hidden long enough.

        Raises:
            HanseError: The database or the file store is away.
        """
        now = self._database.clock.now()
        await self.drop_erased()
        await self._hide(now)
        await self._delete(now)

    async def drop_erased(self) -> int:
        """Has files gone at once that stood in what was erased, unless somebody refers to them.

        Returns:
            How many.

        Raises:
            HanseError: The database or the file store is away.
        """
        dropped = 0
        there = await self._database.fetch_row(ERASED_THERE)
        while there is not None and there["there"]:
            async with self._database.transaction():
                rows = await self._database.fetch(ERASED, DELETED_AT_ONCE)
                if not rows:
                    break
                sites = [row["site_id"] for row in rows]
                noted = [row["file"] for row in rows]
                found = await self._database.fetch(LOCKED, sites, list(map(_uuid, noted)))
                _, unused = await self._parted(found)
                for site, file in unused:
                    await self._store.delete(site, file)
                await self._database.execute(FORGET, *_keys(unused))
                await self._database.execute(ERASED_DONE, sites, noted)
                dropped += len(unused)
        return dropped

    async def _hide(self, now: datetime) -> None:
        async with self._database.transaction():
            if not await self._is_alone():
                return
            rows = await self._database.fetch(UNSEEN, now, HIDDEN_AT_ONCE)
            if not rows:
                return
            used, unused = await self._parted(rows)
            await self._database.execute(SEEN, *_keys(used), now + KEPT_UNUSED)
            await self._database.execute(HIDE, *_keys(unused), now)

    async def _delete(self, now: datetime) -> None:
        async with self._database.transaction():
            if not await self._is_alone():
                return
            rows = await self._database.fetch(HIDDEN, now - KEPT_UNUSED, DELETED_AT_ONCE)
            if not rows:
                return
            used, unused = await self._parted([row for row in rows if not row["partial"]])
            await self._database.execute(SEEN, *_keys(used), now + KEPT_UNUSED)
            partial = [_key(row) for row in rows if row["partial"]]
            for site, file in (*partial, *unused):
                await self._store.delete(site, file)
            await self._database.execute(FORGET, *_keys([*partial, *unused]))

    async def _is_alone(self) -> bool:
        """Whether no other host sweeps, until the transaction ends."""
        row = await self._database.fetch_row(TRY_LOCK, lock_key("hanse.file sweep"))
        return row is not None and bool(row["won"])

    async def _parted(
        self, rows: Sequence[Record]
    ) -> tuple[list[tuple[str, UUID]], list[tuple[str, UUID]]]:
        """Those that a document refers to, and the others."""
        given = [_key(row) for row in rows]
        used: set[tuple[str, UUID]] = set()
        places = [row["relation"] for row in await self._database.fetch(PLACES)]
        kept = await self._database.fetch_row(KEPT_THERE)
        for place in [*places, KEPT] if kept is not None and kept["there"] else places:
            text = REFERRED.format(relation=place, sealed=PATTERN)
            ids = [id_of(file) for _, file in given]
            found = await self._database.fetch(text, *_keys(given), ids)
            used.update(map(_key, found))
        return [one for one in given if one in used], [one for one in given if one not in used]


def _uuid(file: str) -> UUID | None:
    """The UUID of a file's id; None of a text that only looks like one."""
    try:
        return uuid_of(file)
    except ValueError:
        return None


def _key(row: Record) -> tuple[str, UUID]:
    return row["site_id"], row["file"]


def _keys(files: Sequence[tuple[str, UUID]]) -> tuple[list[str], list[UUID]]:
    return [site for site, _ in files], [file for _, file in files]
