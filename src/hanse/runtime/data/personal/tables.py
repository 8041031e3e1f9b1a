"""Makes the tables of personal data where there are none.

Who writes something sealed proves in the same statement that its key is still there, so that nobody
acknowledges what an erasure at this moment makes unreadable:

- for a key that is known, the row of `hanse.subject_key` with its `mark`, held `for key share`;
- for a new one, its row is inserted, while `hanse.keyring` is seen `for share` to be of the
  `generation` it is wrapped under: that is how no key is ever kept under one that is destroyed.
  If it is not, `await keys.refresh()` and draw again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.runtime.data.arrival import make_missing

if TYPE_CHECKING:
    from hanse.runtime.data.database import Database

IS_THERE = "select to_regclass('hanse.person_place') is not null"

MAKE = (
    # Which ring is this database's, and under which generation new keys are wrapped.
    """
create table if not exists hanse.keyring (
  single boolean primary key check (single),
  id text collate "C" not null,
  generation integer not null,
  rotate_time timestamptz not null
)""",
    # `purpose` is '' or says what is kept longer than the person; that goes at `destroy_time`.
    """
create table if not exists hanse.subject_key (
  site_id text collate "C" not null,
  subject text collate "C" not null,
  purpose text collate "C" not null,
  mark bytea not null,
  generation integer not null,
  wrapped bytea not null,
  destroy_time timestamptz,
  primary key (site_id, subject, purpose)
)""",
    "create index if not exists subject_key_generation on hanse.subject_key (generation)",
    """
create index if not exists subject_key_destroy_time on hanse.subject_key (destroy_time)
where destroy_time is not null""",
    # Whose erasure has begun, and whose has ended; `found` counts what was done, by table. At
    # `destroy_time` keys of theirs were destroyed last, which copies forget by the next rotation.
    """
create table if not exists hanse.erasure (
  site_id text collate "C" not null,
  subject text collate "C" not null,
  principal text collate "C" not null,
  begin_time timestamptz not null,
  end_time timestamptz,
  destroy_time timestamptz not null,
  found jsonb not null,
  primary key (site_id, subject)
)""",
    # What a law keeps of those who are erased. It stands here as it was sealed in its row, if that
    # is deleted ('moved'); else in its row, of which then the value goes, or all of it.
    """
create table if not exists hanse.kept (
  site_id text collate "C" not null,
  subject text collate "C" not null,
  relation text collate "C" not null,
  id uuid not null,
  path text collate "C" not null,
  reason text not null,
  destroy_time timestamptz not null,
  behind text not null check (behind in ('moved', 'field', 'row')),
  sealed jsonb,
  primary key (site_id, subject, relation, id, path)
)""",
    "create index if not exists kept_destroy_time on hanse.kept (destroy_time)",
    # Files that stood in what is erased, until they are gone.
    """
create table if not exists hanse.erased_file (
  site_id text collate "C" not null,
  subject text collate "C" not null,
  file text collate "C" not null,
  primary key (site_id, subject, file)
)""",
    # Where something of persons is kept and how it goes, of all hosts and releases.
    """
create table if not exists hanse.person_place (
  relation text collate "C" primary key,
  said jsonb not null
)""",
)


async def make_tables(database: Database) -> None:
    """Makes them; hosts that begin at once wait for each other.

    Raises:
        HanseError: They cannot be made.
    """
    await make_missing(database, IS_THERE, MAKE)
