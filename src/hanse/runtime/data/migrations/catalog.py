"""What a schema consists of, in sentences, so that two of them can be told apart in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.runtime.data.migrations.things import OF_TABLES, TYPES

if TYPE_CHECKING:
    from hanse.runtime.data.database import Database

# A sentence for each thing, without the names of servers and files, and in no order.
_CLASS = """
with space as (select oid from pg_catalog.pg_namespace where nspname = $1),
class as (
    select class.oid, class.relname, class.relkind,
        case class.relkind when 'v' then 'view' when 'm' then 'materialized view'
            when 'S' then 'sequence' else 'table' end as kind
    from pg_catalog.pg_class class, space
    where class.relnamespace = space.oid and class.relkind in ('r', 'p', 'v', 'm', 'S', 'f')
)
select format('%s %s', kind, relname) as thing from class
"""
_FURTHER = """
select format('view %s as %s', relname, pg_get_viewdef(oid)) from class where relkind in ('v', 'm')
union all
select pg_get_functiondef(entry.oid) from pg_catalog.pg_proc entry, space
where pronamespace = space.oid and prokind in ('f', 'p')
union all
select format('policy %s of %s: %s %s', polname, class.relname, pg_get_expr(polqual, polrelid),
    pg_get_expr(polwithcheck, polrelid))
from class join pg_catalog.pg_policy on polrelid = class.oid
"""
_THINGS = f"{_CLASS}union all{OF_TABLES}union all{TYPES}union all{_FURTHER}"


async def things_in(database: Database, schema: str) -> frozenset[str]:
    """Everything a schema consists of, a sentence each.

    Raises:
        HanseError: As `Database.fetch`.
    """
    rows = await database.fetch(_THINGS, schema)
    return frozenset(row["thing"] for row in rows)


def differences(migrated: frozenset[str], written: frozenset[str]) -> list[str]:
    """In which words the sum of migrations and `schema.sql` differ; none if they do not."""
    return [
        *(f"schema.sql lacks what migrations make: {each}" for each in sorted(migrated - written)),
        *(f"schema.sql has what no migration makes: {each}" for each in sorted(written - migrated)),
    ]
