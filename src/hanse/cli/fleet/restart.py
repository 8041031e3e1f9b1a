"""`hanse restart`: hosts begin anew with the code as it is now, without a lost request."""

from __future__ import annotations

import click
import msgspec

from hanse.cli.fleet.connection import connected, enter_project, run
from hanse.cli.fleet.progress import interruptible, settled
from hanse.cli.fleet.up import UNCHANGED
from hanse.cli.refusal import Refused
from hanse.fleet.control.api import UnknownProcess


def restart(names: tuple[str, ...], *, as_json: bool) -> None:
    """Replaces hosts of the given names or groups, all of them if none is given.

    Raises:
        Refused: Nothing runs, no process has that name, or the new code does not start; the old
            one goes on then.
    """
    with interruptible():
        run(_restart(names, as_json=as_json))


async def _restart(names: tuple[str, ...], *, as_json: bool) -> None:
    async with connected(enter_project()) as control:
        try:
            await control.restart(names)
        except UnknownProcess as error:
            raise Refused(error.detail) from error
        fleet = await settled(control, quiet=as_json)
    if fleet.problems:
        raise Refused(*fleet.problems, UNCHANGED)
    hosts = [one.name for one in fleet.processes if one.kind == "host"]
    if as_json:
        click.echo(msgspec.json.encode({"hosts": hosts}).decode())
    else:
        click.echo(f"These serve now: {', '.join(hosts)}")
