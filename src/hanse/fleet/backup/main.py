"""The process that backs up: `python -m hanse.fleet.backup.main ORDER`, in the project's folder."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import msgspec
import uvloop

from hanse.fleet.backup.alone import check_alone
from hanse.fleet.backup.bases import Bases
from hanse.fleet.backup.erasures import ErasureLedger
from hanse.fleet.backup.files.kept_files import KeptFiles
from hanse.fleet.backup.files.mirror import FileMirror
from hanse.fleet.backup.keyring_copy import KeyringCopy
from hanse.fleet.backup.place import Place, PlaceError
from hanse.fleet.backup.records import TIMELINES, Life, databases, read_lives
from hanse.fleet.backup.report import Order, Problems, Report
from hanse.fleet.backup.source import Source
from hanse.fleet.backup.stream.receiver import Receiver
from hanse.fleet.backup.stream.stream import Stream
from hanse.fleet.backup.taking import Taker
from hanse.fleet.database_url import database_url
from hanse.fleet.engine.program import surroundings
from hanse.fleet.state import StateError, StateFolder, write_whole
from hanse.kit import environment
from hanse.kit.clock import SystemClock, monotonic, wait_set
from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.runtime.config.installed import find_postgres
from hanse.runtime.telemetry.log import configure

log = logging.getLogger("hanse.backup")

REPORT_SECONDS = 0.5
AGAIN_SECONDS = 0.2
START_SECONDS = 20.0
"""For the database to begin; until then it is worth no word that it does not answer."""

LAST_SECONDS = 5.0
"""For what was received last, when the fleet ends."""


class Backup:
    """Backs up the database of a fleet until it is told to end.

    Args:
        order: What, and where to.
        state: The project's state folder.
        variables: The environment.
    """

    def __init__(self, order: Order, state: StateFolder, variables: Mapping[str, str]) -> None:
        self._order = order
        self._state = state
        self._environment = surroundings(variables)
        self._programs = find_postgres()
        self._clock = SystemClock()
        self._problems = Problems()
        self._place = Place(order.place(variables))
        self._files = KeptFiles(order.file_store(variables))
        self._source = Source(database_url(state))
        self._taker = Taker(
            self._place, self._source, self._programs, self._environment, self._clock
        )
        self._bases = Bases(
            order,
            self._place,
            self._taker,
            state.backup,
            problems=self._problems,
            clock=self._clock,
        )
        self._stream: Stream | None = None
        self._others: tuple[str, ...] = ()
        self._never = asyncio.Event()

    async def run(self, over: asyncio.Event) -> None:
        """Works until it is over, and keeps then what was received last."""
        telling = asyncio.create_task(self._tell())
        working = asyncio.create_task(self._work())
        ending = asyncio.create_task(over.wait())
        try:
            await asyncio.wait((telling, working, ending), return_when=asyncio.FIRST_COMPLETED)
            for task in (telling, working):
                if task.done():
                    task.result()
        finally:
            for task in (telling, working, ending):
                task.cancel()
            await asyncio.wait((telling, working))
            await self._source.close()

    async def _work(self) -> None:
        who = await self._begin()
        database, timeline = who
        receiver = Receiver(self._place, self._state.backup, *who)
        stream = self._stream = Stream(
            receiver,
            self._place,
            self._source,
            keys=KeyringCopy(self._place, _path(self._order.keys), database),
            problems=self._problems,
            clock=self._clock,
        )
        stream.erasures = ErasureLedger(self._place, database, self._source)
        stream.mirror = mirror = FileMirror(
            self._place,
            self._files,
            database,
            self._source,
            problems=self._problems,
            clock=self._clock,
        )
        known = any(base.timeline == timeline for base in self._bases.there)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(
                    stream.receive(
                        self._programs.folder, self._environment, self._bases.gap, known=known
                    )
                )
                tasks.create_task(stream.send(database, timeline))
                tasks.create_task(self._bases.run(who, stream.finish))
                tasks.create_task(mirror.run(self._order.table.keep))
        finally:
            with suppress(ConfigurationError, OSError, TimeoutError):
                async with asyncio.timeout(LAST_SECONDS):
                    await receiver.keep_complete()
                    await receiver.send_partial()

    async def _begin(self) -> tuple[str, int]:
        """Who is backed up, once the database and the place of its backups answer."""
        begun = monotonic()
        while True:
            try:
                who = await self._source.who()
                await self._begin_life(*who)
            except (ConfigurationError, OSError) as error:
                if isinstance(error, PlaceError) or monotonic() - begun > START_SECONDS:
                    self._problems.note("beginning", f"Nothing is backed up now: {error}")
                await wait_set(self._never, AGAIN_SECONDS)
                continue
            self._problems.note("beginning", "")
            return who

    async def _begin_life(self, database: str, timeline: int) -> None:
        await check_alone(self._place, (database, timeline), self._clock)
        self._place.tidy(database)
        self._others = tuple(one for one in await databases(self._place) if one != database)
        if all(life.timeline != timeline for life in await read_lives(self._place, database)):
            life = Life(timeline, self._clock.now())
            name = f"{database}/{TIMELINES}/{timeline:08X}.json"
            await self._place.write(name, msgspec.json.encode(life))
        await self._bases.load(database)
        await self._bases.forget(database)

    async def _tell(self) -> None:
        """Writes down how it goes, again and again."""
        said = True
        while True:
            try:
                write_whole(self._state.backup / "report.json", msgspec.json.encode(self._report()))
                said = True
            except StateError as error:
                if said:
                    log.warning("%s", error)
                said = False
            await wait_set(self._never, REPORT_SECONDS)

    def _report(self) -> Report:
        newest = self._bases.there[-1] if self._bases.there else None
        stream = self._stream
        return Report(
            place=str(self._place),
            written=self._clock.now(),
            base=newest.name if newest else "",
            base_ended=newest.ended if newest else None,
            base_size=newest.size if newest else 0,
            bases=len(self._bases.there),
            complete=stream.until if stream else None,
            behind=stream.complete.behind if stream else 0,
            step=self._taker.step,
            answered=self._bases.answered,
            refused=self._bases.refused,
            problems=self._problems.all(),
            others=self._others,
        )


def _path(text: str | None) -> Path | None:
    return Path(text) if text else None


async def _run(order: Order, variables: Mapping[str, str]) -> None:
    over = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, over.set)
    await Backup(order, StateFolder(Path()), variables).run(over)


def main() -> int:
    """Backs up until it is asked to end.

    Returns:
        1 if it cannot begin.
    """
    os.umask(0o077)
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    configure(root, sys.stderr, "json", dict)
    order = msgspec.json.decode(sys.argv[1], type=Order)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_run(order, environment.variables()))
    except ConfigurationError as error:
        log.error("%s", error)  # noqa: TRY400 - it says what is wrong and the way out
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
