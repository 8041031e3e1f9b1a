"""Who is in charge of the fleet here: a control process that answers, or one that comes or goes."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

import psutil

from hanse.cli.fleet.connection import NothingRuns, connected

if TYPE_CHECKING:
    from hanse.fleet.control.api import FleetStatus
    from hanse.fleet.state import StateFolder

MODULES = frozenset(("hanse.fleet.control.keeper", "hanse.fleet.control.main"))

START_SECONDS = 15.0
"""For a control process to answer; it says itself how long the rest takes."""

STOP_SECONDS = 120.0
"""For everything to end: calls have half a minute, and so has the database."""

LOOK_SECONDS = 0.02


async def in_charge(state: StateFolder) -> FleetStatus | None:
    """What the control process here says, once it neither starts nor stops; None if there is none.

    Who is on the way to answering is waited for, and so is one who ends everything: whatever is
    begun in its last moments it would take along.
    """
    begun = monotonic()
    while True:
        found = await _said(state)
        if found is not None and found.changing != "stopping":
            return found
        waits = STOP_SECONDS if found is not None else START_SECONDS
        if (found is None and not keeping()) or monotonic() - begun > waits:
            return found
        await asyncio.sleep(LOOK_SECONDS)


async def ended(processes: list[psutil.Process]) -> bool:
    """Waits for processes to end; False if they do not in time."""
    limit = monotonic() + STOP_SECONDS
    while any(map(_lives, processes)):
        if monotonic() > limit:
            return False
        await asyncio.sleep(LOOK_SECONDS)
    return True


def keeping() -> list[psutil.Process]:
    """The control process that works in this folder, and its keeper, if we may see them."""
    here = str(Path.cwd())
    return [one for one in psutil.process_iter() if _keeps(one, here)]


async def _said(state: StateFolder) -> FleetStatus | None:
    try:
        async with connected(state) as control:
            return await control.status()
    except NothingRuns:
        return None


def _keeps(process: psutil.Process, here: str) -> bool:
    with suppress(psutil.Error):
        return not MODULES.isdisjoint(process.cmdline()) and process.cwd() == here
    return False


def _lives(process: psutil.Process) -> bool:
    """Whether it runs; where nobody collects the dead, they stay listed."""
    with suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False
