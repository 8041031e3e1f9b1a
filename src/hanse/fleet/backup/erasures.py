"""The ledger of erasures in the place of the backups: who is to be erased again by a restore."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from hanse.fleet.backup.records import ERASURES

if TYPE_CHECKING:
    from hanse.fleet.backup.place import Place
    from hanse.fleet.backup.source import Source

APART = timedelta(minutes=10)
"""How far the clocks of hosts may be apart, and how long one may take to commit."""

KEPT = timedelta(days=1)
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


class Erasure(msgspec.Struct, frozen=True):
    """One that was begun.

    Attributes:
        site: The tenant.
        subject: Who, as it is written down of them for good.
        time: When their keys were destroyed last.
    """

    site: str
    subject: str
    time: datetime


class ErasureLedger:
    """Follows one database: each look writes down those that are new, in an object of their own.

    Args:
        place: Where it lies.
        database: Number of the database.
        source: It.
    """

    def __init__(self, place: Place, database: str, source: Source) -> None:
        self._place = place
        self._database = database
        self._source = source
        self._known: set[Erasure] | None = None

    async def follow(self) -> None:
        """Writes down what is new.

        Raises:
            PlaceError, SourceAway: It cannot be.
        """
        if self._known is None:
            self._known = set(await read_erasures(self._place, self._database))
        last = max((one.time for one in self._known), default=_BEGINNING)
        rows = await self._source.erasures(max(_BEGINNING, last - APART))
        new = [found for found in (Erasure(*row) for row in rows) if found not in self._known]
        if not new:
            return
        newest = max(one.time for one in new)
        name = f"{self._database}/{ERASURES}/{newest:%Y%m%dT%H%M%S%f}Z-{len(self._known)}.json"
        await self._place.write(name, msgspec.json.encode(new))
        self._known.update(new)


async def read_erasures(place: Place, database: str) -> list[Erasure]:
    """All that are written down.

    Raises:
        PlaceError: They cannot be read.
    """
    found: list[Erasure] = []
    for name in await place.names(f"{database}/{ERASURES}"):
        found += _decoded(await place.read(name))
    return found


async def forget_erasures(place: Place, database: str, oldest: datetime) -> None:
    """Has gone what was in effect before the oldest base there is.

    Raises:
        PlaceError: It cannot be.
    """
    for name in await place.names(f"{database}/{ERASURES}"):
        some = _decoded(await place.read(name))
        if all(one.time < oldest - KEPT for one in some):
            await place.remove(name)


def _decoded(text: bytes | None) -> list[Erasure]:
    return msgspec.json.decode(text, type=list[Erasure]) if text else []
