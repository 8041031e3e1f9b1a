"""A second fence between sites, of the server's own, under everything a test does with data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hanse.kit.environment import variables
from hanse.runtime.call.context import running
from hanse.runtime.config.secret import Secret
from hanse.runtime.data.database import Database
from hanse.runtime.data.rows.row_security import GuardedDatabase

if TYPE_CHECKING:
    from hanse.runtime.data.database_config import DatabaseConfig
    from hanse.testing.servers.postgres_server import PostgresServer

VARIABLE = "HANSE_TEST_GUARDED"
ROLE = "hanse_guarded"

_MAKE_ROLE = f"""
do $$ begin create role {ROLE} login; exception when duplicate_object then null; end $$
"""

# Superusers are above it, so whoever makes the tables is none. What runs in no call is of no site:
# what sweeps looks at all of them, and sees them.
_GUARD = """
create function public.hanse_guard() returns event_trigger language plpgsql as $guard$
declare
  made oid;
  rule constant text :=
    'coalesce(current_setting(''hanse.site'', true), '''') in ('''', site_id::text)';
begin
  for made in select objid from pg_event_trigger_ddl_commands() where command_tag = 'CREATE TABLE'
  loop
    if exists (select from pg_attribute where attrelid = made and attname = 'site_id') then
      execute format('alter table %s enable row level security', made::regclass);
      execute format('alter table %s force row level security', made::regclass);
      execute format('create policy hanse_site on %s using (%s)', made::regclass, rule);
    end if;
  end loop;
end $guard$
"""

_TRIGGER = """
create event trigger hanse_guard on ddl_command_end when tag in ('CREATE TABLE')
execute function public.hanse_guard()
"""


class SiteGuard(GuardedDatabase):
    """A database that tells the server for which site each call's statements are."""

    def _guards(self) -> bool:
        return running.get() is not None


def guarded_by_default() -> bool:
    """Whether worlds are guarded that say nothing: where variable HANSE_TEST_GUARDED is 1."""
    return variables().get(VARIABLE) == "1"


async def guard(server: PostgresServer, url: str) -> DatabaseConfig:
    """Has a fresh database of a server keep the sites of all tables apart that are made in it.

    Returns:
        How it is reached by a login that is held to it, in a `SiteGuard`.

    Raises:
        HanseError: As `Database.execute`.
    """
    config = server.config(url)
    name = url.partition("@/")[2].partition("?")[0]
    async with Database(config) as admin:
        grant = f"grant create on database {name} to {ROLE}"
        public = f"grant create on schema public to {ROLE}"
        for text in (_MAKE_ROLE, grant, public, _GUARD, _TRIGGER):
            await admin.execute(text)
    _, _, place = url.partition("@")
    return msgspec.structs.replace(config, url=Secret(f"postgresql://{ROLE}@{place}"))
