"""Takes a base: the database's files as they come, then what makes them of one piece."""

from __future__ import annotations

import re
from importlib.metadata import version
from typing import TYPE_CHECKING

import msgspec

from hanse.fleet.backup.child import Child
from hanse.fleet.backup.place import PlaceError
from hanse.fleet.backup.records import ARCHIVE, MANIFEST, Base, base_folder

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

    from hanse.fleet.backup.place import Place
    from hanse.fleet.backup.source import Source
    from hanse.kit.clock import Clock
    from hanse.runtime.config.installed import PostgresPrograms

_PERCENT = re.compile(r"\((\d+)%\)")


class BaseFailed(PlaceError):
    """PostgreSQL does not give its files."""


class Taker:
    """Takes bases of one life of a database, one at a time.

    Args:
        place: Where they go.
        source: The database.
        programs: Of PostgreSQL.
        environment: What they run with.
        clock: Tells when.

    Attributes:
        step: What is being done, for people; empty while nothing is.
    """

    def __init__(
        self,
        place: Place,
        source: Source,
        programs: PostgresPrograms,
        environment: Mapping[str, str],
        clock: Clock,
    ) -> None:
        self._place = place
        self._source = source
        self._programs = programs
        self._environment = environment
        self._clock = clock
        self._child: Child | None = None
        self._sent = 0
        self._step = ""

    @property
    def step(self) -> str:
        if self._child is None:
            return self._step
        found = _PERCENT.findall(" ".join(self._child.said))
        return f"{self._step} {found[-1]} %" if found else self._step

    async def take(
        self,
        project: str,
        who: tuple[str, int],
        finish: Callable[[int], Awaitable[object]],
    ) -> Base:
        """Takes one; when it returns, the moment before can be restored.

        Args:
            project: Whose it is.
            who: Number of the database, and which of its lives this is.
            finish: Returns when all else is in the place that belongs to a position of the log.

        Raises:
            PlaceError: It cannot be taken; nothing of it counts then.
            OSError, asyncpg.PostgresError: The database does not answer.
        """
        begun = self._clock.now()
        name = f"{begun:%Y%m%dT%H%M%S%f}Z"
        folder = base_folder(who[0], name)
        try:
            self._step, self._sent = "copying the database", 0
            start = (await self._source.standing()).written
            await self._place.put(f"{folder}/{ARCHIVE}", self._archive(name))
            end = (await self._source.standing()).written
            self._step = "waiting for what was written meanwhile"
            await finish(end)
            base = Base(
                name=name,
                database=who[0],
                postgres=self._programs.version,
                hanse=version("hanse"),
                project=project,
                timeline=who[1],
                start=start,
                end=end,
                begun=begun,
                ended=self._clock.now(),
                size=self._sent,
            )
            # The last of all: what has none is no base, whenever we are killed.
            await self._place.write(f"{folder}/{MANIFEST}", msgspec.json.encode(base))
        finally:
            self._step = ""
        return base

    async def _archive(self, name: str) -> AsyncIterator[bytes]:
        command = (
            *(str(self._programs.folder / "pg_basebackup"), "--dbname", self._source.url),
            *("--pgdata", "-", "--format", "tar", "--compress", "client-gzip:1"),
            *("--wal-method", "none", "--checkpoint", "fast", "--no-sync", "--progress"),
            *("--manifest-checksums", "SHA256", "--label", f"hanse {name}"),
        )
        async with Child(command, self._environment) as child:
            self._child = child
            try:
                async for piece in child.pieces():
                    self._sent += len(piece)
                    yield piece
            finally:
                self._child = None
            if said := await child.ended():
                raise BaseFailed(f"The database does not give a base. PostgreSQL says: {said}")
