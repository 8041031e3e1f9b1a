"""The database that is backed up: where it stands in its log, and the slot that keeps it for us."""

from __future__ import annotations

import asyncio
import importlib
from typing import TYPE_CHECKING, Any, NamedTuple

from hanse.fleet.backup.stream.segment import position
from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.runtime.data.files.file_rows import KEPT_UNUSED

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

asyncpg: Any = importlib.import_module("asyncpg")

SLOT = "hanse_backup"
ANSWER_SECONDS = 20.0

WHO = """
select s.system_identifier::text as database, c.timeline_id as timeline
from pg_control_system() s, pg_control_checkpoint() c
"""

STANDING = """
select pg_current_wal_flush_lsn()::text as written,
  (select min(flush_lsn)::text from pg_stat_replication where application_name = $1) as received
"""

SLOT_STATUS = "select wal_status from pg_replication_slots where slot_name = $1"
MAKE_SLOT = f"select pg_create_physical_replication_slot('{SLOT}', true)"
DROP_SLOT = f"select pg_drop_replication_slot('{SLOT}')"

HAS_FILES = "select to_regclass('hanse.file') is not null"

HAS_ERASURES = "select to_regclass('hanse.erasure') is not null"

ERASURES = """
select site_id, subject, destroy_time from hanse.erasure where destroy_time > $1
"""

# By its index: who is referred to is looked for again as long after, so of these there are few.
NEW_FILES = "select site_id, file from hanse.file where delete_time is null and look_time >= $1"

KNOWN = "select file from hanse.file where file = any($1::uuid[])"


class Standing(NamedTuple):
    """How far a database has written its log, and how far that was received.

    Attributes:
        written: Position up to which it is on the database's disk.
        received: Position up to which it is on ours; None while nobody receives.
    """

    written: int
    received: int | None


class SourceAway(ConfigurationError):
    """The database does not answer now."""


class Source:
    """One session with the database, made anew when it breaks. All methods raise `SourceAway`.

    Args:
        url: Where it is.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._session: Any = None
        self._turn = asyncio.Lock()

    async def who(self) -> tuple[str, int]:
        """Number of the database, and which of its lives this is."""
        # Whoever begins a new life says so in the control file with its next checkpoint.
        await self._ask("checkpoint")
        row = (await self._ask(WHO))[0]
        return row["database"], row["timeline"]

    async def standing(self) -> Standing:
        """How far it is."""
        row = (await self._ask(STANDING, SLOT))[0]
        received = row["received"]
        return Standing(position(row["written"]), position(received) if received else None)

    async def keep_slot(self) -> bool:
        """Has the database keep its log for us; False if it has not kept all of it until now."""
        rows = await self._ask(SLOT_STATUS, SLOT)
        if rows and rows[0]["wal_status"] != "lost":
            return True
        if rows:
            await self._ask(DROP_SLOT)
        await self._ask(MAKE_SLOT)
        return False

    async def known_files(self, files: list[UUID]) -> set[UUID]:
        """Those of some files that it knows."""
        if not (await self._ask(HAS_FILES))[0][0]:
            return set()
        return {row["file"] for row in await self._ask(KNOWN, files)}

    async def new_files(self, since: datetime) -> list[tuple[str, UUID]]:
        """Those that are whole since then: site and file. Some of before may be among them."""
        if not (await self._ask(HAS_FILES))[0][0]:
            return []
        return [tuple(row) for row in await self._ask(NEW_FILES, since + KEPT_UNUSED)]

    async def erasures(self, since: datetime) -> list[tuple[str, str, datetime]]:
        """Whose keys were destroyed since then: site, subject, and when."""
        if not (await self._ask(HAS_ERASURES))[0][0]:
            return []
        return [tuple(row) for row in await self._ask(ERASURES, since)]

    async def close(self) -> None:
        """Ends the session."""
        session, self._session = self._session, None
        if session is not None:
            session.terminate()

    async def _ask(self, text: str, *values: object) -> list[Any]:
        async with self._turn:
            try:
                if self._session is None or self._session.is_closed():
                    self._session = await asyncpg.connect(
                        self.url, timeout=ANSWER_SECONDS, command_timeout=ANSWER_SECONDS
                    )
                return await self._session.fetch(text, *values)
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                await self.close()
                raise SourceAway(f"The database does not answer: {error}") from error
