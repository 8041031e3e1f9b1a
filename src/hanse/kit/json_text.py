"""What can be said of a JSON text without knowing what it is about."""

from __future__ import annotations

import re
from typing import Any, cast

# Never goes back, and takes an unclosed string to its end: time grows with the length alone.
STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?'
"""An expression for one string, to be skipped by whoever looks for something else."""

_KEY = re.compile(STRING + rb"(\s*:)?")
_BRACKET = re.compile(STRING + rb"|([\[{])|([\]}])")


def keys_written(body: bytes) -> int:
    """How many keys a JSON text has, each counted as often as it stands there."""
    return sum(1 for colon in _KEY.findall(body) if colon)


def keys_kept(value: Any) -> int:
    """How many keys are left after reading: of duplicates, one."""
    if isinstance(value, dict):
        members = cast("dict[str, Any]", value)
        return len(members) + sum(keys_kept(one) for one in members.values())
    if isinstance(value, list):
        return sum(keys_kept(one) for one in cast("list[Any]", value))
    return 0


def depth_of(body: bytes) -> int:
    """How deep the arrays and objects of a JSON text are nested."""
    depth = deepest = 0
    for opening, closing in _BRACKET.findall(body):
        depth += bool(opening) - bool(closing)
        deepest = max(deepest, depth)
    return deepest
