"""The view of a table: every field a column of its own type, for reports."""

from __future__ import annotations

import hashlib
import logging
import math
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from hanse.kit.type_id import ALPHABET
from hanse.runtime.data.entity.expression import column, quoted
from hanse.runtime.data.entity.table_index import NAME_LENGTH_MAX
from hanse.runtime.data.table.brief import briefly, until_unlocked
from hanse.runtime.errors import Aborted, HanseError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hanse.runtime.data.database import Database
    from hanse.runtime.data.entity.leaf import Leaf
    from hanse.runtime.data.entity.model import EntityModel

log = logging.getLogger("hanse.data")

Columns: TypeAlias = dict[str, tuple[str, str]]
"""Type and SQL of each column, by name and in order."""

_LOOK = """
select c.relkind::text as kind, obj_description(c.oid, 'pg_class') as comment,
a.attname::text as name, format_type(a.atttypid, null) as type
from pg_class c join pg_attribute a on a.attrelid = c.oid
where c.oid = to_regclass($1) and a.attnum > 0 and not a.attisdropped order by a.attnum
"""

_MOMENT = "timestamp with time zone"

# Of 128 bits 26 digits of five; the first has but three, and two zeros before them.
_ID = (
    "{prefix} || (select string_agg(substr('{alphabet}', 1 + substring(bits from 5 * n + 3 for 5)"
    "::int, 1), '' order by n) from (select ('x0' || replace(id::text, '-', ''))::bit(132) "
    "as bits offset 0) as id, generate_series(0, 25) as n)"
)


class Made(msgspec.Struct, frozen=True):
    """What a view's comment keeps of how it was made.

    Attributes:
        shape: That of its entity in the release that made it.
        columns: As they were made.
    """

    shape: int
    columns: Columns


async def keep_view(database: Database, model: EntityModel) -> None:
    """Has a table's view be as its entity is; no host waits for who reads a view, or fails by it.

    Raises:
        Unavailable: The database is away.
    """
    try:
        await make_view(database, model)
    except Aborted:
        database.upkeep.meanwhile(partial(_keep_on, database, model))
    except Unavailable:
        raise
    except HanseError as error:
        log.warning("%s is not made: %s", view_name(model), error.__cause__ or error)


async def make_view(database: Database, model: EntityModel) -> None:
    """Makes or replaces a view, if it is not as its entity is.

    Grants stay, and columns too: those that this release does not know are another's, or what
    reports still ask for.

    Raises:
        Aborted: Somebody reads it just now.
        HanseError: The database is away, or this login may not.
    """
    if await _statements(database, model):
        async with briefly(database):
            await database.lock(f"view {view_name(model)}")
            for statement in await _statements(database, model):
                await database.execute(statement)


def view_name(model: EntityModel) -> str:
    """Of `crm.contacts` it is `crm.contacts_view`."""
    return f"{model.full_table}_view"


def columns_of(model: EntityModel) -> Columns:
    """What is declared: columns of the table, and a column for each value of a document."""
    columns: Columns = {
        "site_id": ("text", "site_id"),
        "id": ("text", _ID.format(prefix=quoted(f"{model.prefix}_"), alphabet=ALPHABET)),
        "id.uuid": ("uuid", "id"),
        "revision": ("bigint", "revision"),
        "create_time": (_MOMENT, "create_time"),
        "update_time": (_MOMENT, "update_time"),
    }
    masked = {one.path for one in model.personal}
    return columns | {
        _named(leaf, columns): _masked(leaf) if leaf.path in masked else _shown(leaf, model.shape)
        for leaf in model.leaves
        if leaf.name not in model.secrets
    }


async def _keep_on(database: Database, model: EntityModel) -> None:
    try:
        await until_unlocked(partial(make_view, database, model), math.inf)
    except HanseError as error:
        log.warning("%s is not made: %s", view_name(model), error.__cause__ or error)


async def _statements(database: Database, model: EntityModel) -> tuple[str, ...]:
    """What makes the view as it should be; nothing where it is, or where it is not for us."""
    rows = await database.fetch(_LOOK, view_name(model))
    wanted = columns_of(model)
    if rows:
        made = _made(rows)
        if made is None:
            log.warning("%s is there and not ours; reports have none", view_name(model))
            return ()
        if made.shape > model.shape or _differ(rows, wanted, model):
            return ()
        kept = {name: _kept(name, one, model) for name, one in made.columns.items()}
        wanted = {name: wanted.get(name, one) for name, one in kept.items()} | wanted
        if Made(model.shape, wanted) == made:
            return ()
    return tuple(_making(model, wanted))


def _made(rows: Iterable[Any]) -> Made | None:
    """How a view was made; None for what is no view, or none of ours."""
    for row in rows:
        _, _, kept = (row["comment"] or "").rpartition("\n")
        try:
            return msgspec.json.decode(kept, type=Made) if row["kind"] == "v" else None
        except msgspec.DecodeError:
            return None
    return None


def _differ(rows: Iterable[Any], wanted: Columns, model: EntityModel) -> bool:
    """Whether a column is of another type, which no view changes while it is there."""
    changed = [
        f"{row['name']} from {row['type']} to {wanted[row['name']][0]}"
        for row in rows
        if row["name"] in wanted and wanted[row["name"]][0] != row["type"]
    ]
    if changed:
        what, name = ", ".join(changed), view_name(model)
        log.warning("%s stays as it is: %s; drop it, and it is made anew", name, what)
    return bool(changed)


def _making(model: EntityModel, columns: Columns) -> Iterable[str]:
    name = view_name(model)
    listed = ", ".join(f'{sql} as "{one}"' for one, (_, sql) in columns.items())
    alive = " where delete_time is null" if model.soft else ""
    yield f"create or replace view {name} as select {listed} from {model.full_table}{alive}"
    kept = msgspec.json.encode(Made(model.shape, columns)).decode()
    comment = f"{model.doc}\n\n{kept}"
    yield f"comment on view {name} is {quoted(comment)}"


def _kept(name: str, column: tuple[str, str], model: EntityModel) -> tuple[str, str]:
    """A column that this release does not know; nothing where it is inside of what is personal."""
    inside = name in model.secrets or any(
        name.startswith(f"{one.leaf.name}.") for one in model.personal
    )
    return (column[0], _nothing(column[0])) if inside else column


def _masked(leaf: Leaf) -> tuple[str, str]:
    """A column of what is personal: of a text only whether there is one."""
    kind, sql = column(leaf)
    if kind == "text":
        return kind, f"case when {sql} <> '' then '***' collate \"C\" end"
    return kind, _nothing(kind)


def _nothing(kind: str) -> str:
    """Null as SQL, as a view that is there takes it in the place of a value."""
    return 'null::text collate "C"' if kind == "text" else f"null::{kind}"


def _named(leaf: Leaf, taken: Columns) -> str:
    """A field's path, as queries say it; cut off where PostgreSQL would."""
    name = f"doc.{leaf.name}" if leaf.name in taken else leaf.name
    if len(name) <= NAME_LENGTH_MAX:
        return name
    mark = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{name[: NAME_LENGTH_MAX - len(mark) - 1]}_{mark}"


def _shown(leaf: Leaf, shape: int) -> tuple[str, str]:
    """Type and SQL of a field. What an older shape has there might not be of that type."""
    kind, sql = column(leaf)
    if shape == 1 or kind in {"text", "jsonb"}:
        return kind, sql
    return kind, f"case when shape >= {shape} then {sql} end"
