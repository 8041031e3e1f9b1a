"""Brings back the files that a restored database knows, and moves aside those it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from hanse.fleet.backup.alone import LISTEN_SECONDS, check_alone
from hanse.fleet.backup.files.abreast import abreast
from hanse.fleet.backup.files.copies import Left, names_there
from hanse.fleet.backup.files.kept_files import copy
from hanse.fleet.backup.place import PlaceError
from hanse.fleet.backup.records import FILES, LEFT
from hanse.runtime.data.files.store import path_of

if TYPE_CHECKING:
    from hanse.fleet.backup.files.kept_files import KeptFiles
    from hanse.fleet.backup.place import Place
    from hanse.fleet.restore.scratch import Scratch
    from hanse.kit.clock import Clock

NO_LIFE = 0
"""Of a database that is not there yet, so that all others are others."""

_HAS_FILES = "select to_regclass('hanse.file') is not null"

# A row that is hidden is of a file that was never whole, or that nobody refers to by now.
_KNOWN = "select site_id, file, delete_time is null as needed from hanse.file"


class Wanted(NamedTuple):
    """What a database knows of files, and the place has of them.

    Attributes:
        known: All that it knows.
        there: Those of them that are in the place.
        missing: How many that it needs are neither there nor in the project's folder.
        given_up: Those in the place that it does not know.
    """

    known: frozenset[str] = frozenset()
    there: frozenset[str] = frozenset()
    missing: int = 0
    given_up: frozenset[str] = frozenset()


async def look(
    place: Place,
    database: str,
    scratch: Scratch,
    kept: KeptFiles | None,
    site: str | None = None,
) -> Wanted:
    """Asks a database that was restored.

    Args:
        place: Where the backups lie.
        database: Its number.
        scratch: Its server.
        kept: Where the project keeps its files; None if nobody is to ask there.
        site: Whose files; None for all.

    Raises:
        PlaceError: The files cannot be told.
        StateError: The database has ended.
    """
    there = await names_there(place, database)
    has = (await scratch.ask(_HAS_FILES))[0][0]
    rows = await scratch.ask(_KNOWN) if has else []
    known = {
        path_of(row["site_id"], row["file"]): row["needed"]
        for row in rows
        if site in {None, row["site_id"]}
    }
    here = await kept.names() if kept is not None else set[str]()
    needed = {name for name, is_needed in known.items() if is_needed}
    return Wanted(
        frozenset(known),
        frozenset(known.keys() & there),
        len(needed - there - here),
        frozenset(there - known.keys()),
    )


async def check_free(
    place: Place,
    database: str,
    kept: KeptFiles,
    clock: Clock,
    seconds: float = LISTEN_SECONDS,
) -> None:
    """Sees that no other fleet lives on a bucket of files: what it has since would go aside.

    Args:
        place: Where the backups lie.
        database: Its number.
        kept: Where the project keeps its files.
        clock: Tells how old is what was said.
        seconds: For how long to listen.

    Raises:
        PlaceError: One does, or that cannot be told.
    """
    if kept.folder is None:
        await check_alone(place, (database, NO_LIFE), clock, seconds)


async def bring(place: Place, database: str, wanted: Wanted, kept: KeptFiles) -> None:
    """Brings what is not there yet; a file never changes, so what is there is right.

    Raises:
        PlaceError: It cannot be brought.
    """

    async def bring_one(name: str) -> None:
        if not await copy(f"{database}/{FILES}/{name}", place, name, kept):
            raise PlaceError(f"The file {name} has just gone from {place}. Run this again.")

    await abreast(sorted(wanted.there - await kept.names()), bring_one)


async def give_up(place: Place, database: str, wanted: Wanted, clock: Clock) -> None:
    """Has what the database does not know stay in the place, for who goes back to another moment.

    Raises:
        PlaceError: It cannot be written down.
    """
    if wanted.given_up:
        left = Left(clock.now(), tuple(sorted(wanted.given_up)))
        name = f"{database}/{LEFT}/{left.time:%Y%m%dT%H%M%S%f}Z.json"
        await place.write(name, msgspec.json.encode(left))


async def move_aside(wanted: Wanted, kept: KeptFiles, below: str) -> int:
    """Moves what a database does not know out of the way; tells how many that were.

    Raises:
        PlaceError, StateError: It cannot be moved.
    """
    unknown = await kept.names() - wanted.known

    async def move(name: str) -> None:
        await kept.move_aside(name, below)

    await abreast(sorted(unknown), move)
    return len(unknown)
