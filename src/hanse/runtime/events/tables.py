"""Makes the table of events that are not told yet where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.runtime.data.arrival import make_missing

if TYPE_CHECKING:
    from hanse.runtime.data.database import Database

IS_THERE = "select to_regclass('hanse.outbox') is not null"

MAKE = (
    # `seq` is drawn while the row is held that the event tells of, so that it follows its key's
    # order; whoever reads takes the lowest that are there, and never those above the last it saw,
    # as one that was drawn before may be committed after. Rows live for a moment: they are cleared
    # away often, and are not compressed for it.
    """
create table if not exists hanse.outbox (
  seq bigint generated always as identity primary key,
  id uuid not null,
  partition smallint not null,
  type text collate "C" not null,
  envelope bytea not null
) with (
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000,
  autovacuum_vacuum_cost_delay = 0, autovacuum_vacuum_insert_threshold = -1,
  toast.autovacuum_vacuum_scale_factor = 0, toast.autovacuum_vacuum_threshold = 1000,
  toast.autovacuum_vacuum_cost_delay = 0, toast.autovacuum_vacuum_insert_threshold = -1
)""",
    "alter table hanse.outbox alter column envelope set storage external",
)


async def make_tables(database: Database) -> None:
    """Makes it; hosts that begin at once wait for each other.

    Raises:
        HanseError: It cannot be made.
    """
    await make_missing(database, IS_THERE, MAKE)
