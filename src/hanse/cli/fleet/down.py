"""`hanse down`: ends a fleet; running requests finish, nothing is lost."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING

import click

from hanse.cli.fleet.connection import connected, enter_project, run
from hanse.cli.refusal import Refused
from hanse.fleet.state import StateError

if TYPE_CHECKING:
    from hanse.fleet.state import StateFolder

PATIENCE_SECONDS = 60.0
LOOK_SECONDS = 0.05


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
            await control.stop()
    except Refused:
        return False
    limit = monotonic() + PATIENCE_SECONDS
    while _is_held(state):
        if monotonic() > limit:
            raise Refused(
                f"The fleet did not end within {PATIENCE_SECONDS:.0f} s. Why: hanse logs control"
            )
        await asyncio.sleep(LOOK_SECONDS)
    return True


def _is_held(state: StateFolder) -> bool:
    """Whether a control process holds the folder."""
    try:
        with state.lock("hanse down"):
            return False
    except StateError:
        return True
