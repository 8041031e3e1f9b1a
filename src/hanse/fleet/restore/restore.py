"""Puts a restored database into its place; what was there is moved aside, never deleted."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from hanse.fleet.backup.erasures import read_erasures
from hanse.fleet.backup.files.kept_files import KeptFiles
from hanse.fleet.backup.key_table import restore_key_table
from hanse.fleet.backup.place import Place
from hanse.fleet.backup.report import Order
from hanse.fleet.engine.postgres import NAME, RESTORING
from hanse.fleet.engine.process import is_running
from hanse.fleet.restore.check import check
from hanse.fleet.restore.draft import draft, stopped
from hanse.fleet.restore.erasing_again import erase_again
from hanse.fleet.restore.file_return import Wanted, bring, check_free, give_up, look, move_aside
from hanse.fleet.restore.moment import find
from hanse.fleet.restore.recovery import Recovery
from hanse.fleet.restore.ring_return import RingReturn, needs_of
from hanse.fleet.restore.scratch import DATA
from hanse.fleet.state import StateError, telling
from hanse.kit.clock import monotonic
from hanse.runtime.config.installed import find_postgres

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hanse.fleet.state import StateFolder
    from hanse.kit.clock import Clock


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be restored.

    Attributes:
        order: Where the backups lie.
        at: To which moment; None for as late as there is something.
        database: Which, if there are several in the place.
        replace: Whether what is there is to be moved aside.
        verify: Only see that it could be done.
    """

    order: Order
    at: datetime | None = None
    database: str = ""
    replace: bool = False
    verify: bool = False


class Restored(msgspec.Struct, frozen=True, kw_only=True):
    """What was restored.

    Attributes:
        database: Which database.
        base: From which base.
        at: To which moment; None for as late as there was something.
        last: When the last write was committed that is in it, as far as the log tells.
        complete: Until when, as is known, all that was acknowledged lay in the place.
        broken: Whether a part of the log is missing, behind which there would be more.
        tables: How many tables were read, all of them.
        rows: How many rows those have, without PostgreSQL's own.
        files: How many files it knows were in the backup.
        files_missing: How many it needs are nowhere.
        keys: How many keys of persons were opened, a hundred of each generation at most.
        erased: How many persons it still knew who had been erased, and were erased again.
        seconds: What it took.
        aside: Where what was there before lies now; empty if nothing was.
        files_aside: Where files lie now that it does not know; empty if there were none.
        note: What an operator should know; empty for nothing.
    """

    database: str
    base: str
    at: datetime | None
    last: datetime | None
    complete: datetime | None
    broken: bool
    tables: int
    rows: int
    files: int = 0
    files_missing: int = 0
    keys: int = 0
    erased: int = 0
    seconds: float
    aside: str = ""
    files_aside: str = ""
    note: str = ""


class Restore:
    """Restores in one project.

    Args:
        state: The project's state folder.
        variables: The environment.
        clock: Tells what as late as possible is.
        told: Is told what is done.
    """

    def __init__(
        self,
        state: StateFolder,
        variables: Mapping[str, str],
        clock: Clock,
        told: Callable[[str], None],
    ) -> None:
        self._state = state
        self._variables = variables
        self._clock = clock
        self._told = told
        self._programs = find_postgres()

    async def run(self, wish: Wish) -> Restored:
        """Restores, or sees that it could be done.

        Raises:
            ConfigurationError: It cannot be done; nothing is changed then.
        """
        begun = monotonic()
        self._state.prepare()
        if wish.verify:
            return await self._run(wish, begun)
        with self._state.lock("hanse restore"):
            self._check_free(replace=wish.replace)
            return await self._run(wish, begun)

    async def _run(self, wish: Wish, begun: float) -> Restored:
        place = Place(wish.order.place(self._variables))
        kept = KeptFiles(wish.order.file_store(self._variables))
        found = await find(place, wish.at or self._clock.now(), wish.database)
        base, aside, files_aside, erased = found.way.base, "", "", 0
        with draft(self._state) as folder:
            recovery = Recovery(place, folder, self._programs, self._variables, self._told)
            async with stopped(recovery):
                recovered = await recovery.run(found.way, wish.at, found.later)
                checked = await check(recovery.scratch, self._told)
                await restore_key_table(place, base.database, recovery.scratch.url)
                keys, note = await self._restore_keys(wish, place, base.database, recovery)
                if not wish.verify:
                    erased = await self._erase_again(wish, place, base.database, recovery)
                    await recovery.keep_log()
                # Who verifies may be a machine that knows nothing but the place of backups.
                asked = None if wish.verify and kept.folder is None else kept
                files = await look(place, base.database, recovery.scratch, asked)
            if not wish.verify:
                await self._bring_files(kept, place, base.database, files)
                aside, files_aside = await self._exchange(folder / DATA, kept, files)
        return Restored(
            database=base.database,
            base=base.name,
            at=wish.at,
            last=recovered.last,
            complete=found.complete,
            broken=recovered.broken,
            tables=checked.tables,
            rows=checked.rows,
            files=len(files.there),
            files_missing=files.missing,
            erased=erased,
            keys=keys,
            seconds=monotonic() - begun,
            aside=aside,
            files_aside=files_aside,
            note=note,
        )

    async def _restore_keys(
        self, wish: Wish, place: Place, database: str, recovery: Recovery
    ) -> tuple[int, str]:
        """Opens keys, and brings what that needs; how many, and what an operator should know."""
        needs = await needs_of(recovery.scratch.url)
        if not wish.order.keys:
            return 0, ""
        self._told("opening keys of persons")
        ring = RingReturn(place, database, Path(wish.order.keys))
        if wish.verify:
            return await ring.see(needs) if needs is not None else 0, ""
        if needs is None:
            await ring.free()
            return 0, ""
        return len(needs.some), ring.bring(await ring.missing(needs))

    async def _erase_again(
        self, wish: Wish, place: Place, database: str, recovery: Recovery
    ) -> int:
        """Erases whom the moment still knows; how many that are."""
        ledger = await read_erasures(place, database)
        if not ledger or not wish.order.keys:
            return 0
        self._told("erasing again who was erased")
        return await erase_again(recovery.scratch.url, Path(wish.order.keys), ledger)

    async def _bring_files(
        self, kept: KeptFiles, place: Place, database: str, files: Wanted
    ) -> None:
        await check_free(place, database, kept, self._clock)
        self._told(f"bringing back {len(files.there)} files")
        await bring(place, database, files, kept)
        await give_up(place, database, files, self._clock)

    def _check_free(self, *, replace: bool) -> None:
        if is_running(NAME, self._state):
            raise StateError("The database of this project runs. End it before: hanse down")
        there = self._there()
        if there and not replace:
            raise StateError(
                f"There is a database in {there[0]}. With --replace it is moved aside, and what is "
                "restored takes its place."
            )

    def _there(self) -> list[Path]:
        return sorted(one for one in self._state.postgres.iterdir() if one.name.isdigit())

    async def _exchange(self, data: Path, kept: KeptFiles, files: Wanted) -> tuple[str, str]:
        """A mark is there meanwhile, and if we die then, nobody begins an empty database."""
        mark, below = self._state.postgres / RESTORING, f"before-{self._clock.now():%Y%m%dT%H%M%S}"
        with telling(mark):
            await asyncio.to_thread(mark.touch, 0o600)
        moved = await move_aside(files, kept, below)
        aside = self._rename(data, below)
        with telling(mark):
            await asyncio.to_thread(mark.unlink)
        return aside, kept.aside(below) if moved else ""

    def _rename(self, data: Path, below: str) -> str:
        aside = ""
        with telling(self._state.postgres):
            for there in self._there():
                beside = there.with_name(f"{there.name}.{below}")
                there.rename(beside)
                aside = str(beside)
            data.rename(self._state.postgres / self._programs.version)
        return aside
