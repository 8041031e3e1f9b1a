"""A statement, looked at from all sides: what may be sent to the server, or what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlglot import expressions as exp

from hanse.runtime.data.rows.grammar import name_of, read_statement
from hanse.runtime.data.rows.lexing import Note, read_letters
from hanse.runtime.data.rows.sites import Owned, Sites

if TYPE_CHECKING:
    from collections.abc import Iterable


class Checked(NamedTuple):
    """A statement that keeps to its site.

    Attributes:
        text: What is sent: tables with their schema, and a limit where it had none.
        arguments: How many it takes besides the site.
        of_site: Whether the site is the first; where only shared tables are used, none is bound.
        answers: Whether it gives rows.
        tables: Names of the tables it uses.
    """

    text: str
    arguments: int
    of_site: bool
    answers: bool
    tables: frozenset[str]


def check(text: str, owned: Owned, rows: int, note: Note) -> Checked | None:
    """Reads a statement; None where anything is wrong with it, all of which is noted.

    Args:
        text: One statement, as it was declared.
        owned: Whose tables it may use.
        rows: How many it may give at most.
        note: Takes down what is wrong, and the remedy.
    """
    wrong: list[tuple[str, str]] = []

    def noting(what: str, remedy: str) -> None:
        wrong.append((what, remedy))

    checked = _check(text, owned, rows, noting)
    for each in dict.fromkeys(wrong):
        note(*each)
    return None if wrong else checked


def _check(text: str, owned: Owned, rows: int, note: Note) -> Checked | None:
    letters = read_letters(text, note)
    tree = read_statement(letters, note) if letters is not None else None
    if letters is None or tree is None:
        return None
    sites = Sites(owned, note)
    sites.look(tree)
    _check_numbers(letters.parameters, note)
    answers = isinstance(tree, exp.Query) or tree.args.get("returning") is not None
    ending = _ending(tree, rows, note) if isinstance(tree, exp.Query) else ""
    of_site = 1 in letters.parameters
    shift = 0 if of_site else 1
    return Checked(
        letters.restored(_with_schema(letters.text, sites.tables, owned.schema) + ending, shift),
        max(letters.parameters, default=1) - 1,
        of_site,
        answers,
        frozenset(name_of(table.this) for table in sites.tables),
    )


def _check_numbers(numbers: frozenset[int], note: Note) -> None:
    wanted = range(2, max(numbers, default=1) + 1)
    missing = [f"${number}" for number in wanted if number not in numbers]
    if missing or 0 in numbers:
        note(
            f"has no {', '.join(missing) or '$1'}",
            "count its parameters from $2 on without a gap; $1 is the site",
        )


def _ending(tree: exp.Expr, rows: int, note: Note) -> str:
    """A limit for a query that has none: one more than it may give, so that it is noticed."""
    limit = tree.args.get("limit")
    if limit is None:
        return f"\nlimit {rows + 1}"
    count = limit.args.get("count" if isinstance(limit, exp.Fetch) else "expression")
    if isinstance(count, exp.Literal) and not count.is_string:
        if not count.name.isdecimal() or int(count.name) > rows:
            note(f"may give {count.name} rows", f"{rows} at most, or say rows={count.name}")
    elif not isinstance(count, exp.Column):
        note("has a limit that is no number", "write a number, or bind it")
    return ""


def _with_schema(text: str, tables: Iterable[exp.Table], schema: str) -> str:
    """The text with the schema before each table, so that no search path decides what it means."""
    starts = {table.this.meta["start"] for table in tables if table.args.get("db") is None}
    for start in sorted(starts, reverse=True):
        text = f"{text[:start]}{schema}.{text[start:]}"
    return text
