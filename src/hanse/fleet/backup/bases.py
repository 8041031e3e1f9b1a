"""The bases of one database: taken when they are due or asked for, and forgotten when too old."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from hanse.fleet.backup.choice import is_due, is_needed, outdated
from hanse.fleet.backup.erasures import forget_erasures
from hanse.fleet.backup.records import (
    ARCHIVE,
    BASES,
    MANIFEST,
    RECEIVING,
    WAL,
    base_folder,
    read_bases,
)
from hanse.fleet.backup.stream.segment import read_segment
from hanse.kit.clock import monotonic, wait_set
from hanse.runtime.config.configuration_error import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from hanse.fleet.backup.place import Place
    from hanse.fleet.backup.records import Base
    from hanse.fleet.backup.report import Order, Problems
    from hanse.fleet.backup.taking import Taker
    from hanse.kit.clock import Clock

LOOK_SECONDS = 0.25
FINISH_SECONDS = 600.0
AGAIN_SECONDS = 30.0
"""Until a base is tried again that came to nothing."""


class Bases:
    """Takes them one at a time.

    Args:
        order: How often, and for how long.
        place: Where they lie.
        taker: Takes one.
        folder: In which somebody asks for one, by a file, and in which a gap in the log is noted.
        problems: Where it says what does not work.
        clock: Tells when.

    Attributes:
        there: All there are, the oldest first.
        answered: The last request that was dealt with.
        refused: Why that came to nothing; empty if it came to something.
    """

    def __init__(
        self,
        order: Order,
        place: Place,
        taker: Taker,
        folder: Path,
        *,
        problems: Problems,
        clock: Clock,
    ) -> None:
        self._order = order
        self._place = place
        self._taker = taker
        self._asked = folder / "asked"
        self.gap = folder / "gap"
        self._problems = problems
        self._clock = clock
        self._again = 0.0
        self._never = asyncio.Event()
        self.there: list[Base] = []
        self.answered = ""
        self.refused = ""

    async def run(self, who: tuple[str, int], finish: Callable[[int], Awaitable[object]]) -> None:
        """Takes what is due or asked for, again and again.

        Args:
            who: Number of the database, and which of its lives this is.
            finish: Returns when all else is in the place that belongs to a position of the log.
        """
        while True:
            asked = _read(self._asked)
            if asked or (monotonic() >= self._again and self._due(who[1])):
                await self._take(who, finish)
                if asked:
                    self.answered = asked
                    self._asked.unlink(missing_ok=True)
            await wait_set(self._never, LOOK_SECONDS)

    async def load(self, database: str) -> None:
        """Learns which there are.

        Raises:
            PlaceError: That cannot be told.
        """
        self.there = await read_bases(self._place, database)

    def _due(self, timeline: int) -> bool:
        now, every = self._clock.now(), self._order.table.every
        return self.gap.exists() or is_due(self.there, timeline, every, now)

    async def _take(self, who: tuple[str, int], finish: Callable[[int], Awaitable[object]]) -> None:
        try:
            async with asyncio.timeout(None) as limit:

                async def finished(position: int) -> None:
                    limit.reschedule(asyncio.get_running_loop().time() + FINISH_SECONDS)
                    await finish(position)

                base = await self._taker.take(self._order.project, who, finished)
            self.gap.unlink(missing_ok=True)
            self.there.append(base)
            await self.forget(who[0])
            self._said("")
        except TimeoutError:
            self._said(f"what belongs to it did not come within {FINISH_SECONDS:.0f} s.")
        except (ConfigurationError, OSError) as error:
            self._said(str(error))

    def _said(self, refused: str) -> None:
        self.refused = refused
        self._problems.note("bases", refused and f"No base could be taken: {refused}")
        if refused:
            self._again = monotonic() + AGAIN_SECONDS

    async def forget(self, database: str) -> None:
        """Has gone what no moment needs any more, and what never became a base.

        Raises:
            PlaceError: Something cannot be.
        """
        for base in outdated(self.there, self._order.table.keep, self._clock.now()):
            folder = base_folder(database, base.name)
            # What says that it is a base goes first, that it never says so of a part.
            await self._place.remove(f"{folder}/{MANIFEST}")
            await self._place.remove(f"{folder}/{ARCHIVE}")
            self.there.remove(base)
        known = {base.name for base in self.there}
        for name in await self._place.names(f"{database}/{BASES}"):
            if name.split("/")[-2] not in known:
                await self._place.remove(name)
        self._place.tidy(f"{database}/{BASES}")
        if self.there:
            oldest = min(base.begun for base in self.there)
            await forget_erasures(self._place, database, oldest)
        for part in (WAL, RECEIVING):
            for name in await self._place.names(f"{database}/{part}"):
                segment = read_segment(name.rpartition("/")[2])
                if segment is not None and not is_needed(segment, self.there):
                    await self._place.remove(name)


def _read(path: Path) -> str:
    try:
        return path.read_text()[:100].strip()
    except FileNotFoundError:
        return ""
