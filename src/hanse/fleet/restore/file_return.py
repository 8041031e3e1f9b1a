"""Brings back the files that a restored database knows, and moves aside those it does not."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from hanse.fleet.backup.file_mirror import Left, names_here, names_there
from hanse.fleet.backup.records import FILES, LEFT
from hanse.fleet.restore.unpacking import unpack_file
from hanse.fleet.state import telling
from hanse.kit.private_folder import make_private
from hanse.runtime.data.files.store import make_last, path_of

if TYPE_CHECKING:
    from pathlib import Path

    from hanse.fleet.backup.place import Place
    from hanse.fleet.restore.scratch import Scratch
    from hanse.kit.clock import Clock

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
    place: Place, database: str, scratch: Scratch, folder: Path, site: str | None = None
) -> Wanted:
    """Asks a database that was restored.

    Args:
        place: Where the backups lie.
        database: Its number.
        scratch: Its server.
        folder: Of the project's files; it may be gone.
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
    here = await asyncio.to_thread(names_here, folder)
    needed = {name for name, is_needed in known.items() if is_needed}
    return Wanted(
        frozenset(known),
        frozenset(known.keys() & there),
        len(needed - there - here),
        frozenset(there - known.keys()),
    )


async def bring(place: Place, database: str, wanted: Wanted, folder: Path) -> None:
    """Brings what is not there yet; a file never changes, so what is there is right.

    Raises:
        PlaceError, StateError: It cannot be brought.
    """
    for name in sorted(wanted.there - await asyncio.to_thread(names_here, folder)):
        await asyncio.to_thread(_bring, place, f"{database}/{FILES}/{name}", folder, name)


async def give_up(place: Place, database: str, wanted: Wanted, clock: Clock) -> None:
    """Has what the database does not know stay in the place, for who goes back to another moment.

    Raises:
        PlaceError: It cannot be written down.
    """
    if wanted.given_up:
        left = Left(clock.now(), tuple(sorted(wanted.given_up)))
        name = f"{database}/{LEFT}/{left.time:%Y%m%dT%H%M%S%f}Z.json"
        await place.write(name, msgspec.json.encode(left))


def move_aside(wanted: Wanted, folder: Path, aside: Path) -> int:
    """Moves what a database does not know out of a folder; tells how many that were.

    Raises:
        StateError: It cannot be moved.
    """
    with telling(folder):
        unknown = names_here(folder) - wanted.known
        for name in unknown:
            make_private((aside / name).parent)
            (folder / name).rename(aside / name)
    return len(unknown)


def _bring(place: Place, name: str, folder: Path, short: str) -> None:
    path = folder / short
    with telling(path):
        make_private(path.parent)
        draft = path.with_name(f"{path.name}#0")
        unpack_file(place, name, draft)
        draft.replace(path)
        make_last(folder, short)
