"""What the terminal shows while a fleet changes: a line for each process as it gets there."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING

import click

from hanse.cli.fleet.called import called
from hanse.cli.fleet.charge import START_SECONDS, keeping
from hanse.cli.refusal import Refused
from hanse.runtime.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Generator

    from hanse.fleet.control.api import Control, FleetStatus

LOOK_SECONDS = 0.1
NAME_WIDTH = 18
INTERRUPTED = 130
"""The exit code after Ctrl-C."""


class EndedMeanwhile(Refused):
    """What was waited for will not be."""

    def __init__(self) -> None:
        super().__init__(f"It was ended meanwhile by hanse down. Begin again: {called('up')}")


class Interrupted(Refused):
    """Whoever waited does no longer; what was begun goes on."""

    exit_code = INTERRUPTED


@contextmanager
def interruptible() -> Generator[None]:
    """Says on Ctrl-C what is so now: control does not hear of it, only whoever waited.

    Raises:
        Interrupted: Ctrl-C.
    """
    try:
        yield
    except KeyboardInterrupt:
        if not keeping():
            raise Interrupted("Nothing was begun.") from None
        raise Interrupted(
            f"What was begun goes on in the background. How far it is: {called('status')}\n"
            f"To end everything, also a start: {called('down')}"
        ) from None


async def settled(control: Control, *, quiet: bool) -> FleetStatus:
    """Waits until a change is made or given up, and says meanwhile how far it is.

    Raises:
        EndedMeanwhile: Somebody has everything end, this change too.
    """
    fleet = await _said(control)
    shown = Progress(fleet, quiet=quiet)
    while fleet.changing:
        await asyncio.sleep(LOOK_SECONDS)
        fleet = await _said(control)
        shown.show(fleet)
    return fleet


async def _said(control: Control) -> FleetStatus:
    """What control says; where it dies its keeper starts another, which goes on."""
    begun = monotonic()
    while True:
        try:
            found = await control.status()
        except Unavailable:
            if not keeping() or monotonic() - begun > START_SECONDS:
                raise EndedMeanwhile from None
            await asyncio.sleep(LOOK_SECONDS)
            continue
        if found.changing == "stopping":
            raise EndedMeanwhile
        return found


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
