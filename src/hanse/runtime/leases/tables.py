"""Makes the table of leases where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.runtime.data.arrival import make_missing

if TYPE_CHECKING:
    from hanse.runtime.data.database import Database

IS_THERE = "select to_regclass('hanse.lease') is not null"

MAKE = (
    # Rows stay when nobody holds them, for their epoch never goes back.
    """
create table if not exists hanse.lease (
  name text collate "C" primary key,
  epoch bigint not null,
  holder text collate "C" not null,
  until_time timestamptz not null
)""",
)


async def make_tables(database: Database) -> None:
    """Makes it; hosts that begin at once wait for each other.

    Raises:
        HanseError: It cannot be made.
    """
    await make_missing(database, IS_THERE, MAKE)
