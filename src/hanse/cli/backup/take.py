"""`hanse backup`: has the fleet take a base now, and says how far it is."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING

import click
import msgspec

from hanse.cli.backup.sizes import size
from hanse.cli.fleet.connection import connected, enter_project, run
from hanse.cli.fleet.progress import interruptible
from hanse.cli.refusal import Refused
from hanse.fleet.control.api import NoBackup
from hanse.kit.ids import trace_id

if TYPE_CHECKING:
    from hanse.fleet.control.api import BackupStatus, Control

LOOK_SECONDS = 0.1
SILENT_SECONDS = 60.0
"""Without a process that backs up; it may be started again meanwhile."""


def take(*, as_json: bool) -> None:
    """Returns when there is a base, with all that belongs to it.

    Raises:
        Refused: Nothing runs, there is no place, or it comes to nothing.
    """
    begun = monotonic()
    with interruptible():
        done = run(_take(quiet=as_json))
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(done), indent=2).decode())
    else:
        taken = f"{size(done.base_bytes)} in {monotonic() - begun:.1f} s"
        click.echo(f"There is a base in {done.place}: {taken}.")


async def _take(*, quiet: bool) -> BackupStatus:
    request = trace_id()
    async with connected(enter_project()) as control:
        try:
            await control.back_up(request)
        except NoBackup as error:
            raise Refused(str(error)) from None
        found = await _answered(control, request, quiet=quiet)
    if found.refused:
        raise Refused(f"No base could be taken: {found.refused}")
    return found


async def _answered(control: Control, request: str, *, quiet: bool) -> BackupStatus:
    """Waits for it, and says meanwhile what is done."""
    shown, heard = "", monotonic()
    while True:
        found = (await control.status()).backup
        if found is not None and found.answered == request:
            return found
        if found is not None and found.step != shown:
            shown, heard = found.step, monotonic()
            if shown and not quiet:
                click.echo(f"  {shown} …")
        if not shown and monotonic() - heard > SILENT_SECONDS:
            raise Refused("Nobody takes a base. Why: hanse status, or hanse logs backup")
        await asyncio.sleep(LOOK_SECONDS)
