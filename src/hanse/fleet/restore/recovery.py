"""Makes a database as it was at a moment, in a folder beside: a base, and the log replayed."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from hanse.fleet.backup.choice import wanted
from hanse.fleet.backup.place import PlaceError
from hanse.fleet.backup.records import ARCHIVE, RECEIVING, WAL, base_folder
from hanse.fleet.backup.source import MAKE_SLOT
from hanse.fleet.backup.stream.receiver import PARTIAL
from hanse.fleet.backup.stream.segment import Segment, number_at, read_segment
from hanse.fleet.restore.manifest import faults
from hanse.fleet.restore.scratch import DATA, Scratch
from hanse.fleet.restore.unpacking import unpack_archive, unpack_file, unpack_segment
from hanse.fleet.state import StateError, telling
from hanse.kit.clock import wait_set

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from hanse.fleet.backup.choice import Way
    from hanse.fleet.backup.place import Place
    from hanse.fleet.backup.records import Base
    from hanse.runtime.config.installed import PostgresPrograms

_NO_SUCH_MOMENT = "recovery ended before configured recovery target was reached"
_REPLAYS = "select pg_is_in_recovery()"
_RESULT = "select pg_last_xact_replay_timestamp() as last"
LOOK_SECONDS = 0.1


class Recovered(msgspec.Struct, frozen=True):
    """What came of it.

    Attributes:
        last: When the last write was committed that is in it; None if none was replayed.
        broken: Whether the log goes on behind a part that is missing, which it does not reach.
    """

    last: datetime | None
    broken: bool


class Recovery:
    """One try.

    Args:
        place: Where the backups lie.
        folder: An empty folder; its `data` are the database afterwards.
        programs: Of PostgreSQL.
        environment: What they run with.
        told: Is told what is done.
    """

    def __init__(
        self,
        place: Place,
        folder: Path,
        programs: PostgresPrograms,
        environment: Mapping[str, str],
        told: Callable[[str], None],
    ) -> None:
        self._place = place
        self._folder = folder
        self._data = folder / DATA
        self._wal = folder / WAL
        self._programs = programs
        self._environment = environment
        self._told = told
        self.scratch = Scratch(folder, programs, environment)

    async def run(self, way: Way, at: datetime | None, later: Base | None) -> Recovered:
        """Makes it, and leaves its server running.

        Args:
            way: How to come to the moment.
            at: The moment: what was committed then or before is there. None for all there is.
            later: The first base that was begun after the moment: the log behind it is of no use.

        Raises:
            PlaceError: Something is missing or damaged.
            StateError: PostgreSQL does not take it.
        """
        if way.base.postgres != self._programs.version:
            raise PlaceError(
                f"This base is of PostgreSQL {way.base.postgres}, and this Hanse brings "
                f"{self._programs.version}. Use Hanse {way.base.hanse}, which took it."
            )
        await self._unpack_base(way.base)
        broken = await self._fetch_log(way, later)
        with telling(self._data):
            (self._data / "recovery.signal").touch()
        self._told("replaying what was written since")
        target = {"recovery_target_time": at.isoformat(sep=" ")} if at else {}
        try:
            await self._replay(way, target)
        except StateError as error:
            if not target or not any(_NO_SUCH_MOMENT in word for word in error.problems):
                raise
            await self.scratch.stop()
            await self._replay(way, {})  # nothing was written between the last record and then
        rows = await self.scratch.ask(_RESULT)
        return Recovered(rows[0]["last"], broken)

    async def keep_log(self) -> None:
        """Has it keep all it writes from now on for its own backup: no moment of it is missing."""
        await self.scratch.ask(MAKE_SLOT)

    async def _unpack_base(self, base: Base) -> None:
        self._told(f"fetching the base of {base.ended:%F %T}")
        name = f"{base_folder(base.database, base.name)}/{ARCHIVE}"
        await asyncio.to_thread(unpack_archive, self._place, name, self._data)
        self._told("comparing its files with their checksums")
        if found := await asyncio.to_thread(faults, self._data):
            raise PlaceError(f"The base {base.name} is damaged: {', '.join(found)}.")

    async def _fetch_log(self, way: Way, later: Base | None) -> bool:
        self._told("fetching what was written since")
        there = await self._segments(way.base.database)
        last = number_at(later.end) if later else None
        chosen, broken = wanted(way, there, last)
        with telling(self._wal):
            self._wal.mkdir(mode=0o700)
        for segment in chosen:
            path = self._wal / segment.name
            await asyncio.to_thread(unpack_segment, self._place, there[segment], path)
        for name in await self._place.names(f"{way.base.database}/{WAL}"):
            plain = name.rpartition("/")[2].removesuffix(".gz")
            if plain.endswith(".history"):
                await asyncio.to_thread(unpack_file, self._place, name, self._wal / plain)
        return broken

    async def _segments(self, database: str) -> dict[Segment, str]:
        """Where each segment lies; where it lies complete, if it lies twice."""
        found: dict[Segment, str] = {}
        names = await self._place.names(f"{database}/{RECEIVING}")
        names += await self._place.names(f"{database}/{WAL}")
        for name in sorted(names, key=lambda one: (PARTIAL not in one, f"/{WAL}/" in one)):
            segment = read_segment(name.rpartition("/")[2])
            if segment is not None:
                found[segment] = name
        return found

    async def _replay(self, way: Way, target: Mapping[str, str]) -> None:
        await self.scratch.start(
            restore_command="cp ../wal/%f %p",
            recovery_target_timeline=str(way.timeline),
            recovery_target_action="promote",
            archive_mode="off",
            **target,
        )
        while True:
            if not (await self.scratch.ask(_REPLAYS))[0][0]:
                break
            await wait_set(asyncio.Event(), LOOK_SECONDS)
        await self.scratch.ask("checkpoint")  # or its files would not say in which life it is
