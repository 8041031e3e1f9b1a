"""Whether a statement only reads, so that it may be run again when nobody knows if it ran."""

from __future__ import annotations

import re
from functools import lru_cache

TEXTS_MAX = 4096

_QUOTED = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|--[^\n]*|/\*.*?\*/", re.DOTALL)
_WORD = re.compile(r"[a-z_][a-z0-9_]*")
_CALLED = re.compile(r"([a-z_][a-z0-9_.]*)\s*\(")

# Any of these in a statement, and it writes, locks, or may.
_WRITING = frozenset(
    ("insert", "update", "delete", "merge", "into", "share", "nextval", "setval", "call", "do",
     "set_config", "pg_notify", "pg_terminate_backend", "pg_cancel_backend", "txid_current")
)  # fmt: skip
_WRITING_BEGINNINGS = ("pg_advisory", "pg_try_advisory", "lo_", "pg_switch", "pg_logical", "dblink")


@lru_cache(TEXTS_MAX)
def only_reads(text: str) -> bool:
    """Whether it is a query that changes nothing, for all that can be seen in it.

    A function in a schema may do anything, so what calls one does not only read. One that writes
    and is called without its schema belongs into `execute`, which is never run twice.
    """
    plain = _QUOTED.sub(" ", text.lower())
    words = _WORD.findall(plain)
    if not words or words[0] not in {"select", "with", "values", "table", "show"}:
        return False
    if not _WRITING.isdisjoint(words) or any(w.startswith(_WRITING_BEGINNINGS) for w in words):
        return False
    return not any("." in name for name in _CALLED.findall(plain))
