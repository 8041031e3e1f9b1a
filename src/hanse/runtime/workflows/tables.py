"""Makes the tables of workflows where there are none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.runtime.data.arrival import make_missing
from hanse.runtime.leases.tables import make_tables as make_leases

if TYPE_CHECKING:
    from hanse.runtime.data.database import Database

IS_THERE = "select to_regclass('hanse.workflow_person') is not null"

# Who runs an instance is its holder, the name of a host's lease; nobody does where that is null.
# `wake_time` is when it goes on, of one that nobody runs; null where only a signal wakes it.
# `epoch` grows with each holding, so that who was stopped in between can write nothing.
# `link` names the step that began it, as W3C `traceparent`.
# `lane` is the line of a workflow with a limit; it goes on from its `admit_time`.
# `signals` counts what came from outside: who wants to rest has to have seen all of it. `unread`
# counts the signals that it has not taken, which lie in `workflow_signal`; `unread_bytes` theirs.
MAKE = (
    """
create table if not exists hanse.workflow (
  id uuid primary key,
  site_id text collate "C" not null,
  name text collate "C" not null,
  version integer not null,
  state text collate "C" not null,
  key text collate "C" not null,
  locale text collate "C" not null,
  input bytea not null,
  output bytea,
  holder text collate "C",
  epoch bigint not null,
  signals integer not null default 0,
  unread integer not null default 0,
  unread_bytes bigint not null default 0,
  canceling boolean not null default false,
  wake_time timestamptz,
  parent uuid,
  parent_place integer,
  lane text collate "C",
  link text collate "C" not null default '',
  admit_time timestamptz,
  create_time timestamptz not null,
  end_time timestamptz
) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02)""",
    """
create index if not exists workflow_due on hanse.workflow (name, version, wake_time)
where wake_time is not null""",
    """
create index if not exists workflow_holder on hanse.workflow (holder)
where holder is not null""",
    """
create index if not exists workflow_parent on hanse.workflow (parent)
where parent is not null""",
    """
create index if not exists workflow_held on hanse.workflow (name)
where state = 'held'""",
    """
create index if not exists workflow_line on hanse.workflow (name, lane, create_time, id)
where lane is not null and admit_time is null and end_time is null""",
    """
create index if not exists workflow_admitted on hanse.workflow (name, lane)
where admit_time is not null and end_time is null""",
    """
create index if not exists workflow_begun on hanse.workflow (name, lane, admit_time)
where admit_time is not null""",
    """
create index if not exists workflow_site on hanse.workflow (site_id, name, create_time, id)""",
    """
create index if not exists workflow_end on hanse.workflow (end_time)
where end_time is not null""",
    # `failed` is null as long as the entry has come to no end; `time` is then when it goes on.
    """
create table if not exists hanse.journal (
  workflow uuid not null,
  place integer not null,
  kind text collate "C" not null,
  name text collate "C" not null,
  failed boolean,
  attempt integer not null,
  value bytea not null,
  time timestamptz not null,
  primary key (workflow, place)
) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02)""",
    """
create table if not exists hanse.workflow_signal (
  workflow uuid not null,
  number integer not null,
  name text collate "C" not null,
  value bytea not null,
  time timestamptz not null,
  primary key (workflow, number)
)""",
    """
create table if not exists hanse.workflow_served (
  name text collate "C" not null,
  version integer not null,
  host text collate "C" not null,
  primary key (name, version, host)
)""",
    """
create table if not exists hanse.workflow_schedule (
  name text collate "C" primary key,
  cron text collate "C" not null,
  zone text collate "C" not null,
  next_time timestamptz not null
)""",
    # Of whom an instance keeps something: `main` is whose it is, and who `ends` takes it along.
    """
create table if not exists hanse.workflow_person (
  site_id text collate "C" not null,
  subject text collate "C" not null,
  workflow uuid not null,
  main boolean not null,
  ends boolean not null,
  primary key (site_id, subject, workflow)
)""",
    """
create index if not exists workflow_person_workflow on hanse.workflow_person (workflow)""",
)


async def make_tables(database: Database) -> None:
    """Makes them; hosts that begin at once wait for each other.

    Raises:
        HanseError: They cannot be made.
    """
    await make_leases(database)
    await make_missing(database, IS_THERE, MAKE)
