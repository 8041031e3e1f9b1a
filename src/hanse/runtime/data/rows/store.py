"""`Store`: a class whose attributes are the SQL statements of a domain."""

from __future__ import annotations

import inspect
import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self

from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.runtime.contract.mistakes import DeclarationError, Mistakes
from hanse.runtime.data.migrations.schema_name import check_schema
from hanse.runtime.data.rows.answers import SCALARS, Answer, is_struct
from hanse.runtime.data.rows.statement import Statement

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hanse.runtime.data.database import Database
    from hanse.runtime.data.rows.checked import Checked

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
ROWS_MAX = 100_000


class Planned(NamedTuple):
    """A statement that may be run, and what becomes of its rows."""

    checked: Checked
    answer: Answer[Any]


class Store:
    """The SQL of a domain: subclass it and declare statements with `sql`.

        class Seats(Store, schema="venue"):
            taken = sql("select count(*) from seat where site_id = $1 and event = $2", int)

    A service asks for it in its constructor, by type. Each statement has to keep to the rows of
    the site it is run for, `$1`; that is proven when a host starts, or nothing starts. Its tables
    come from the files in `migrations/`, beside the module it stands in.

    What it keeps of persons it exports and erases by statements whose names begin with
    `export_person` and `erase_person`, and whose only argument is the person, `$2`.

    Args:
        schema: Where its tables are; a statement names no other, and need not name this one.
        shared: Tables that belong to no site.

    Raises:
        DeclarationError: When the class is made, with what is wrong with it as Python; when a
            host makes one, with what is wrong with its SQL.
    """

    schema: ClassVar[str] = ""
    shared: ClassVar[frozenset[str]] = frozenset()

    def __init_subclass__(
        cls, *, schema: str = "", shared: Iterable[str] = (), **options: Any
    ) -> None:
        super().__init_subclass__(**options)
        cls.schema = schema or cls.schema
        cls.shared = frozenset(shared) | cls.shared
        with Mistakes(f"Store {cls.__name__}").collecting() as mistakes:
            _check_names(cls, mistakes)
            for statement in statements_of(cls):
                _check_kind(f"{cls.__name__}.{statement.name}", statement, mistakes)

    def __init__(self, database: Database) -> None:
        from hanse.runtime.data.rows.proof import prove  # with what it takes to read SQL

        self.database = database
        self.plan = prove(type(self))

    @classmethod
    def __from_database__(cls, kind: type[Self], database: Database) -> Self:
        from hanse.runtime.data.rows.arrival import arrive

        try:
            store = kind(database)
        except DeclarationError as error:
            raise ConfigurationError(*error.problems) from error
        database.prepare(partial(arrive, kind, database))
        return store


def migrations_folder(store: type[Store]) -> Path:
    """Where the files are that make the tables of a store."""
    return Path(inspect.getfile(store)).parent / "migrations"


def statements_of(cls: type[Store]) -> list[Statement]:
    """What a store declares, its parents' first."""
    members = (item for parent in reversed(cls.__mro__) for item in vars(parent).items())
    found = dict(members)
    return [value for value in found.values() if isinstance(value, Statement)]


def _check_names(cls: type[Store], mistakes: Mistakes) -> None:
    if cls.schema:
        check_schema(cls.schema, cls.__name__, mistakes)
    else:
        remedy = f'say where its tables are: class {cls.__name__}(Store, schema="venue")'
        mistakes.add(cls.__name__, "has no schema", remedy)
    for taken in ("database", "plan", "schema", "shared"):
        if isinstance(vars(cls).get(taken), Statement):
            mistakes.add(f"{cls.__name__}.{taken}", "hides a part of Store", "rename it")
    for name in sorted(cls.shared):
        if not _NAME.fullmatch(name):
            remedy = "name tables in lower case, without their schema"
            mistakes.add(cls.__name__, f"shares {name!r}", remedy)


def _check_kind(where: str, statement: Statement, mistakes: Mistakes) -> None:
    kind = statement.kind
    if kind is not None and not is_struct(kind) and kind not in SCALARS:
        names = ", ".join(scalar.__name__ for scalar in SCALARS)
        mistakes.add(where, f"gives {kind!r}", f"give a struct, or one of {names}")
    if kind is not None and not 1 <= statement.rows <= ROWS_MAX:
        mistakes.add(where, f"gives {statement.rows} rows", f"1 to {ROWS_MAX}")
