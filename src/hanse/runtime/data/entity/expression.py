"""The SQL of a value inside a document; of immutable built-ins alone, so that indexes may use it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.json import encode

if TYPE_CHECKING:
    from hanse.runtime.data.entity.leaf import Leaf
    from hanse.runtime.data.query.fields import Kind

from hanse.runtime.data.entity.leaf import ABSENT

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


def expression(leaf: Leaf) -> str:
    """A value as SQL, of the type of its kind; a list as jsonb.

    Where a document lacks it, as one of an older release may, it is the default that a reader
    would see.
    """
    assert leaf.kind is not None
    if leaf.many:
        return _with_default(inside("doc", leaf.path), leaf, jsonb)
    return _CASTS[leaf.kind].format(_with_default(inside("doc", leaf.path, "->>"), leaf, _text))


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


def _with_default(found: str, leaf: Leaf, literal: Any) -> str:
    inner = len(leaf.path) > 1 and leaf.nullable
    if leaf.default is ABSENT or leaf.default is None or inner:
        return found
    if not leaf.nullable:
        return f"coalesce({found}, {literal(leaf.default)})"
    present = f"doc ? {quoted(leaf.path[0])}"
    return f"case when {present} then {found} else {literal(leaf.default)} end"
