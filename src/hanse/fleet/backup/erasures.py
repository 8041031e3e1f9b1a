"""The ledger of erasures in the place of the backups: who is to be erased again by a restore."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from hanse.fleet.backup.place import PlaceError
from hanse.fleet.backup.records import ERASURES
from hanse.kit.clock import monotonic, wait_set

if TYPE_CHECKING:
    from hanse.fleet.backup.place import Place
    from hanse.fleet.backup.source import Source

APART = timedelta(minutes=10)
"""How far the clocks of hosts may be apart, and how long one may take to commit."""

KEPT = timedelta(days=1)

LOOK_SECONDS = 0.5
"""Between two looks whether one is written down."""

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


async def until_noted(place: Place, database: str, wanted: Erasure, seconds: float) -> str:
    """Waits until one is written down, by whoever backs the database up.

    Args:
        place: Where backups lie.
        database: Number of the database.
        wanted: Which; one of the same person that came later will do.
        seconds: For how long at most.

    Returns:
        Why it is not; empty if it is.
    """
    end, never = monotonic() + seconds, asyncio.Event()
    while True:
        try:
            there = await read_erasures(place, database)
        except PlaceError as error:
            said = str(error)
        else:
            if any(_is_of(one, wanted) and one.time >= wanted.time for one in there):
                return ""
            said = f"It is not written down in {place} yet."
        left = end - monotonic()
        if left <= 0:
            return said
        await wait_set(never, min(LOOK_SECONDS, left))


def _is_of(one: Erasure, other: Erasure) -> bool:
    return (one.site, one.subject) == (other.site, other.subject)


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
