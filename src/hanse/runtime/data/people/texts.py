"""The statements that find, count, delete and blank what is of a person; all begin with the site.

Values are bound; names of tables, expressions and paths are those of declarations.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.runtime.data.entity.expression import TOKEN_LENGTH, inside, quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hanse.runtime.data.people.place import Rows, Value, Whose

AT_ONCE = 200
"""Rows of one transaction."""

# What is gone or blanked is counted in the statement that does it, and its files are noted.
# $3 is the table, $4 the name under which the erasure is written down.
_TOLD = """
told as (
  update hanse.erasure e set found = jsonb_set(e.found, array[$3],
    to_jsonb(coalesce((e.found ->> $3)::bigint, 0) + (select count(*) from found)))
  where e.site_id = $1 and e.subject = $4 and exists (select from found)
),
dropped as (
  insert into hanse.erased_file (site_id, subject, file)
  select distinct $1, $4, f #>> '{}'
  from found, unnest(found.said) as s (value),
    jsonb_path_query(s.value, '$.**.id ? (@ starts with "file_")') as f
  on conflict do nothing
)
"""

# The arguments of `Keeping`, and what they say of some rows.
_KEPT = """
insert into hanse.kept (site_id, subject, relation, id, path, reason, destroy_time, behind, sealed)
select $1, k.subject, $3, found.id, k.path, k.reason, k.destroy_time, k.behind,
  case k.behind when 'moved' then found.doc #> string_to_array(k.path, '.') end
from found, unnest($5::text[], $6::text[], $7::text[], $8::timestamptz[], $9::text[])
  as k (subject, path, reason, destroy_time, behind)
where found.doc #> string_to_array(k.path, '.') <> 'null'
on conflict do nothing
"""


def passes(rows: Rows) -> Sequence[str]:
    """What is looked at one after another: an index knows nothing of what is deleted softly."""
    if rows.soft:
        return (" and delete_time is null", " and delete_time is not null")
    return ("",)


def delete(rows: Rows, whose: Whose, only: str) -> str:
    """Deletes some rows; what is kept of them moves to where it is kept. Gives their number."""
    return (
        f"with found as materialized (select id, doc, array[doc] as said from {rows.relation} "
        f"where {_here(whose)}{only} limit {AT_ONCE} for update), kept as ({_KEPT}), {_TOLD}, "
        f"gone as (delete from {rows.relation} t using found where t.site_id = $1 "
        "and t.id = found.id returning 1) select count(*) as number from gone"
    )


def blank(rows: Rows, whose: Whose, only: str) -> str:
    """Puts values back to their defaults at $5. Gives the number of rows.

    Where something is kept, whose it is stays too, or nobody would find it.
    """
    fields = [one for one in rows.of(whose) if one.erase == "field"]
    others = [one for one in fields if ".".join(one.path) != whose.path]
    keeps = _says_any([one for one in rows.of(whose) if one.erase == "keep"])
    said = [inside("doc", value.path) for value in fields]
    return (
        f"with found as materialized (select id, array[{', '.join(said)}] as said, "
        f"{keeps} as keeps from {rows.relation} where {_here(whose)}{only} and "
        f"case when {keeps} then {_has_any(others)} else {_has_any(fields)} end "
        f"limit {AT_ONCE} for update), {_TOLD}, "
        f"changed as (update {rows.relation} t set doc = case when found.keeps "
        f"then {_without('t.doc', others)} else {_without('t.doc', fields)} end, "
        "revision = t.revision + 1, update_time = $5 from found "
        "where t.site_id = $1 and t.id = found.id returning 1) "
        "select count(*) as number from changed"
    )


def keep(rows: Rows, whose: Whose, only: str) -> str:
    """Notes what stays in its rows for a while; what is noted already stays so."""
    keeps = _says_any([one for one in rows.of(whose) if one.erase == "keep"])
    return (
        f"with found as (select id, doc from {rows.relation} where {_here(whose)}{only} "
        f"and {keeps}), name as (select $4::text) {_KEPT}"
    )


def count(rows: Rows, whose: Whose, values: Sequence[Value], only: str) -> str:
    """How many rows there are, and in how many of them each value says something."""
    each = (
        f", count(*) filter (where {inside('doc', value.path)} <> 'null') as value_{at}"
        for at, value in enumerate(values)
    )
    return (
        f"select count(*) as number{''.join(each)} from {rows.relation} where {_here(whose)}{only}"
    )


def page(rows: Rows, whose: Whose, only: str) -> str:
    """Some rows after $3, in the order of their ids."""
    return (
        "select id, revision, create_time, update_time, delete_time, doc "
        f"from {rows.relation} where {_here(whose)}{only} and id > $3 order by id limit {AT_ONCE}"
    )


def _has_any(values: Sequence[Value]) -> str:
    """Whether any of these stands there."""
    there = [f"{inside('doc', value.path)} is not null" for value in values]
    return f"({' or '.join(there)})" if there else "false"


def _says_any(values: Sequence[Value]) -> str:
    """Whether any of these says something."""
    said = [f"coalesce({inside('doc', value.path)} <> 'null', false)" for value in values]
    return f"({' or '.join(said)})" if said else "false"


def _without(document: str, values: Sequence[Value]) -> str:
    """A document that lacks some values, so that their defaults count."""
    paths = (f"array[{', '.join(map(quoted, value.path))}]" for value in values)
    return "".join([document, *(f" #- {path}" for path in paths)])


def _here(whose: Whose) -> str:
    if not whose.unsealed:
        return f"site_id = $1 and {whose.expression or 'id'} = $2"
    # The index is of a part of each text: of a token, or of what stands in its place.
    part = f"substr($2::text, 2, {TOKEN_LENGTH})"
    said = inside("doc", tuple(whose.path.split(".")), "->>")
    return f"site_id = $1 and {whose.expression} = {part} and {said} = $2"
