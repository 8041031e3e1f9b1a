"""The files of a project in the place of its backups: what is new goes there, what is gone goes."""

from __future__ import annotations

import asyncio
import os
import re
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from hanse.fleet.backup.place import pieces_of
from hanse.fleet.backup.records import FILES, LEFT
from hanse.kit.clock import monotonic, wait_set
from hanse.runtime.config.configuration_error import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta

    from hanse.fleet.backup.place import Place
    from hanse.fleet.backup.report import Problems
    from hanse.fleet.backup.source import Source
    from hanse.kit.clock import Clock

LOOK_SECONDS = 2.0
SHARE = 0.1
"""Of the time: a folder with many files is looked at less often."""

ASKED_AT_ONCE = 500
_NAME = re.compile(r"[0-9a-f]{32}/[0-9a-f]{2}/(?P<uuid>[0-9a-f]{32})")


class Left(msgspec.Struct, frozen=True):
    """Files that a restore gave up, and that stay as long as any other moment.

    Attributes:
        time: Of the restore.
        names: Of the files.
    """

    time: datetime
    names: tuple[str, ...]


class FileMirror:
    """Follows one folder of files, each of which never changes.

    A file that is missing is taken for deleted only if the database does not know it any more: who
    loses the folder has not deleted what was in it.

    Args:
        place: Where they are copied to.
        folder: Of the files.
        database: Number of the database.
        source: It.
        problems: Where it says what does not work.
        clock: Tells when.

    Attributes:
        until: Every file that was there then is in the place; None before the first look.
    """

    def __init__(
        self,
        place: Place,
        folder: Path,
        database: str,
        source: Source,
        *,
        problems: Problems,
        clock: Clock,
    ) -> None:
        self._place = place
        self._folder = folder
        self._database = database
        self._source = source
        self._problems = problems
        self._clock = clock
        self._there: set[str] | None = None
        self._hurry = asyncio.Event()
        self._looked = asyncio.Event()
        self.until: datetime | None = None

    async def run(self, keep: timedelta) -> None:
        """Follows, again and again.

        Args:
            keep: For how long files stay that a restore gave up.
        """
        while True:
            begun = monotonic()
            try:
                await self.look(keep)
                self._problems.note("files", "")
            except (ConfigurationError, OSError) as error:
                self._problems.note("files", f"Files are not copied now: {error}")
            self._looked.set()
            self._looked = asyncio.Event()
            pause = max(LOOK_SECONDS, (monotonic() - begun) * (1 / SHARE - 1))
            await wait_set(self._hurry, pause)
            self._hurry.clear()

    async def after(self, moment: datetime) -> None:
        """Returns when every file that was there at a moment is in the place."""
        while self.until is None or self.until < moment:
            self._hurry.set()
            await self._looked.wait()

    async def look(self, keep: timedelta) -> None:
        """Copies what is new, and has gone what is deleted.

        Raises:
            PlaceError, SourceAway: It cannot be.
        """
        begun = self._clock.now()
        if self._there is None:
            self._there = await names_there(self._place, self._database)
        here = await asyncio.to_thread(names_here, self._folder)
        for name in sorted(here - self._there):
            try:
                path = self._folder / name
                await self._place.put(f"{self._database}/{FILES}/{name}", pieces_of(path))
            except FileNotFoundError:  # gone again
                continue
            self._there.add(name)
        if gone := self._there - here:
            await self._follow_gone(sorted(gone), keep)
        self.until = begun

    async def _follow_gone(self, gone: list[str], keep: timedelta) -> None:
        assert self._there is not None
        left = await read_left(self._place, self._database, self._clock.now() - keep)
        missing = 0
        for first in range(0, len(gone), ASKED_AT_ONCE):
            some = {uuid_of(name): name for name in gone[first : first + ASKED_AT_ONCE]}
            known = await self._source.known_files(list(some))
            missing += len(known)
            for uuid in some.keys() - known:
                if some[uuid] not in left:
                    await self._place.remove(f"{self._database}/{FILES}/{some[uuid]}")
                    self._there.discard(some[uuid])
        said = f"{missing} files are missing in {self._folder}; they are kept in the backup."
        self._problems.note("missing files", said if missing else "")


async def names_there(place: Place, database: str) -> set[str]:
    """The files that are in the place.

    Raises:
        PlaceError: They cannot be told.
    """
    below = f"{database}/{FILES}"
    return {name.removeprefix(f"{below}/") for name in await place.names(below)}


def names_here(folder: Path) -> set[str]:
    """The files in a folder that are whole."""
    return {name for name in _walked(folder) if _NAME.fullmatch(name)}


def _walked(folder: Path) -> Iterator[str]:
    for above, _, files in os.walk(folder):
        for name in files:
            yield Path(above, name).relative_to(folder).as_posix()


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
