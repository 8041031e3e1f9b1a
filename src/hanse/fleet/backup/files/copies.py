"""Which files lie in the place of backups, and which of them a restore gave up."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from hanse.fleet.backup.records import FILES, LEFT

if TYPE_CHECKING:
    from hanse.fleet.backup.place import Place


class Left(msgspec.Struct, frozen=True):
    """Files that a restore gave up, and that stay as long as any other moment.

    Attributes:
        time: Of the restore.
        names: Of the files.
    """

    time: datetime
    names: tuple[str, ...]


async def names_there(place: Place, database: str) -> set[str]:
    """The files that are in the place.

    Raises:
        PlaceError: They cannot be told.
    """
    below = f"{database}/{FILES}"
    return {name.removeprefix(f"{below}/") for name in await place.names(below)}


def uuid_of(name: str) -> UUID:
    """Under which the database knows a file."""
    return UUID(hex=name.rpartition("/")[2])


async def read_left(place: Place, database: str, since: datetime) -> set[str]:
    """Files that restores gave up since then; what was given up before is forgotten.

    Raises:
        PlaceError: They cannot be read.
    """
    found: set[str] = set()
    for name in await place.names(f"{database}/{LEFT}"):
        text = await place.read(name)
        left = msgspec.json.decode(text, type=Left) if text else None
        if left is not None and left.time >= since:
            found.update(left.names)
        else:
            await place.remove(name)
    return found
