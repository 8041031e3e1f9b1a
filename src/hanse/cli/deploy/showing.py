"""`hanse deployments`: what was deployed, and why it went as it did."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from hanse.cli.deploy.connection import deployer
from hanse.cli.deploy.following import line_of
from hanse.cli.fleet.called import called
from hanse.cli.fleet.connection import run

if TYPE_CHECKING:
    from hanse.fleet.deployments.api import Shown
    from hanse.fleet.judge.verdict import Verdict

_COLOURS = {
    "settled": "green",
    "done": "green",
    "running": "cyan",
    "waiting": "yellow",
    "paused": "yellow",
}
SERVICES_SHOWN = 3


def list_all(most: int, *, as_json: bool) -> None:
    """The newest, as a table."""

    async def work() -> tuple[Shown, ...]:
        async with deployer() as deployments:
            return await deployments.list(most)

    found = run(work())
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
    elif not found:
        click.echo(f"Nothing was deployed yet. Change something, then: {called('deploy')}")
    else:
        Console().print(_table(found))


def show_one(name: str, *, as_json: bool) -> None:
    """What happened, oldest first, with the numbers of each verdict."""

    async def work() -> Shown:
        async with deployer() as deployments:
            return await deployments.get(name)

    found = run(work())
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
        return
    click.echo(f"{click.style(found.name, bold=True)}  {found.what or ', '.join(found.services)}")
    why = f": {found.reason}" if found.reason else ""
    click.echo(f"  begun by {found.by}{why}; it is {found.state}")
    for moment in found.moments:
        click.echo(line_of(moment))
        if moment.verdict is not None:
            Console().print(_numbers(moment.verdict))


def _table(found: tuple[Shown, ...]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("deployment", "begun", "state", "services", "by", ""):
        table.add_column(name, no_wrap=name in {"deployment", "begun", "state", "by"})
    for one in found:
        services = [name.rpartition(".")[2] for name in one.services]
        more = len(services) - SERVICES_SHOWN
        listed = ", ".join(services[:SERVICES_SHOWN]) + (f" and {more} more" if more > 0 else "")
        table.add_row(
            one.name,
            one.create_time.astimezone().strftime("%m-%d %H:%M"),
            Text(one.state, style=_COLOURS.get(one.state, "red")),
            one.what or listed,
            one.by,
            one.says.partition("\n")[0],
        )
    return table


def _numbers(verdict: Verdict) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column("           metric")
    for name in ("canary", "twin", "evidence", "proof"):
        table.add_column(name, justify="right")
    for one in verdict.metrics:
        table.add_row(
            f"           {one.name}",
            f"{one.hits:,} of {one.requests:,}",
            f"{one.twin_hits:,} of {one.twin_requests:,}",
            f"{one.evidence:.3g}",
            f"{one.proof:.3g}{' ✓' if one.proven else ''}",
        )
    return table
