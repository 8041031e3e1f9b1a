"""Makes the tables of flags where there are none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.runtime.data.arrival import make_missing

if TYPE_CHECKING:
    from hanse.runtime.data.database import Database

IS_THERE = "select to_regclass('hanse.flag_trial') is not null"

MAKE = (
    """
create table if not exists hanse.flag (
  name text collate "C" primary key,
  ruling jsonb not null,
  change_time timestamptz not null
)""",
    # Nothing of ours deletes from it, or changes what stands there.
    """
create table if not exists hanse.flag_change (
  revision bigint primary key,
  name text collate "C" not null,
  who text not null,
  reason text not null,
  change_time timestamptz not null,
  before jsonb not null,
  after jsonb not null
)""",
    "create index if not exists flag_change_name on hanse.flag_change (name, revision)",
    # What somebody drew of a flag that is sticky: the unit is a principal's id, a visitor's key, or
    # '' for the site as one.
    """
create table if not exists hanse.flag_draw (
  site_id text collate "C" not null,
  unit text collate "C" not null,
  name text collate "C" not null,
  round integer not null,
  value jsonb not null,
  draw_time timestamptz not null,
  primary key (site_id, unit, name)
)""",
    # What holds instead of a ruling, as long as somebody says so again and again.
    """
create table if not exists hanse.flag_trial (
  name text collate "C" primary key,
  deployment text not null,
  step text not null,
  ruling jsonb not null,
  watch_seconds double precision not null,
  until_time timestamptz not null
)""",
)


async def make_tables(database: Database) -> None:
    """Makes them; hosts that begin at once wait for each other.

    Raises:
        HanseError: They cannot be made.
    """
    await make_missing(database, IS_THERE, MAKE)
