"""Brings the rows of one site back into the database that lives, as they were at a moment."""

from __future__ import annotations

import asyncio
import importlib
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from hanse.fleet.state import StateError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

asyncpg: Any = importlib.import_module("asyncpg")

CONNECT_SECONDS = 20.0
LOCK_SECONDS = 30

LIVING = frozenset(
    {"hanse.erasure", "hanse.erased_file", "hanse.kept", "hanse.subject_key", "hanse.retention"}
    | {"hanse.workflow", "hanse.parked"}
    | {"hanse.workflow_person"}
)
"""Of whom was erased no moment before knows, how far a sweep over all sites is concerns no moment
of one, what workflows did outside none takes back, and subscriptions stand for all sites at once:
what is parked was passed, and what is not was handled. Of these tables the living rows stay."""

GROWING = frozenset({"hanse.file"})
"""What came since stays here, until the sweep finds that nobody refers to it."""

_TABLES = """
select c.oid as number, format('%I.%I', n.nspname, c.relname) as name,
  array(select quote_ident(attname) from pg_attribute where attrelid = c.oid and attnum > 0
        and not attisdropped and attgenerated = '' order by attnum) as columns,
  array(select quote_ident(a.attname) from pg_index i
        join pg_attribute a on a.attrelid = c.oid and a.attnum = any(i.indkey)
        where i.indrelid = c.oid and i.indisprimary order by a.attnum) as key
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'r' and c.relpersistence = 'p' and n.nspname !~ '^(pg_|information_schema)'
  and exists (select from pg_attribute where attrelid = c.oid and attname = 'site_id'
              and not attisdropped)
order by format('%I.%I', n.nspname, c.relname) collate "C"
"""

_HAS = "select exists (select from {} where site_id = $1)"

_HAS_ERASURES = "select to_regclass('hanse.erasure') is not null"
_ERASED = """
select subject, destroy_time from hanse.erasure where site_id = $1 and end_time is not null
"""

# Whom the moment does not know to be erased, or to be erased earlier than they were last. It begins
# again, so that who is erasing them at this moment does not end it.
_TO_ERASE = """
update hanse.erasure e set end_time = null, begin_time = $4 where site_id = $1 and not exists (
  select from unnest($2::text[], $3::timestamptz[]) as t (subject, time)
  where t.subject = e.subject and t.time >= e.destroy_time)
"""

# Triggers and foreign keys have their say when a row is written first; this one was.
_BEGIN = (
    "set local session_replication_role = replica",
    "set local idle_in_transaction_session_timeout = 0",
    "set local statement_timeout = 0",
    f"set local lock_timeout = '{LOCK_SECONDS}s'",
)


class SiteTable(msgspec.Struct, frozen=True):
    """What it does in one table.

    Attributes:
        name: Of the table.
        added: Rows that are there again.
        changed: Rows that are as they were again.
        removed: Rows that came since, and go.
    """

    name: str
    added: int
    changed: int
    removed: int


class _Table(NamedTuple):
    """One in both databases, beside which a temporary one, `d`, has the rows of the moment."""

    name: str
    draft: str
    columns: tuple[str, ...]
    key: tuple[str, ...]

    @property
    def found(self) -> str:
        """The living row of the site, `r`, that is the same as one of the moment."""
        same = " and ".join(f"r.{one} = d.{one}" for one in self.key)
        whole = f"row({self.of('r')})::record *= row({self.of('d')})::record"
        return f"from {self.name} r where r.site_id = $1 and ({same or whole})"

    @property
    def differs(self) -> str:
        return f"row({self.of('r')})::record *<> row({self.of('d')})::record"

    @property
    def gone(self) -> str:
        """Living rows of the site that the moment does not have, or has otherwise."""
        same = " and ".join(f"r.{one} = d.{one}" for one in self.key)
        whole = f"row({self.of('r')})::record *= row({self.of('d')})::record"
        return f"r.site_id = $1 and not exists (select from {self.draft} d where {same or whole})"

    def of(self, alias: str) -> str:
        return ", ".join(f"{alias}.{one}" for one in self.columns)


async def bring_site(
    moment: str, living: str, site: str, folder: Path, *, now: datetime, dry_run: bool
) -> list[SiteTable]:
    """Brings all rows of a site back, in one transaction; those of others stay as they are.

    Whom the moment brings back though they are erased stands in `hanse.erasure` as unfinished then.

    Args:
        moment: Where the database of the moment is.
        living: And the one that lives; it may be in use.
        site: Whose rows.
        folder: For what is on its way.
        now: When.
        dry_run: Only count.

    Returns:
        What it did, or would do, by table; those of which nothing differs are left out.

    Raises:
        StateError: A table has another form by now, or was dropped; or there is no such site.
    """
    old, new = await _connect(moment), await _connect(living)
    try:
        transaction = new.transaction()
        await transaction.start()
        try:
            for text in _BEGIN:
                await new.execute(text)
            done = await _bring(old, new, site, folder / "rows", lock=not dry_run)
            await _note_who_comes_back(old, new, site, now)
        except BaseException:
            await transaction.rollback()
            raise
        await (transaction.rollback() if dry_run else transaction.commit())
    except (asyncpg.PostgresError, OSError) as error:
        raise StateError(f"Nothing is changed: {_reason(error)}") from None
    finally:
        old.terminate()
        new.terminate()
    return [one for one in done if one.added or one.changed or one.removed]


def _reason(error: Any) -> str:
    """Why and where; what PostgreSQL says beside names values, and those may be a person's."""
    if isinstance(error, OSError):
        return str(error)
    where = ", ".join(filter(None, (error.schema_name, error.table_name, error.constraint_name)))
    return f"{type(error).__name__} (SQLSTATE {error.sqlstate})" + (where and f" at {where}")


async def _connect(url: str) -> Any:
    return await asyncpg.connect(url, timeout=CONNECT_SECONDS)


async def _bring(old: Any, new: Any, site: str, path: Path, *, lock: bool) -> list[SiteTable]:
    tables: list[_Table] = []
    found = await _tables(old, new, site)
    if not any(is_filled for _, is_filled in found):
        await _see_that_it_is_a_site(new, site, [row["name"] for row, _ in found])
    for row, is_filled in found:
        tables.append(await _drafted(new, row))
        if is_filled:
            await _copy(old, new, tables[-1], site, path)
    # Copied before, so that writers wait for the comparison alone.
    for table in tables if lock else ():
        await new.execute(f"lock table {table.name} in share row exclusive mode")
    return [await _exchange(new, table, site) for table in tables]


async def _note_who_comes_back(old: Any, new: Any, site: str, now: datetime) -> None:
    """Has erasures be unfinished of which the moment did not know; committed with what it brings.

    Whoever was erased before the moment, and is there again since, is none of them.
    """
    if not await new.fetchval(_HAS_ERASURES):
        return
    then: list[Any] = []
    if await old.fetchval(_HAS_ERASURES):
        then = await old.fetch(_ERASED, site)
    subjects, times = [row["subject"] for row in then], [row["destroy_time"] for row in then]
    await new.execute(_TO_ERASE, site, subjects, times, now)


async def _tables(old: Any, new: Any, site: str) -> list[tuple[Any, bool]]:
    """Those of the living database, and whether the moment has rows of them."""
    before = {row["name"]: row for row in await old.fetch(_TABLES) if row["name"] not in LIVING}
    now = {row["name"]: row for row in await new.fetch(_TABLES) if row["name"] not in LIVING}
    filled: set[str] = set()
    for name, row in before.items():
        lacking = set(now[name]["columns"]) ^ set(row["columns"]) if name in now else {"all of it"}
        has_rows = await old.fetchval(_HAS.format(name), site)
        if not lacking and has_rows:
            filled.add(name)
        elif has_rows:
            raise StateError(
                f"{name} had another form then ({', '.join(sorted(lacking))}), so its rows cannot "
                "be brought back by themselves. Restore all of it, in another project."
            )
    return [(row, name in filled) for name, row in now.items()]


async def _see_that_it_is_a_site(new: Any, site: str, names: Sequence[str]) -> None:
    """Refuses a site of which nothing is known: who is tired writes it wrongly, and trusts us."""
    for name in names:
        if await new.fetchval(_HAS.format(name), site):
            return
    raise StateError(
        f"Of a site {site!r} there was nothing at that moment, and there is nothing now; look how "
        "it is spelled."
    )


async def _drafted(new: Any, row: Any) -> _Table:
    table = _Table(
        row["name"], f"hanse_site_{row['number']}", tuple(row["columns"]), tuple(row["key"])
    )
    await new.execute(
        f"create temp table {table.draft} on commit drop as "
        f"select {', '.join(table.columns)} from {table.name} limit 0"
    )
    return table


async def _copy(old: Any, new: Any, table: _Table, site: str, path: Path) -> None:
    query = f"select {', '.join(table.columns)} from {table.name} where site_id = $1"
    await old.copy_from_query(query, site, output=path, format="binary")
    await new.copy_to_table(table.draft, source=path, format="binary")
    await asyncio.to_thread(path.unlink)
    await new.execute(f"analyze {table.draft}")


async def _exchange(new: Any, table: _Table, site: str) -> SiteTable:
    counted = await new.fetchrow(
        f"select (select count(*) from {table.draft} d where not exists (select {table.found})), "
        f"(select count(*) from {table.draft} d "
        f"where exists (select {table.found} and {table.differs})), "
        f"(select count(*) from {table.name} r where {table.gone})",
        site,
    )
    added, changed, removed = counted
    keeps = table.name in GROWING
    if changed:
        await new.execute(
            f"delete from {table.name} r using {table.draft} d where {_joined(table)}", site
        )
    if removed and not keeps:
        await new.execute(f"delete from {table.name} r where {table.gone}", site)
    if added or changed:
        columns = ", ".join(table.columns)
        await new.execute(
            f"insert into {table.name} ({columns}) overriding system value "
            f"select {columns} from {table.draft} d where not exists (select {table.found})",
            site,
        )
    return SiteTable(table.name, added, changed, 0 if keeps else removed)


def _joined(table: _Table) -> str:
    same = " and ".join(f"r.{one} = d.{one}" for one in table.key)
    return f"r.site_id = $1 and ({same}) and {table.differs}"
