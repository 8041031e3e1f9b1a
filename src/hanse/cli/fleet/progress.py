"""What the terminal shows while a fleet changes: a line for each process as it gets there."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from hanse.fleet.control.api import Control, FleetStatus

LOOK_SECONDS = 0.1


async def settled(control: Control, *, quiet: bool) -> FleetStatus:
    """Waits until a change is made or given up, and says meanwhile how far it is."""
    shown = Progress(quiet=quiet)
    while True:
        fleet = await control.status()
        shown.show(fleet)
        if not fleet.changing:
            return fleet
        await asyncio.sleep(LOOK_SECONDS)


class Progress:
    """Says what is new since the last look.

    Args:
        quiet: Says nothing, because the output is for a program.
    """

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._states: dict[str, str] = {}

    def show(self, fleet: FleetStatus) -> None:
        for one in fleet.processes:
            before = self._states.get(one.name)
            self._states[one.name] = one.state
            if self._quiet or one.state == before:
                continue
            if one.state == "ready":
                click.echo(f"  {one.name:<20} ready")
            elif one.state == "backing off":
                click.secho(f"  {one.name:<20} {one.note or one.state}", fg="red", err=True)
