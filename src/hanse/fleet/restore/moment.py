"""Finds, among all backups in a place, the way to a moment."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, NamedTuple

from hanse.fleet.backup.choice import Way, choose
from hanse.fleet.backup.place import PlaceError
from hanse.fleet.backup.records import WAL, databases, read_bases, read_complete, read_lives
from hanse.fleet.backup.stream.segment import Branch, history_name, read_history

if TYPE_CHECKING:
    from datetime import datetime

    from hanse.fleet.backup.place import Place
    from hanse.fleet.backup.records import Base

_GZIP = 31


class Found(NamedTuple):
    """A way, and what else is of use.

    Attributes:
        way: How to come there.
        later: The first base that was begun after the moment; None if none was.
        complete: Until when everything that was acknowledged lies in the place; None if unknown.
    """

    way: Way
    later: Base | None
    complete: datetime | None


async def find(place: Place, at: datetime, database: str = "") -> Found:
    """The way to a moment.

    Args:
        place: Where the backups lie.
        at: The moment.
        database: Which of several; the one that was written last until then, if left out.

    Raises:
        PlaceError: There is none; it says to which moments there is one.
    """
    there = await databases(place)
    if database and database not in there:
        known = ", ".join(there) or "none"
        raise PlaceError(f"{place} has no database {database}; there are: {known}.")
    found = [await _find(place, at, one) for one in there if not database or one == database]
    ways = [one for one in found if one is not None]
    if ways:
        return max(ways, key=lambda one: one.way.base.ended)
    ended = [base.ended for one in there for base in await read_bases(place, one)]
    if not ended:
        raise PlaceError(f"There is no backup in {place}.")
    raise PlaceError(
        f"There is no backup of {at:%F %T} in {place}: the first moment one can go back to is "
        f"{min(ended).isoformat()}."
    )


async def _find(place: Place, at: datetime, database: str) -> Found | None:
    bases = await read_bases(place, database)
    lives = await read_lives(place, database)
    histories = {life.timeline: await _history(place, database, life.timeline) for life in lives}
    way = choose(bases, lives, histories, at)
    if way is None:
        return None
    later = [base for base in bases if base.begun > at and base.timeline == way.timeline]
    complete = [one.time for one in await read_complete(place, database)]
    return Found(
        way, min(later, key=lambda one: one.begun, default=None), max(complete, default=None)
    )


async def _history(place: Place, database: str, timeline: int) -> list[Branch]:
    if timeline == 1:
        return read_history(1, "")
    name = f"{database}/{WAL}/{history_name(timeline)}.gz"
    packed = await place.read(name)
    if packed is None:
        raise PlaceError(f"{name} is missing in {place}, which says where that life began.")
    return read_history(timeline, zlib.decompress(packed, wbits=_GZIP).decode())
