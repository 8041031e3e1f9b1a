"""What is written down in the place of backups: bases, and the lives of a database."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from typing import TypeVar

    from hanse.fleet.backup.place import Place

    T = TypeVar("T")

log = logging.getLogger("hanse.backup")

BASES = "bases"
WAL = "wal"
RECEIVING = "receiving"
TIMELINES = "timelines"
COMPLETE = "complete"
KEYS = "keys"
FILES = "files"
LEFT = "left"
ERASURES = "erasures"
ARCHIVE = "base.tar.gz"
MANIFEST = "base.json"


class Base(msgspec.Struct, frozen=True, kw_only=True):
    """What is written down of a base, as the last of all: without this it is none.

    Attributes:
        name: Of its folder, which sorts by time.
        database: The number that PostgreSQL gave the database when it was made.
        postgres: Major version that can read it.
        hanse: Version that took it.
        project: Whose it is.
        timeline: In which life of the database it was taken.
        start: Position in the log from which it must be replayed.
        end: Position up to which, at least, before it is of one piece.
        begun: When it was begun.
        ended: When that was reached; it can be restored to any moment from then on.
        size: Bytes of its archive.
    """

    name: str
    database: str
    postgres: str
    hanse: str
    project: str
    timeline: int
    start: int
    end: int
    begun: datetime
    ended: datetime
    size: int


class Life(msgspec.Struct, frozen=True):
    """When a database began to be written, or went on after a restore.

    Attributes:
        timeline: How PostgreSQL counts it.
        begun: When.
    """

    timeline: int
    begun: datetime


class Complete(msgspec.Struct, frozen=True):
    """Up to when everything that was acknowledged lies in the place of the backups.

    Attributes:
        time: Until then.
        position: Of the log.
    """

    time: datetime
    position: int


def base_folder(database: str, name: str) -> str:
    return f"{database}/{BASES}/{name}"


async def databases(place: Place) -> list[str]:
    """Numbers of all databases that have something there.

    Raises:
        PlaceError: They cannot be told.
    """
    return [name for name in await place.folders() if name.isdecimal()]


async def read_bases(place: Place, database: str) -> list[Base]:
    """All bases of a database that are whole, the oldest first.

    Raises:
        PlaceError: They cannot be read.
    """
    return await _read_all(place, f"{database}/{BASES}", f"/{MANIFEST}", Base)


async def read_lives(place: Place, database: str) -> list[Life]:
    """All lives of a database.

    Raises:
        PlaceError: They cannot be read.
    """
    return await _read_all(place, f"{database}/{TIMELINES}", ".json", Life)


async def read_complete(place: Place, database: str) -> list[Complete]:
    """How far each life of a database lies there.

    Raises:
        PlaceError: That cannot be read.
    """
    return await _read_all(place, f"{database}/{COMPLETE}", ".json", Complete)


async def _read_all(place: Place, below: str, ending: str, kind: type[T]) -> list[T]:
    found: list[T] = []
    for name in await place.names(below):
        text = await place.read(name) if name.endswith(ending) else None
        if text is None:
            continue
        try:
            found.append(msgspec.json.decode(text, type=kind))
        except msgspec.MsgspecError as error:  # the others are still of use
            log.warning("%s in %s is damaged and counts for nothing: %s", name, place, error)
    return found
