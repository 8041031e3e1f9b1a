"""Restores one site: the moment in a database beside, from there into the one that lives."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from hanse.fleet.backup.files.kept_files import KeptFiles
from hanse.fleet.backup.place import Place
from hanse.fleet.backup.report import Order
from hanse.fleet.database_url import database_url
from hanse.fleet.engine.postgres import NAME
from hanse.fleet.engine.process import is_running
from hanse.fleet.restore.draft import draft, stopped
from hanse.fleet.restore.erasing_again import erase_site_again
from hanse.fleet.restore.file_return import bring, look
from hanse.fleet.restore.moment import find
from hanse.fleet.restore.recovery import Recovery
from hanse.fleet.restore.ring_return import RingReturn, needs_of, see_that_keys_live
from hanse.fleet.restore.site_return import SiteTable, bring_site
from hanse.fleet.state import StateError
from hanse.kit.clock import SystemClock, monotonic
from hanse.runtime.config.installed import find_postgres

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hanse.fleet.restore.scratch import Scratch
    from hanse.fleet.state import StateFolder


class SiteWish(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be restored.

    Attributes:
        order: Where the backups lie.
        at: To which moment.
        site: Whose rows.
        dry_run: Only count.
    """

    order: Order
    at: datetime
    site: str
    dry_run: bool = False


class SiteRestored(msgspec.Struct, frozen=True, kw_only=True):
    """What was restored.

    Attributes:
        site: Whose rows.
        at: As they were then.
        dry_run: Whether it was only counted.
        tables: Those in which something differed.
        files_missing: How many files it needs are nowhere.
        erased: How many persons it brought back who had been erased, and were erased again.
        seconds: What it took.
    """

    site: str
    at: datetime
    dry_run: bool
    tables: tuple[SiteTable, ...]
    files_missing: int
    erased: int
    seconds: float


async def restore_site(
    state: StateFolder,
    variables: Mapping[str, str],
    told: Callable[[str], None],
    wish: SiteWish,
) -> SiteRestored:
    """Brings a site back, while the fleet runs.

    Args:
        state: The project's state folder.
        variables: The environment.
        told: Is told what is done.
        wish: Which site, and to which moment.

    Raises:
        ConfigurationError: It cannot be done; nothing is changed then.
    """
    begun = monotonic()
    state.prepare()
    if not is_running(NAME, state):
        raise StateError("A site is brought back into a fleet that runs. Start it: hanse up")
    place = Place(wish.order.place(variables))
    found = await find(place, wish.at)
    living, database = database_url(state), found.way.base.database
    with draft(state) as folder:
        recovery = Recovery(place, folder, find_postgres(), variables, told)
        async with stopped(recovery):
            await recovery.run(found.way, wish.at, found.later)
            await _bring_keys(wish, place, database, (recovery.scratch.url, living))
            kept = KeptFiles(wish.order.file_store(variables))
            missing = await _bring_files(wish, kept, place, database, recovery.scratch)
            told(f"comparing the rows of {wish.site}")
            tables = await bring_site(
                *(recovery.scratch.url, living, wish.site, folder),
                now=SystemClock().now(),
                dry_run=wish.dry_run,
            )
        erased = 0
        # Though nothing differs: another run may have been ended before it came to this.
        if wish.order.keys and not wish.dry_run:
            erased = await erase_site_again(living, Path(wish.order.keys), wish.site)
    return SiteRestored(
        site=wish.site,
        at=wish.at,
        dry_run=wish.dry_run,
        tables=tuple(tables),
        files_missing=missing,
        erased=erased,
        seconds=monotonic() - begun,
    )


async def _bring_keys(
    wish: SiteWish, place: Place, database: str, then_and_now: tuple[str, str]
) -> None:
    """Sees that what comes back can be read: by the keys that the living database has."""
    if not wish.order.keys:
        return
    folder, (_, living) = Path(wish.order.keys), then_and_now
    needs = await needs_of(living, wish.site)
    if needs is not None:
        ring = RingReturn(place, database, folder)
        missing = await ring.missing(needs)
        if not wish.dry_run:
            ring.bring(missing)
    await see_that_keys_live(*then_and_now, wish.site, folder)


async def _bring_files(
    wish: SiteWish, kept: KeptFiles, place: Place, database: str, scratch: Scratch
) -> int:
    """Before the rows that refer to them; how many are nowhere."""
    files = await look(place, database, scratch, kept, wish.site)
    if not wish.dry_run:
        await bring(place, database, files, kept)
    return files.missing
