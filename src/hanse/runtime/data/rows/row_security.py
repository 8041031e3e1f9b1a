"""A second net under the proof: the server itself shows a statement only the rows of its site."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hanse.runtime.call.context import running
from hanse.runtime.data.access import Access
from hanse.runtime.data.database import Database
from hanse.runtime.data.unit import transaction_here

if TYPE_CHECKING:
    from hanse.runtime.data.record import Record
    from hanse.runtime.data.session import Session
    from hanse.runtime.data.transaction import Opening

_TABLES = """
    select class.relname as name from pg_catalog.pg_class class
    join pg_catalog.pg_namespace space on space.oid = class.relnamespace
    where space.nspname = $1 and class.relkind in ('r', 'p') and exists (
        select 1 from pg_catalog.pg_attribute site
        where site.attrelid = class.oid and site.attname = 'site_id' and not site.attisdropped
    )
    order by class.relname
"""
_RULE = "site_id = pg_catalog.current_setting('hanse.site', true)"
_SITE = "select pg_catalog.set_config('hanse.site', $1, true)"


async def force_row_security(database: Database, schema: str, role: str) -> None:
    """Has the server keep the sites of a schema apart, for everybody but superusers.

    It doubles the price of a statement, so it is for test suites that run once with it: any
    difference to a run without is a statement that left its site.

    Args:
        database: Whose user owns the tables.
        schema: Their schema; all that have `site_id` are meant.
        role: May then use them: a user without rights of its own, whose database is a
            `GuardedDatabase`.

    Raises:
        HanseError: As `Database.execute`.
    """
    for row in await database.fetch(_TABLES, schema):
        table = f'{schema}."{row["name"]}"'
        for text in (
            f"alter table {table} enable row level security",
            f"alter table {table} force row level security",
            f"drop policy if exists hanse_site on {table}",
            f"create policy hanse_site on {table} using ({_RULE}) with check ({_RULE})",
        ):
            await database.execute(text)
    for name in (schema, "hanse"):
        await database.execute(f"grant usage on schema {name} to {role}")
        await database.execute(f"grant all on all tables in schema {name} to {role}")


class GuardedAccess(Access):
    """Tells the server for which site each transaction is, as it begins."""

    async def begin(self, command: str) -> Session:
        async def both(session: Session) -> None:
            await session.begin(command)
            await session.run(_SITE, (_site(),))

        session, _ = await self._on_session(both, again=True)
        return session

    async def begin_with(self, command: str, first: Opening) -> tuple[Session, str]:
        async def all_three(session: Session) -> str:
            await session.begin(command)
            await session.run(_SITE, (_site(),))
            return await session.command(first.plain)

        return await self._on_session(all_three, again=True)


class GuardedDatabase(Database):
    """A database that tells the server for which site each transaction is; all is in one."""

    _reached_by = GuardedAccess

    async def fetch(self, text: str, *arguments: Any) -> list[Record]:
        if transaction_here(self) is not None or not self._guards():
            return await super().fetch(text, *arguments)
        async with self.transaction():
            return await super().fetch(text, *arguments)

    async def execute(self, text: str, *arguments: Any) -> int:
        if transaction_here(self) is not None or not self._guards():
            return await super().execute(text, *arguments)
        async with self.transaction():
            return await super().execute(text, *arguments)

    def _guards(self) -> bool:
        """Whether what begins now is held to a site."""
        return True


def _site() -> str:
    """The site of the running call; none where none is running, so that nothing is seen."""
    call = running.get()
    return call.origin.site if call is not None else ""
