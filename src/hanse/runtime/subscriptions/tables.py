"""Makes the tables of subscriptions where there are none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.runtime.data.arrival import make_missing

if TYPE_CHECKING:
    from hanse.runtime.data.database import Database

IS_THERE = """
select exists (select from pg_attribute
               where attrelid = to_regclass('hanse.subscriber') and attname = 'share')
"""

MAKE = (
    # What was read for a subscription and is passed by now: `sweep_seq`, once all is above
    # `sweep_until`.
    """
create table if not exists hanse.subscription (
  id int generated always as identity primary key,
  name text collate "C" not null unique,
  create_time timestamptz not null,
  sweep_seq bigint not null default 0,
  sweep_until bigint not null default 0
)""",
    # Epoch 0 reads what comes, others read a part of the past once more.
    """
create table if not exists hanse.event_replay (
  subscription int not null references hanse.subscription on delete cascade,
  replay_epoch int not null,
  from_seq bigint not null,
  to_seq bigint not null,
  create_time timestamptz not null,
  done_time timestamptz,
  primary key (subscription, replay_epoch)
)""",
    # Everything up to `position` is handled, parked or none of its business. Who holds the
    # partition says so with its `epoch`, which never goes back.
    """
create table if not exists hanse.delivery (
  subscription int not null references hanse.subscription on delete cascade,
  replay_epoch int not null default 0,
  partition smallint not null,
  position bigint not null,
  epoch bigint not null default 0,
  holder text collate "C",
  until_time timestamptz not null default '-infinity',
  primary key (subscription, replay_epoch, partition)
) with (fillfactor = 50)""",
    # Hosts that would take partitions, so that each knows what its fair share is; of each feed by
    # itself, which one host may have lost, or not have heard of, while it reads another. Who
    # does not reach the broker has none while others do.
    """
create table if not exists hanse.subscriber (
  subscription int not null references hanse.subscription on delete cascade,
  replay_epoch int not null default 0,
  holder text collate "C" not null,
  until_time timestamptz not null,
  reads boolean not null default true,
  share double precision not null default 1,
  constraint subscriber_pkey primary key (subscription, replay_epoch, holder)
)""",
    # As an earlier release made it.
    "alter table hanse.subscriber add column if not exists replay_epoch int not null default 0",
    "alter table hanse.subscriber add column if not exists reads boolean not null default true",
    """
alter table hanse.subscriber add column if not exists share double precision not null default 1""",
    """
alter table hanse.subscriber drop constraint subscriber_pkey,
  add constraint subscriber_pkey primary key (subscription, replay_epoch, holder)""",
    """
create table if not exists hanse.inbox (
  subscription int not null,
  replay_epoch int not null,
  event uuid not null,
  stream_seq bigint not null,
  primary key (subscription, replay_epoch, event)
)""",
    "create index if not exists inbox_stream_seq on hanse.inbox (subscription, stream_seq)",
    """
create table if not exists hanse.parked (
  subscription int not null,
  replay_epoch int not null,
  event uuid not null,
  site_id text collate "C" not null,
  key text collate "C" not null,
  partition smallint not null,
  stream_seq bigint not null,
  type text collate "C" not null,
  envelope bytea not null,
  attempt int not null,
  park_time timestamptz not null,
  due_time timestamptz not null,
  state text not null check (state in ('waiting', 'dead')),
  error text not null,
  edited_from uuid,
  primary key (subscription, replay_epoch, event)
)""",
    """
create index if not exists parked_key on hanse.parked
  (subscription, replay_epoch, site_id, key, stream_seq)""",
    "create index if not exists parked_due_time on hanse.parked (subscription, due_time)",
)


async def make_tables(database: Database) -> None:
    """Makes them; hosts that begin at once wait for each other.

    Raises:
        HanseError: They cannot be made.
    """
    await make_missing(database, IS_THERE, MAKE)
