"""What the terminal shows while a fleet changes: a line for each process as it gets there."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from hanse.fleet.control.api import Control, FleetStatus

LOOK_SECONDS = 0.1
NAME_WIDTH = 18


async def settled(control: Control, *, quiet: bool) -> FleetStatus:
    """Waits until a change is made or given up, and says meanwhile how far it is."""
    fleet = await control.status()
    shown = Progress(fleet, quiet=quiet)
    while fleet.changing:
        await asyncio.sleep(LOOK_SECONDS)
        fleet = await control.status()
        shown.show(fleet)
    return fleet


class Progress:
    """Says what is new since the last look.

    Args:
        fleet: How it was in the beginning; what was ready then is no news.
        quiet: Says nothing, because the output is for a program.
    """

    def __init__(self, fleet: FleetStatus, *, quiet: bool) -> None:
        self._quiet = quiet
        self._states = {one.name: one.state for one in fleet.processes}
        self._wide = NAME_WIDTH

    def show(self, fleet: FleetStatus) -> None:
        before, self._states = self._states, {one.name: one.state for one in fleet.processes}
        self._wide = max(self._wide, *map(len, {*before, *self._states}))
        if self._quiet:
            return
        for one in fleet.processes:
            if one.state == before.get(one.name):
                continue
            if one.state == "ready":
                self._say(one.name, "ready")
            elif one.state == "backing off":
                self._say(one.name, one.note or one.state, colour="red")
        for name in before.keys() - self._states.keys():
            self._say(name, "has ended")

    def _say(self, name: str, what: str, *, colour: str | None = None) -> None:
        click.secho(f"  {name:<{self._wide}}  {what}", fg=colour)
