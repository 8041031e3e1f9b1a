"""The SQL of a value inside a document, of immutable built-ins alone: an index may be of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.json import encode

from hanse.runtime.data.entity.leaf import ABSENT
from hanse.runtime.data.entity.personal import is_blind

if TYPE_CHECKING:
    from collections.abc import Callable

    from hanse.runtime.data.entity.leaf import Leaf
    from hanse.runtime.data.query.fields import Kind

TOKEN_LENGTH = 22
"""Characters of what stands for a sealed text, after the first one."""

_CASTS: dict[Kind, str] = {
    "text": '({}) collate "C"',
    "date": '({}) collate "C"',
    # As msgspec writes it in UTC, of 20 or 27 characters; so it sorts as it follows in time.
    "instant": "rpad(rtrim({}, 'Z'), 26, '.000000') collate \"C\"",
    "integer": "({})::bigint",
    "number": "({})::float8",
    "decimal": "({})::numeric",
    "boolean": "({})::boolean",
    "uuid": "({})::uuid",
}

_COLUMNS: dict[Kind, tuple[str, str]] = {
    "text": ("text", _CASTS["text"]),
    "date": ("date", "({})::date"),
    "instant": ("timestamp with time zone", "({})::timestamptz"),
    "integer": ("bigint", _CASTS["integer"]),
    "number": ("double precision", _CASTS["number"]),
    "decimal": ("numeric", _CASTS["decimal"]),
    "boolean": ("boolean", _CASTS["boolean"]),
    "uuid": ("uuid", _CASTS["uuid"]),
}


def expression(leaf: Leaf) -> str:
    """A value as SQL, of the type of its kind; a list as jsonb.

    Where a document lacks it, as one of an older release may, it is the default that a reader
    would see. Of a sealed text it is the token by which it is found.
    """
    assert leaf.kind is not None
    if is_blind(leaf):
        found = _with_default(inside("doc", leaf.path, "->>"), leaf, _text)
        return _CASTS["text"].format(token(found))
    if leaf.many:
        return _with_default(inside("doc", leaf.path), leaf, jsonb)
    return _CASTS[leaf.kind].format(_with_default(inside("doc", leaf.path, "->>"), leaf, _text))


def token(sealed: str) -> str:
    """What a sealed text is found by, of the SQL of what stands for it; of nothing, nothing."""
    return f"substr({sealed}, 2, {TOKEN_LENGTH})"


def column(leaf: Leaf) -> tuple[str, str]:
    """A value as reports want it: its type as PostgreSQL says it, and its SQL.

    What is no scalar is jsonb. It need not be immutable, as no index is of it; but text is as it
    is indexed.
    """
    if leaf.kind is None or leaf.many:
        found = _with_default(inside("doc", leaf.path), leaf, jsonb)
        return "jsonb", f"nullif({found}, 'null')"
    kind, cast = _COLUMNS[leaf.kind]
    return kind, cast.format(_with_default(inside("doc", leaf.path, "->>"), leaf, _text))


def inside(document: str, path: tuple[str, ...], last: str = "->") -> str:
    """What stands at a path of a document; `->>` takes it as text."""
    steps = [document, *map(quoted, path)]
    return "->".join(steps[:-1]) + last + steps[-1]


def quoted(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def jsonb(value: Any) -> str:
    """A JSON value as an SQL literal."""
    return f"{quoted(encode(value).decode())}::jsonb"


def _text(value: Any) -> str:
    """A scalar as the text that `->>` would give."""
    return quoted(value if isinstance(value, str) else encode(value).decode())


def _with_default(found: str, leaf: Leaf, literal: Callable[[Any], str]) -> str:
    """What is found, or the default of the outermost that a document lacks."""
    if len(leaf.path) == 1 and not leaf.nullable:
        return found if leaf.default is ABSENT else f"coalesce({found}, {literal(leaf.default)})"
    cases = [
        f"when {_lacks(leaf.path[:depth], leaf.path[depth])} then {literal(default)}"
        for depth, default in enumerate(leaf.defaults)
        if default is not ABSENT and default is not None
    ]
    return f"case {' '.join(cases)} else {found} end" if cases else found


def _lacks(path: tuple[str, ...], name: str) -> str:
    """Whether the object at a path has no such member; false where there is no object."""
    if not path:
        return f"not doc ? {quoted(name)}"
    around = inside("doc", path)
    return f"jsonb_typeof({around}) = 'object' and not {around} ? {quoted(name)}"
