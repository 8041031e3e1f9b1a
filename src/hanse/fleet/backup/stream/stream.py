"""The log on its way from a database into the place of its backups, for as long as a fleet runs."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import msgspec

from hanse.fleet.backup.records import COMPLETE, Complete
from hanse.fleet.backup.stream.completeness import Completeness
from hanse.kit.backoff import Backoff
from hanse.kit.clock import monotonic, wait_set
from hanse.runtime.config.configuration_error import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from hanse.fleet.backup.erasures import ErasureLedger
    from hanse.fleet.backup.files.mirror import FileMirror
    from hanse.fleet.backup.keyring_copy import KeyringCopy
    from hanse.fleet.backup.place import Place
    from hanse.fleet.backup.report import Problems
    from hanse.fleet.backup.source import Source
    from hanse.fleet.backup.stream.receiver import Receiver
    from hanse.kit.clock import Clock

log = logging.getLogger("hanse.backup")

ROUND_SECONDS = 2.0
"""Between two looks; what is not complete is sent on each time, where backups lie in a bucket."""

NOTE_SECONDS = 5.0
"""Between two notes in the place of how far it is complete."""

HEALTHY_SECONDS = 10.0
LOOK_SECONDS = 0.1


class Stream:
    """Keeps it running, and knows how far it is.

    Args:
        receiver: Of one life of the database.
        place: Where all goes.
        source: The database.
        keys: The keyring, which what is written may need.
        problems: Where it says what does not work.
        clock: Tells when.

    Attributes:
        complete: How far it is.
        erasures: Who is erased, which copies must learn; None if nobody ever is.
        mirror: Of the files that belong to what is written; None if there are none.
    """

    def __init__(
        self,
        receiver: Receiver,
        place: Place,
        source: Source,
        *,
        keys: KeyringCopy,
        problems: Problems,
        clock: Clock,
    ) -> None:
        self._receiver = receiver
        self._place = place
        self._source = source
        self._keys = keys
        self._problems = problems
        self._clock = clock
        self._backoff = Backoff()
        self._hurry = asyncio.Event()
        self._never = asyncio.Event()
        self._noted = 0.0
        self.complete = Completeness()
        self.mirror: FileMirror | None = None
        self.erasures: ErasureLedger | None = None

    async def receive(
        self, programs: Path, environment: Mapping[str, str], gap: Path, *, known: bool
    ) -> None:
        """Receives, and begins again whenever that ends.

        Args:
            programs: Of PostgreSQL.
            environment: What they run with.
            gap: A file that is there from when some of the log was lost until there is a new base.
            known: Whether this life of the database was received before, so that what its slot has
                lost is a gap.
        """
        while True:
            begun = monotonic()
            try:
                if not await self._source.keep_slot() and known:
                    await self._note_gap(gap)
                known = True
                url = self._source.url
                said = await self._receiver.run(programs, url, environment) or "it has ended"
            except (ConfigurationError, OSError) as error:
                said = str(error)
            self._problems.note("receiving", f"What is written is not received now: {said}")
            if monotonic() - begun > HEALTHY_SECONDS:
                self._backoff.reset()
            await wait_set(self._never, self._backoff.next())

    async def send(self, database: str, timeline: int) -> None:
        """Keeps what is received, again and again."""
        while True:
            try:
                await self.round(database, timeline)
                self._problems.note("sending", "")
            except (ConfigurationError, OSError) as error:
                self._problems.note("sending", f"What was received is not kept yet: {error}")
            await wait_set(self._hurry, ROUND_SECONDS)
            self._hurry.clear()

    async def round(self, database: str, timeline: int) -> None:
        """Keeps what is received by now.

        Raises:
            PlaceError, SourceAway: It cannot be.
        """
        looked = self._clock.now()
        standing = await self._source.standing()
        await self._keys.follow()
        if self.erasures is not None:
            await self.erasures.follow()
        await self._receiver.keep_complete()
        await self._receiver.send_partial()
        if standing.received is None:
            return
        self._problems.note("receiving", "")
        self.complete.note(looked, standing.written, standing.received)
        await self._note(f"{database}/{COMPLETE}/{timeline:08X}.json", self.until)

    @property
    def until(self) -> datetime | None:
        """Until when all that was acknowledged lies in the place; None if nobody knows."""
        log = self.complete.log
        if self.mirror is None or log is None:
            return log
        return min(log, self.mirror.until) if self.mirror.until else None

    async def finish(self, position: int) -> None:
        """Returns when the log up to a position lies in the place, and all files of now."""
        now = self._clock.now()
        while self.complete.position < position:
            self._hurry.set()
            await wait_set(self._never, LOOK_SECONDS)
        if self.mirror is not None:
            await self.mirror.after(now)

    async def _note(self, name: str, until: datetime | None) -> None:
        if until is None or monotonic() - self._noted < NOTE_SECONDS:
            return
        note = Complete(until, self.complete.position)
        await self._place.write(name, msgspec.json.encode(note))
        self._noted = monotonic()

    async def _note_gap(self, gap: Path) -> None:
        """What was written while nobody could receive it is lost to us: a new base has it."""
        log.error("The database could not wait for its backup any longer; a new base is taken.")
        await asyncio.to_thread(gap.touch, 0o600)
        await self._receiver.give_up()
