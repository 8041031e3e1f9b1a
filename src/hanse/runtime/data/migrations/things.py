"""What tables consist of, a sentence each, in SQL: for all who ask what lies in a schema."""

from __future__ import annotations

OF_TABLES = """
select format('column %s.%s %s%s%s%s', class.relname, attname,
    format_type(atttypid, atttypmod),
    (select format(' collate %I', collname) from pg_catalog.pg_collation rule
        where rule.oid = attcollation and collname <> 'default'),
    case when attnotnull then ' not null' end,
    format(' %s %s', nullif(attgenerated::text, '') || nullif(attidentity::text, ''),
        pg_get_expr(adbin, adrelid)))
from class join pg_catalog.pg_attribute on attrelid = class.oid
left join pg_catalog.pg_attrdef on adrelid = attrelid and adnum = attnum
where attnum > 0 and not attisdropped and class.relkind in ('r', 'p', 'f')
union all
select format('constraint %s of %s: %s', conname, class.relname, pg_get_constraintdef(entry.oid))
from class join pg_catalog.pg_constraint entry on conrelid = class.oid where contype <> 'n'
union all
select format('index %s%s', pg_get_indexdef(indexrelid),
    case when not indisvalid then ' (broken)' end)
from class join pg_catalog.pg_index on indrelid = class.oid
union all
select pg_get_triggerdef(entry.oid) from class
join pg_catalog.pg_trigger entry on tgrelid = class.oid where not tgisinternal
"""
"""Columns, constraints, indexes and triggers of the rows of a `class` that stands before it, with
`oid`, `relname` and `relkind`."""

TYPES = """
select format('type %s of %s', typname, (select string_agg(enumlabel, ', ' order by enumsortorder)
    from pg_catalog.pg_enum where enumtypid = entry.oid))
from pg_catalog.pg_type entry
where typnamespace = to_regnamespace(quote_ident($1)) and typtype in ('e', 'd')
"""
"""Enumerations and domains of the schema `$1`."""
