"""Whether statements fit the tables as they are: the server reads each before any is run."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin
from uuid import UUID

from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.runtime.data.rows.answers import SCALARS, fields_of, is_struct
from hanse.runtime.data.rows.proof import prove
from hanse.runtime.data.rows.store import statements_of
from hanse.runtime.data.rows.tables import problems_of
from hanse.runtime.errors import DeadlineExceeded, HanseError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from hanse.runtime.data.database import Database
    from hanse.runtime.data.rows.statement import Statement
    from hanse.runtime.data.rows.store import Planned, Store

_PYTHON: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("int2", "int4", "int8"), (int, float)),
    **dict.fromkeys(("float4", "float8"), (float,)),
    **dict.fromkeys(("text", "varchar", "bpchar", "name"), (str,)),
    "numeric": (Decimal,),
    "bool": (bool,),
    "uuid": (UUID,),
    "timestamptz": (datetime,),
    "date": (date,),
    "time": (time,),
    "interval": (timedelta,),
    "bytea": (bytes,),
    "jsonb": (),
    "timestamp": (),
    "json": (),
}
"""Which scalars a type of PostgreSQL comes as; `timestamp` has no zone, and `json` no binary."""

_REMEDY = {
    "timestamp": "make the column timestamptz",
    "json": "make the column jsonb",
}


class StoreError(ConfigurationError):
    """Stores and their tables do not fit each other; all that is wrong is in `problems`."""


async def fit(database: Database, stores: Iterable[type[Store]]) -> None:
    """Has the server read every statement of stores, and looks at their tables.

    Raises:
        StoreError: A table or column is missing, of another type, or not kept apart by site; with
            all of it.
        HanseError: The database cannot be reached.
    """
    problems: list[str] = []
    used: dict[str, tuple[frozenset[str], frozenset[str]]] = {}
    for store in stores:
        plan = prove(store)
        for statement in statements_of(store):
            where = f"{store.__name__}.{statement.name}"
            said = await _statement_problems(database, statement, plan[statement.name])
            problems += [f"{where}: {problem}" for problem in said]
        tables = frozenset[str]().union(*(each.checked.tables for each in plan.values()))
        shared, known = used.get(store.schema, (frozenset(), frozenset()))
        used[store.schema] = (shared | store.shared, known | tables)
    for schema, (shared, tables) in used.items():
        problems += await problems_of(database, schema, shared, tables)
    if problems:
        raise StoreError(*problems)


async def _statement_problems(
    database: Database, statement: Statement, planned: Planned
) -> list[str]:
    try:
        parameters, columns = await database.describe(planned.checked.text)
    except (Unavailable, DeadlineExceeded):
        raise
    except HanseError as error:
        said = error.__cause__ or error
        return [f"PostgreSQL says {said} → mend it, or write the migration it needs"]
    problems: list[str] = []
    if planned.checked.of_site and parameters[:1] != ["text"]:
        problems.append(f"$1 is {parameters[0]} → it is the site, a text")
    if statement.kind is not None:
        problems += _column_problems(columns, statement.kind)
    return problems


def _column_problems(columns: Mapping[str, str], kind: type[Any]) -> Iterator[str]:
    if not is_struct(kind):
        if len(columns) != 1:
            yield f"gives {len(columns)} columns for one {kind.__name__} → select one"
        else:
            yield from _misfits("", next(iter(columns.values())), kind)
        return
    fields = fields_of(kind)
    for name in columns:
        if name not in fields:
            yield f"gives {name}, which {kind.__name__} has not → leave it out, or add it there"
    for name, field in fields.items():
        if name in columns:
            yield from _misfits(f"{name} ", columns[name], field.type)
        elif field.required:
            yield f"gives no {name}, which {kind.__name__} needs → select it"


def _misfits(name: str, column: str, kind: Any) -> Iterator[str]:
    wanted = _PYTHON.get(column)
    kinds = [each for each in _alternatives(kind) if each is not type(None)]
    if wanted is None or any(each in wanted or each not in SCALARS for each in kinds):
        return
    shown = " | ".join(getattr(each, "__name__", str(each)) for each in kinds)
    remedy = _REMEDY.get(column, "declare what it is, or cast it")
    yield f"gives {name}as {column}, which is no {shown} → {remedy}"


def _alternatives(kind: Any) -> Iterator[Any]:
    """The types of a union, without what is said about them."""
    if get_origin(kind) is Annotated:
        yield from _alternatives(get_args(kind)[0])
    elif get_origin(kind) in (Union, UnionType):
        for each in get_args(kind):
            yield from _alternatives(each)
    else:
        yield kind
