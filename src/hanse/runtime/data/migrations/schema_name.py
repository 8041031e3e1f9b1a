"""How a schema may be called whose tables services keep."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hanse.runtime.contract.mistakes import Mistakes

WORDS = frozenset((
    "all", "analyse", "analyze", "and", "any", "array", "as", "asc", "asymmetric",
    "authorization", "binary", "both", "case", "cast", "check", "collate", "collation",
    "column", "concurrently", "constraint", "create", "cross", "current_catalog",
    "current_date", "current_role", "current_schema", "current_time", "current_timestamp",
    "current_user", "default", "deferrable", "desc", "distinct", "do", "else", "end", "except",
    "false", "fetch", "for", "foreign", "freeze", "from", "full", "grant", "group", "having",
    "ilike", "in", "initially", "inner", "intersect", "into", "is", "isnull", "join", "lateral",
    "leading", "left", "like", "limit", "localtime", "localtimestamp", "natural", "not",
    "notnull", "null", "offset", "on", "only", "or", "order", "outer", "overlaps", "placing",
    "primary", "references", "returning", "right", "select", "session_user", "similar", "some",
    "symmetric", "system_user", "table", "tablesample", "then", "to", "trailing", "true",
    "union", "unique", "user", "using", "variadic", "verbose", "when", "where", "window", "with",
))  # fmt: skip
"""What names no schema without quotes, in any PostgreSQL from 15 to 18. Behind a dot every word
is a name, so a table may be called by one."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_SYSTEM = re.compile(r"pg_|information_schema$|hanse$")


def check_schema(name: str, where: str, mistakes: Mistakes) -> None:
    """Notes a schema in which services can keep no tables."""
    if not _NAME.fullmatch(name):
        what = f"has the schema {name!r}"
        mistakes.add(where, what, 'name it in snake_case, as your domain is called, like "crm"')
    elif name in WORDS or _SYSTEM.match(name):
        what = f"has the schema {name!r}, a word of SQL, PostgreSQL's own or the runtime's"
        mistakes.add(where, what, 'name it as your domain is called, like "crm"')
