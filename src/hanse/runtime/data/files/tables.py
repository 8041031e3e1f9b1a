"""Makes the tables of files where there are none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.runtime.data.arrival import make_missing

if TYPE_CHECKING:
    from hanse.runtime.data.database import Database

IS_THERE = "select to_regclass('hanse.file_place') is not null"

MAKE = (
    # `id` is a mark of all that a File says, so that who finds it has found a File that is true,
    # and until all of that is known the same as `file`. `delete_time` hides a row from every
    # writer: it is set from the first moment until the content is kept, and again when nobody
    # refers to it. `look_time` is when that is looked for next. `name` is empty: a release before
    # this had it, and may still while both run.
    """
create table if not exists hanse.file (
  site_id text collate "C" not null,
  id uuid not null,
  file uuid not null,
  name text not null,
  size bigint not null default 0,
  media_type text not null default '',
  sha256 text not null default '',
  create_time timestamptz not null,
  look_time timestamptz not null,
  delete_time timestamptz,
  primary key (site_id, id),
  unique (site_id, file)
)""",
    "create index if not exists file_look_time on hanse.file (look_time) where delete_time is null",
    """
create index if not exists file_delete_time on hanse.file (delete_time)
where delete_time is not null""",
    """
create table if not exists hanse.file_key (
  single boolean primary key check (single),
  key bytea not null
)""",
    # Whose documents refer to files, of all hosts and releases: nobody else is asked.
    'create table if not exists hanse.file_place (relation text collate "C" primary key)',
)


async def make_tables(database: Database) -> None:
    """Makes them; hosts that begin at once wait for each other.

    Raises:
        HanseError: They cannot be made.
    """
    await make_missing(database, IS_THERE, MAKE)


async def add_place(database: Database, relation: str) -> None:
    """Notes that the documents of a table refer to files; noted once, it stays.

    Raises:
        HanseError: As `make_tables`.
    """
    await make_tables(database)
    await database.execute(
        "insert into hanse.file_place (relation) values ($1) on conflict do nothing", relation
    )
