"""`hanse regions`: where a fleet runs, and what is done with one of those places."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from hanse.cli.fleet.connection import connected, enter_project, run
from hanse.cli.fleet.progress import interruptible, settled
from hanse.cli.refusal import Refused
from hanse.fleet.control.api import NoRegions, TooManyChanges, UnknownRegion

if TYPE_CHECKING:
    from hanse.fleet.control.api import FleetStatus, RegionDoing, RegionLine

COLOURS = {"ready": "green", "drained": "yellow", "down": "dim", "lost": "red"}
DONE: dict[RegionDoing, str] = {
    "drain": "{} is sent nothing any more. Send it something again: hanse regions resume {}",
    "resume": "{} is sent requests again.",
    "stop": "{} has ended; nothing was lost. Start it again: hanse regions start {}",
    "kill": "{} was killed. Start it again: hanse regions start {}",
    "start": "{} runs what the others run. If it was drained: hanse regions resume {}",
}
MEANT: dict[RegionDoing, tuple[str, ...]] = {
    "drain": ("drained",),
    "resume": ("ready",),
    "stop": ("down",),
    "kill": ("down",),
    "start": ("ready", "drained"),
}
"""How a region is afterwards."""


def show(*, as_json: bool) -> None:
    """Lists them.

    Raises:
        Refused: Nothing runs, or there are none.
    """
    fleet = run(_status())
    if not fleet.regions:
        raise Refused("This fleet runs without regions. To have some: hanse up --regions 3")
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(fleet.regions)).decode())
    else:
        Console().print(drawn(fleet))


def have(name: str, doing: RegionDoing, *, as_json: bool) -> None:
    """Does something with one, and waits until it is done.

    Raises:
        Refused: There is no such one, or it cannot be done.
    """
    with interruptible():
        run(_have(name, doing, as_json=as_json))


async def _status() -> FleetStatus:
    async with connected(enter_project()) as control:
        return await control.status()


async def _have(name: str, doing: RegionDoing, *, as_json: bool) -> None:
    async with connected(enter_project()) as control:
        try:
            await control.region(name, doing)
        except (NoRegions, UnknownRegion, TooManyChanges) as error:
            raise Refused(error.detail) from error
        fleet = await settled(control, quiet=as_json)
    if fleet.problems:
        raise Refused(*fleet.problems)
    state = next((one.state for one in fleet.regions if one.name == name), "gone")
    if state not in MEANT[doing]:  # the head died with it in its line, or somebody said otherwise
        raise Refused(f"It is not so: {name} is {state}. Say it again.")
    if as_json:
        click.echo(msgspec.json.encode({"region": name, "done": doing}).decode())
    else:
        click.echo(DONE[doing].format(name, name))


def drawn(fleet: FleetStatus) -> Table:
    """All of them, for the terminal."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("region", "state", "gateway", "hosts"):
        table.add_column(name, no_wrap=True)
    for one in fleet.regions:
        state = Text(one.state, style=COLOURS[one.state])
        doors = " · ".join(filter(None, (one.url, one.tls_url)))
        table.add_row(one.name, state, doors, _hosts(one, fleet))
    return table


def _hosts(region: RegionLine, fleet: FleetStatus) -> str:
    """How many of them are ready: `12`, or `11 of 12`."""
    own = [one for one in fleet.processes if one.name.startswith(f"{region.name}.")]
    hosts = [one.state for one in own if one.kind == "host"]
    ready = hosts.count("ready")
    return str(ready) if ready == len(hosts) else f"{ready} of {len(hosts)}"
