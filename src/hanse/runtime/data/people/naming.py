"""Finds the texts some tokens stand for: of a person who is no id nothing else is written down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.runtime.data.people.place import Rows, places
from hanse.runtime.data.people.texts import passes

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Collection

    from hanse.runtime.data.database import Database

AT_ONCE = 2000
"""Texts of one page."""

_IS_THERE = "select to_regclass($1) is not null as there"
_AFTER = f"> $2 order by text limit {AT_ONCE}"
_KEYS = "select distinct subject as text from hanse.subject_key where site_id = $1 and subject "


async def texts_behind(database: Database, site: str, tokens: Collection[str]) -> dict[str, str]:
    """The texts of a site's persons as they stand in clear, in keys or indexed fields, by token.

    A text that stands there sealed is not among them: it is found by its token. All texts of the
    site are looked at, so this is for a restore and not for a request.

    Args:
        database: Whose keyring is open.
        site: The tenant.
        tokens: Which are sought.

    Raises:
        HanseError: The database is away.
    """
    found: dict[str, str] = {}
    token_of = database.keys.ring.token
    async for statement in _statements(database):
        after = ""
        while len(found) < len(tokens):
            page = [row["text"] for row in await database.fetch(statement, site, after)]
            if not page:
                break
            after = page[-1]
            named = ((token_of(site, text), text) for text in page)
            found |= {token: text for token, text in named if token in tokens}
    return found


async def _statements(database: Database) -> AsyncGenerator[str]:
    """Each gives some texts after `$2`."""
    yield _KEYS + _AFTER
    for place in await places(database):
        if not isinstance(place, Rows) or not await _is_there(database, place.relation):
            continue
        for whose in place.whose:
            if not whose.expression or whose.blind:
                continue
            for only in passes(place):
                yield (
                    f"select distinct {whose.expression} as text from {place.relation} "
                    f"where site_id = $1{only} and {whose.expression} {_AFTER}"
                )


async def _is_there(database: Database, relation: str) -> bool:
    row = await database.fetch_row(_IS_THERE, relation)
    return row is not None and row["there"]
