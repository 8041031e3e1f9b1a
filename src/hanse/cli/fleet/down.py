"""`hanse down`: ends a fleet; running requests finish, nothing is lost."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import click

from hanse.cli.fleet.called import called
from hanse.cli.fleet.charge import STOP_SECONDS, ended, in_charge, keeping
from hanse.cli.fleet.connection import NothingRuns, connected, enter_project, run
from hanse.cli.fleet.progress import Interrupted
from hanse.cli.refusal import Refused
from hanse.fleet.control.begin import KEEPER
from hanse.fleet.engine.log_file import open_log
from hanse.fleet.engine.privileges import lay_down
from hanse.fleet.engine.process import is_running
from hanse.fleet.engine.program import surroundings
from hanse.kit.environment import variables

if TYPE_CHECKING:
    from hanse.fleet.state import StateFolder


def down(*, as_json: bool) -> None:
    """Ends everything and waits until it has ended; nothing to end is fine too.

    Raises:
        Refused: Something does not end.
        Interrupted: Ctrl-C, while it does.
    """
    try:
        was_running = run(stopped(enter_project()))
    except KeyboardInterrupt:
        raise Interrupted(
            f"It goes on ending in the background. How far it is: {called('status')}"
        ) from None
    if as_json:
        click.echo(f'{{"stopped": {str(was_running).lower()}}}')
    else:
        click.echo("Everything has ended." if was_running else "Nothing ran here.")


async def stopped(state: StateFolder) -> bool:
    """Whether something ran, which now does not.

    Raises:
        Refused: It still does.
    """
    if await in_charge(state) is None:
        if not _is_left_alone(state):
            return False
        _take_charge(state)
        await in_charge(state)
    processes = keeping()
    try:
        async with connected(state) as control:
            await control.stop()
    except NothingRuns:
        return False
    if not await ended(processes):
        raise Refused(f"The fleet did not end within {STOP_SECONDS:.0f} s. Why: hanse logs control")
    return True


def _is_left_alone(state: StateFolder) -> bool:
    """Whether something runs that nobody is in charge of: control and keeper were killed."""
    return any(
        is_running(record.stem, each)
        for each in (state, *state.regions())
        for record in each.processes.glob("*.json")
    )


def _take_charge(state: StateFolder) -> None:
    """Has a control process adopt it, which knows how to end it without a loss."""
    given = surroundings(variables())
    command = (*lay_down(state, given), *KEEPER)
    log = open_log(state.log("control"))
    subprocess.Popen(  # noqa: S603 - a module of ours
        command,
        env=given,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
