"""What the tables of stores have to be like, so that no site can come upon another's rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hanse.runtime.data.database import Database
    from hanse.runtime.data.record import Record

# All that a rule looks at, a row a table. A key is one of an index that is unique or excludes.
_TABLES = """
select
    class.relname as name,
    class.relkind in ('r', 'p') as plain,
    site.attnum is not null as has_site,
    format_type(site.atttypid, null) = 'text' as site_is_text,
    coalesce((
        select index.indkey[0] = site.attnum from pg_catalog.pg_index index
        where index.indrelid = class.oid and index.indisprimary
    ), false) as site_leads,
    coalesce((
        select rule.collisdeterministic from pg_catalog.pg_collation rule
        where rule.oid = site.attcollation
    ), true) as site_is_exact,
    array(
        select key.relname::text from pg_catalog.pg_index index
        join pg_catalog.pg_class key on key.oid = index.indexrelid
        where index.indrelid = class.oid and (index.indisunique or index.indisexclusion)
            and not coalesce(site.attnum = any(index.indkey), false)
        order by 1
    ) as loose_keys,
    array(
        select reference.conname::text from pg_catalog.pg_constraint reference
        where reference.conrelid = class.oid and reference.contype = 'f'
            and exists (
                select 1 from pg_catalog.pg_attribute other
                where other.attrelid = reference.confrelid and other.attname = 'site_id'
            )
            and not exists (
                select 1 from unnest(reference.conkey, reference.confkey) as pair(mine, theirs)
                join pg_catalog.pg_attribute other
                    on other.attrelid = reference.confrelid and other.attnum = pair.theirs
                where pair.mine = site.attnum and other.attname = 'site_id'
            )
        order by 1
    ) as loose_references
from pg_catalog.pg_class class
join pg_catalog.pg_namespace space on space.oid = class.relnamespace
left join pg_catalog.pg_attribute site
    on site.attrelid = class.oid and site.attname = 'site_id' and not site.attisdropped
where space.nspname = $1 and class.relkind in ('r', 'p', 'v', 'm', 'f')
order by class.relname
"""


async def problems_of(
    database: Database, schema: str, shared: frozenset[str], used: frozenset[str]
) -> list[str]:
    """What is wrong with the tables of a schema, and the remedy, one sentence each.

    Args:
        database: Where they are.
        schema: Whose.
        shared: Those that belong to no site.
        used: Those that statements name; views among them are not looked behind.
    """
    rows = await database.fetch(_TABLES, schema)
    return [
        f"{schema}.{row['name']} {what}"
        for row in rows
        if row["plain"] or row["name"] in used
        for what in _problems(row, shared)
    ]


def _problems(row: Record, shared: frozenset[str]) -> Iterator[str]:
    if not row["plain"]:
        yield "is no table of its own rows: select from the tables it is made of"
    elif row["name"] in shared:
        if row["has_site"]:
            yield "is declared shared and has site_id: take it off `shared`"
    elif not row["has_site"] or not row["site_leads"]:
        yield "has not site_id first in its primary key: put it there, or declare it `shared`"
    else:
        yield from _loose(row)


def _loose(row: Record) -> Iterator[str]:
    """Where rows of several sites could meet although each has its site."""
    if not row["site_is_text"] or not row["site_is_exact"]:
        yield 'has a site_id of another type: make it text collate "C"'
    for key in row["loose_keys"]:
        yield f"has {key}, unique over all sites: begin it with site_id"
    for reference in row["loose_references"]:
        yield f"refers by {reference} to rows of all sites: refer by site_id as well"
