"""Sees that of the lives of a database one at a time is backed up in a place."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from hanse.fleet.backup.place import PlaceError
from hanse.fleet.backup.records import COMPLETE, Complete
from hanse.kit.clock import wait_set

if TYPE_CHECKING:
    from hanse.fleet.backup.place import Place
    from hanse.kit.clock import Clock

RECENT = timedelta(seconds=60)
LISTEN_SECONDS = 12.0
"""Who lives says so more than twice meanwhile."""


async def check_alone(
    place: Place, who: tuple[str, int], clock: Clock, seconds: float = LISTEN_SECONDS
) -> None:
    """Looks whether a copy of this database, restored somewhere else, is backed up here now.

    Each would take for deleted what only the other has.

    Args:
        place: Where backups lie.
        who: Number of the database, and which of its lives this is.
        clock: Tells how old is what was said.
        seconds: For how long to listen.

    Raises:
        PlaceError: One is; or that cannot be told.
    """
    before = await _others(place, *who)
    notes = [msgspec.json.decode(one, type=Complete) for one in before.values()]
    if all(clock.now() - one.time > RECENT for one in notes):
        return
    await wait_set(asyncio.Event(), seconds)
    if await _others(place, *who) != before:
        raise PlaceError(
            f"This very database is being backed up to {place} by another fleet: one of the two "
            "was restored from the other. Give this one a place of its own, or end the other."
        )


async def _others(place: Place, database: str, timeline: int) -> dict[str, bytes]:
    """What all other lives said last."""
    own = f"{database}/{COMPLETE}/{timeline:08X}.json"
    names = [name for name in await place.names(f"{database}/{COMPLETE}") if name != own]
    read = {name: await place.read(name) for name in names}
    return {name: text for name, text in read.items() if text is not None}
