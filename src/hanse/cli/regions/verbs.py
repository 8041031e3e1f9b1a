"""What the verbs for regions are called, and what they take."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hanse.cli.fleet.verbs import JSON

if TYPE_CHECKING:
    from hanse.fleet.control.api import RegionDoing


@click.group(invoke_without_command=True)
@JSON
@click.pass_context
def regions(context: click.Context, *, as_json: bool) -> None:
    """See the regions of a fleet, and drain, end or start one."""
    if context.invoked_subcommand is None:
        from hanse.cli.regions.showing import show

        show(as_json=as_json)


REGION_DOINGS: dict[RegionDoing, str] = {
    "drain": "Have the others take its requests; none is lost.",
    "resume": "Send it requests again.",
    "stop": "Drain it, and end all of it.",
    "kill": "Kill all of it at once, telling nobody: a rehearsal.",
    "start": "Start one that was ended, with what the others run.",
}


def _doing(doing: RegionDoing, says: str) -> click.Command:
    @click.command(doing, help=says)
    @click.argument("name", metavar="REGION")
    @JSON
    def do(name: str, *, as_json: bool) -> None:
        from hanse.cli.regions.showing import have

        have(name, doing, as_json=as_json)

    return do


for _each, _says in REGION_DOINGS.items():
    regions.add_command(_doing(_each, _says))
