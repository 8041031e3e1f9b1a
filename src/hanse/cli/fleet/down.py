"""`hanse down`: ends a fleet; running requests finish, nothing is lost."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING

import click
import psutil

from hanse.cli.fleet.connection import NothingRuns, connected, enter_project, run
from hanse.cli.refusal import Refused

if TYPE_CHECKING:
    from hanse.fleet.state import StateFolder

PATIENCE_SECONDS = 60.0
LOOK_SECONDS = 0.05
KEEPER = "hanse.fleet.control.keeper"


def down(*, as_json: bool) -> None:
    """Ends everything and waits until it has ended; nothing to end is fine too.

    Raises:
        Refused: Something does not end.
    """
    was_running = run(stopped(enter_project()))
    if as_json:
        click.echo(f'{{"stopped": {str(was_running).lower()}}}')
    else:
        click.echo("Everything has ended." if was_running else "Nothing ran here.")


async def stopped(state: StateFolder) -> bool:
    """Whether something ran, which now does not.

    Raises:
        Refused: It still does.
    """
    try:
        async with connected(state) as control:
            keeping = _keeping((await control.status()).pid)
            await control.stop()
    except NothingRuns:
        return False
    limit = monotonic() + PATIENCE_SECONDS
    while any(map(_lives, keeping)):
        if monotonic() > limit:
            raise Refused(
                f"The fleet did not end within {PATIENCE_SECONDS:.0f} s. Why: hanse logs control"
            )
        await asyncio.sleep(LOOK_SECONDS)
    return True


def _keeping(control: int) -> list[psutil.Process]:
    """The control process and its keeper, which end last."""
    try:
        process = psutil.Process(control)
        keeper = process.parent()
    except psutil.NoSuchProcess:
        return []
    return [process, *([keeper] if keeper and KEEPER in keeper.cmdline() else [])]


def _lives(process: psutil.Process) -> bool:
    """Whether it runs; where nobody collects the dead, they stay listed."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
