"""Makes the table of idempotency keys where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.runtime.data.arrival import make_missing

if TYPE_CHECKING:
    from hanse.runtime.data.database import Database

IS_THERE = "select to_regclass('hanse.idempotency') is not null"

MAKE = (
    # `failed` is null until there is an answer; `worked`: a part of the work is done without one.
    # Key, digest and answer are as `KeySeal` has them; `principal` stands there for older releases.
    """
create table if not exists hanse.idempotency (
  site_id text collate "C" not null,
  principal text collate "C" not null,
  method text collate "C" not null,
  key text collate "C" not null,
  digest bytea not null,
  token bytea not null,
  create_time timestamptz not null,
  lease_end timestamptz not null,
  worked boolean not null default false,
  failed boolean,
  answer bytea,
  primary key (site_id, principal, method, key)
)""",
    "create index if not exists idempotency_create_time on hanse.idempotency (create_time)",
)


async def make_tables(database: Database) -> None:
    """Makes it; hosts that begin at once wait for each other.

    Raises:
        HanseError: It cannot be made.
    """
    await make_missing(database, IS_THERE, MAKE)
