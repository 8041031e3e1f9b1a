"""Whether the outbox has room: where nobody takes events on, no more are taken in."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from hanse.runtime.data.upkeep import again_and_again
from hanse.runtime.errors import ResourceExhausted

if TYPE_CHECKING:
    from hanse.runtime.data.database import Database

log = logging.getLogger("hanse.events")

LOOK_SECONDS = 2.0

# What the table takes on disk is known at once, and never less than what lies in it.
_ON_DISK = "select pg_total_relation_size('hanse.outbox') as bytes"
_LYING = "select coalesce(sum(octet_length(envelope)), 0)::bigint as bytes from hanse.outbox"


class Room:
    """Looks at the outbox of a database by and by.

    Args:
        database: Its configuration says how much may lie there.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._full = False

    def check(self) -> None:
        """Refuses what would lie there for long.

        Raises:
            ResourceExhausted: There is no room, or was none when it was last looked at.
        """
        if self._full:
            raise ResourceExhausted("Too many events wait to be told; try again in a minute.")

    async def run(self) -> None:
        """Looks again and again; a failure is logged, and tried again."""
        await again_and_again(self.once, LOOK_SECONDS, log, "The outbox could not be looked at.")

    async def once(self) -> bool:
        """Looks; there is never more to do."""
        most = self._database.config.outbox_bytes
        full = await self._bytes(_ON_DISK) > most and await self._bytes(_LYING) > most
        if full and not self._full:
            log.error(
                "Events wait in hanse.outbox, over %d bytes of them, and nobody takes them on: no "
                "more are taken in. Is the broker there? `hanse status` says it.", most
            )  # fmt: skip
        if self._full and not full:
            log.warning("The outbox has room again: events are taken in.")
        self._full = full
        return False

    async def _bytes(self, text: str) -> int:
        row = await self._database.fetch_row(text)
        return row["bytes"] if row is not None else 0
