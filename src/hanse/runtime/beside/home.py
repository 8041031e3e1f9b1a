"""Looks whether connections of an app lead to the database of its host."""

from __future__ import annotations

import asyncio
from contextvars import Context
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from hanse.runtime.errors import FailedPrecondition

if TYPE_CHECKING:
    from hanse.runtime.beside.borrowed import JoinedSession
    from hanse.runtime.data.database import Database

_WHERE = """
select c.system_identifier || '.' || d.oid as home from pg_control_system() c, pg_database d
where d.datname = current_database()
"""


class Home:
    """Of one host: in another database nobody would look for what is told there."""

    def __init__(self) -> None:
        self._homes: WeakKeyDictionary[Database, str] = WeakKeyDictionary()

    async def check(self, database: Database, session: JoinedSession) -> None:
        """Looks at a connection that is to do what the host's database is asked for.

        Raises:
            FailedPrecondition: It leads elsewhere.
            HanseError: The host's database is away.
        """
        if database not in self._homes:
            # Beside whatever runs here, which must not begin or end by it.
            asked = asyncio.Task(database.fetch_row(_WHERE), context=Context())
            row = await asked
            assert row is not None, "it has one row"
            self._homes[database] = row["home"]
        session.home = session.home or await session.connection.fetchval(_WHERE)
        if session.home != self._homes[database]:
            raise FailedPrecondition(
                "This session is of another database than its host's; both must be the same one."
            )
