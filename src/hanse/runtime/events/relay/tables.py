"""Which stream is a database's, and how far it was told there: one row, noted in the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hanse.kit.ids import trace_id
from hanse.runtime.data.arrival import make_missing

if TYPE_CHECKING:
    from hanse.runtime.data.database import Database

IS_THERE = "select to_regclass('hanse.stream_tail') is not null"

MAKE = (
    # `last_seq`: what stands above it in the stream lies in the outbox as well, for a row there
    # goes in the transaction that notes it. `life` is that of the database in which somebody looked
    # that this is so: a restored one begins another.
    """
create table if not exists hanse.stream (
  single boolean primary key default true check (single),
  name text collate "C" not null,
  home text not null,
  last_seq bigint not null,
  life text
)""",
    # What of a stream a restore has undone: nobody has missed that.
    """
create table if not exists hanse.struck (
  first_seq bigint primary key,
  last_seq bigint not null
)""",
    # What of the stream somebody has not handled for a while, as it stands there: see `tail`.
    """
create table if not exists hanse.stream_tail (
  seq bigint primary key,
  partition smallint not null,
  type text collate "C" not null,
  envelope bytea not null
) with (autovacuum_vacuum_scale_factor = 0.05, toast.autovacuum_vacuum_scale_factor = 0.05)""",
    "alter table hanse.stream_tail alter column envelope set storage external",
)

# A copy of a database is another one: it has a stream of its own, which begins where it was made.
_HOME = """(select system_identifier || '.' || d.oid from pg_control_system(), pg_database d
  where d.datname = current_database())"""
_LIFE = "left(pg_walfile_name(pg_current_wal_lsn()), 8)"
_BELONG = f"""
insert into hanse.stream as s (name, home, last_seq) values ($1, {_HOME}, 0)
on conflict (single) do update set name = excluded.name, home = excluded.home, life = null
where s.home <> excluded.home
"""
_READ = "select name, last_seq, life is null and last_seq > 0 as moved from hanse.stream"
_SETTLE = f"update hanse.stream set life = {_LIFE} where name = $1"
_STRIKE = """
insert into hanse.struck as s (first_seq, last_seq) values ($1, $2)
on conflict (first_seq) do update set last_seq = greatest(s.last_seq, excluded.last_seq)
"""
_MISSED = """
select greatest(0, $2::bigint - $1::bigint + 1 - coalesce(sum(
  least(last_seq, $2::bigint) - greatest(first_seq, $1::bigint) + 1), 0))::bigint as events
from hanse.struck where last_seq >= $1 and first_seq <= $2
"""
_SETTLED = f"select name from hanse.stream where home = {_HOME} and life = {_LIFE}"


class Noted(NamedTuple):
    """What a database knows of its stream.

    Attributes:
        name: The stream's.
        last: Sequence of the last event that was told and forgotten here.
        moved: Whether that was told to another stream, which the database left when it was moved.
    """

    name: str
    last: int
    moved: bool = False


async def make_tables(database: Database) -> None:
    """Makes the table; hosts that begin at once wait for each other.

    Raises:
        HanseError: It cannot be made.
    """
    await make_missing(database, IS_THERE, MAKE)


async def own_stream(database: Database) -> Noted:
    """The stream of this database, which is named if it has none.

    Raises:
        HanseError: The database is away.
    """
    await make_tables(database)
    await database.execute(_BELONG, f"events_{trace_id()[:12]}")
    row = await database.fetch_row(_READ)
    assert row is not None, "it was written"
    return Noted(row["name"], row["last_seq"], row["moved"])


async def settle(database: Database, name: str) -> None:
    """Notes that in this life of the database its stream holds nothing that is not its own.

    Raises:
        HanseError: The database is away.
    """
    await database.execute(_SETTLE, name)


async def note_struck(database: Database, first: int, last: int) -> None:
    """Notes that what is missing between two sequences of the stream was undone by a restore.

    Raises:
        HanseError: The database is away.
    """
    await database.execute(_STRIKE, first, last)


async def missed(database: Database, first: int, last: int) -> int:
    """How many of the events between two sequences, which the stream lacks, there ever were.

    Raises:
        HanseError: The database is away.
    """
    await make_tables(database)
    row = await database.fetch_row(_MISSED, first, last)
    return row["events"] if row is not None else 0


async def settled_stream(database: Database) -> str | None:
    """The name of the stream that can be read; None until a relay has looked at it in this life.

    After a restore there is something in it of a future that never came, which nobody may handle.

    Raises:
        HanseError: The database is away.
    """
    await make_tables(database)
    row = await database.fetch_row(_SETTLED)
    return row["name"] if row else None
