"""What a migration may not do, by when it runs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hanse.runtime.data.migrations.script import Statement

CONCURRENT = re.compile(
    r"create (?:unique )?index concurrently (?P<made>[a-z_][a-z0-9_]*) on (?:only )?(?P<on>\w+)\."
    r"|drop index concurrently if exists (?P<of>\w+)\."
)
"""What may run outside of a transaction: it can be begun anew after it was broken off."""

_ENDS = re.compile(r"(begin|start|commit|rollback|end|abort|savepoint|release|prepare)\b")
_ALONE = re.compile(r"(vacuum|create database|drop database|alter system)\b|.*\bconcurrently\b")
_SESSION = re.compile(r"(set(?! local)|reset|discard|listen|load|lock table .* nowait)\b")

# A host of the release before still runs while pre runs, and reads and writes as it always did.
_BREAKS = (
    (re.compile(r"drop (table|view|materialized|type|domain|schema|function)\b"),
     "drops something"),
    (re.compile(r"alter table .*\bdrop (?!constraint|default|not null|expression|identity)"),
     "drops a column"),
    (re.compile(r"alter (table|view|type|index|schema|sequence) .*\brename\b"),
     "renames something"),
    (re.compile(r"alter table .*\balter (column )?\S+ (set data )?type\b"), "changes a type"),
    (re.compile(r"alter table .*\bset not null\b"), "forbids null"),
    (re.compile(r"alter table .*\badd (column )?(if not exists )?(?!constraint|primary|unique|check"
                r"|foreign|exclude)[^,]*\bnot null\b(?!.*\b(default|generated)\b)"),
     "adds a column that has to be given"),
    (re.compile(r"truncate\b"), "empties a table"),
    (re.compile(r"alter table .*\bset schema\b"), "moves a table"),
)  # fmt: skip


def cautions(statements: list[Statement], phase: str, *, concurrent: bool) -> Iterator[str]:
    """What is wrong with a file, with the remedy, one sentence each."""
    if concurrent:
        yield from _about_concurrent(statements)
        return
    for statement in statements:
        shown = _shown(statement)
        if _ENDS.match(statement.plain):
            yield f"{shown} ends the transaction the file is: leave it out"
        elif _ALONE.match(statement.plain):
            remedy = "write it alone in a file that says `-- hanse: concurrently`"
            yield f"{shown} cannot run in a transaction: {remedy}"
        elif _SESSION.match(statement.plain):
            yield f"{shown} lasts longer than the file: write set local"
        for pattern, what in _BREAKS if phase == "pre" else ():
            if pattern.match(statement.plain):
                yield f"{shown} {what}, which breaks the release before: make it a post migration"


def _about_concurrent(statements: list[Statement]) -> Iterator[str]:
    if len(statements) != 1:
        yield f"runs outside of a transaction and has {len(statements)} statements: write just one"
    for statement in statements:
        if not CONCURRENT.match(statement.plain):
            remedy = (
                "only `create index concurrently NAME on SCHEMA.TABLE …` and "
                "`drop index concurrently if exists SCHEMA.NAME`"
            )
            yield f"{_shown(statement)} may not run outside of a transaction: {remedy}"


def _shown(statement: Statement) -> str:
    words = statement.plain.split(" ")
    return "`" + " ".join(words[:6]) + (" …`" if len(words) > 6 else "`")
