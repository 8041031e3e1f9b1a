"""The files of a project in the place of its backups: what is new goes there, what is gone goes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from hanse.fleet.backup.erasures import APART
from hanse.fleet.backup.files.abreast import abreast
from hanse.fleet.backup.files.copies import names_there, read_left, uuid_of
from hanse.fleet.backup.files.kept_files import copy
from hanse.fleet.backup.records import FILES
from hanse.kit.clock import monotonic, wait_set
from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.runtime.data.files.store import path_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, timedelta

    from hanse.fleet.backup.files.kept_files import KeptFiles
    from hanse.fleet.backup.place import Place
    from hanse.fleet.backup.report import Problems
    from hanse.fleet.backup.source import Source
    from hanse.kit.clock import Clock

LOOK_SECONDS = 2.0
"""Between two questions what is new."""

SHARE = 0.1
"""Of the time: where there are many files, all their names are looked at less often."""

ASKED_AT_ONCE = 500


class FileMirror:
    """Follows the files of one database, each of which never changes.

    Now and then it looks at all names that there are; in between it asks the database which files
    are new. A file that is missing is taken for deleted only if the database does not know it any
    more: who loses the folder, or the bucket, has not deleted what was in it.

    Args:
        place: Where they are copied to.
        kept: Where they are kept.
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
        kept: KeptFiles,
        database: str,
        source: Source,
        *,
        problems: Problems,
        clock: Clock,
    ) -> None:
        self._place = place
        self._kept = kept
        self._database = database
        self._source = source
        self._problems = problems
        self._clock = clock
        self._there: set[str] | None = None
        self._due = 0.0
        self._hurry = asyncio.Event()
        self._looked = asyncio.Event()
        self.until: datetime | None = None

    async def run(self, keep: timedelta) -> None:
        """Follows, again and again.

        Args:
            keep: For how long files stay that a restore gave up.
        """
        while True:
            try:
                await self._go_on(keep)
                self._problems.note("files", "")
            except (ConfigurationError, OSError) as error:
                self._problems.note("files", f"Files are not copied now: {error}")
            self._looked.set()
            self._looked = asyncio.Event()
            await wait_set(self._hurry, LOOK_SECONDS)
            self._hurry.clear()

    async def _go_on(self, keep: timedelta) -> None:
        begun, every = monotonic(), LOOK_SECONDS
        if self.until is not None and begun < self._due:
            await self.ask()
            return
        try:
            await self.look(keep)
            every = self._kept.every
        finally:
            self._due = monotonic() + max(every, (monotonic() - begun) * (1 / SHARE - 1))

    async def after(self, moment: datetime) -> None:
        """Returns when every file that was there at a moment is in the place."""
        self._hurry.set()
        while self.until is None or self.until < moment:
            await self._looked.wait()

    async def look(self, keep: timedelta) -> None:
        """Copies what is new, and has gone what is deleted.

        Raises:
            PlaceError, SourceAway: It cannot be.
        """
        begun = self._clock.now()
        here = await self._kept.names()
        there = await self._copy(here)
        if gone := there - here:
            await self._follow_gone(sorted(gone), there, keep)
        self.until = begun

    async def ask(self) -> None:
        """Copies what the database says is new since the last time.

        Raises:
            PlaceError, SourceAway: It cannot be.
        """
        begun = self._clock.now()
        assert self.until is not None, "there was a look"
        rows = await self._source.new_files(self.until - APART)
        await self._copy(path_of(site, file) for site, file in rows)
        self.until = begun

    async def _copy(self, names: Iterable[str]) -> set[str]:
        """Copies those that are not there; tells which are."""
        if self._there is None:
            self._there = await names_there(self._place, self._database)
        there = self._there

        async def bring(name: str) -> None:
            if await copy(name, self._kept, f"{self._database}/{FILES}/{name}", self._place):
                there.add(name)  # else it is gone again

        await abreast(sorted(set(names) - there), bring)
        return there

    async def _follow_gone(self, gone: list[str], there: set[str], keep: timedelta) -> None:
        left = await read_left(self._place, self._database, self._clock.now() - keep)
        missing = 0

        async def remove(name: str) -> None:
            await self._place.remove(f"{self._database}/{FILES}/{name}")
            there.discard(name)

        for first in range(0, len(gone), ASKED_AT_ONCE):
            some = {uuid_of(name): name for name in gone[first : first + ASKED_AT_ONCE]}
            known = await self._source.known_files(list(some))
            missing += len(known)
            unknown = [some[uuid] for uuid in some.keys() - known]
            await abreast([name for name in unknown if name not in left], remove)
        said = f"{missing} files are missing in {self._kept}; they are kept in the backup."
        self._problems.note("missing files", said if missing else "")
