"""`hanse status`: what runs, and how it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from hanse.cli.fleet.connection import connected, enter_project, run

if TYPE_CHECKING:
    from hanse.fleet.control.api import FleetStatus, ProcessStatus

_COLOURS = {"ready": "green", "starting": "yellow", "stopping": "yellow", "ended": "dim"}
SERVICES_SHOWN = 3
_ORDER = {"gateway": 0, "host": 1, "database": 2, "broker": 3}


def status(*, as_json: bool) -> None:
    """Shows a table, or JSON.

    Raises:
        Refused: Nothing runs.
    """
    found = run(_status())
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
    else:
        Console().print(drawn(found))


async def _status() -> FleetStatus:
    async with connected(enter_project()) as control:
        return await control.status()


def drawn(fleet: FleetStatus) -> Group:
    """A fleet for the terminal."""
    said = [Text(note, style="yellow") for note in fleet.notes]
    failed = [Text(problem, style="red") for problem in fleet.problems]
    return Group(_headline(fleet), _table(fleet), *_remarks(fleet), *said, *failed)


def _headline(fleet: FleetStatus) -> Text:
    doors = " · ".join(filter(None, (fleet.url, fleet.tls_url)))
    line = Text(fleet.project, style="bold")
    line.append(f" {fleet.environment}".rstrip(), style="cyan")
    line.append(f"  {doors}", style="not bold")
    if fleet.changing:
        line.append(f"  {fleet.changing} …", style="yellow")
    return line


def _table(fleet: FleetStatus) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("process", "state", "services", "release", "up"):
        table.add_column(name, overflow="fold")
    for name in ("again", "CPU", "memory", "req/s", "p99"):
        table.add_column(name, justify="right", no_wrap=True)
    for one in sorted(fleet.processes, key=lambda one: (_ORDER[one.kind], one.name)):
        table.add_row(*_row(one))
    return table


def _row(one: ProcessStatus) -> tuple[Text | str, ...]:
    return (
        one.name,
        Text(one.state, style=_COLOURS.get(one.state, "red")),
        _services(one),
        one.release,
        duration(one.up_seconds) if one.pid else "",
        str(one.restarts) if one.restarts else "",
        f"{one.cpu:.2f}" if one.pid else "",
        f"{one.memory_bytes / 1e6:.0f} MB" if one.pid else "",
        f"{one.requests_per_second:.0f}" if one.kind in {"host", "gateway"} else "",
        "" if one.p99_seconds is None else f"{one.p99_seconds * 1e3:.1f} ms",
    )


def _services(one: ProcessStatus) -> str:
    """Short names where they tell the services apart: `Carts`, not `cart.v1.Carts`."""
    short = [name.rpartition(".")[2] for name in one.services]
    names = short if len(set(short)) == len(short) else [*one.services]
    more = len(names) - SERVICES_SHOWN
    shown = names if more <= 1 else [*names[:SERVICES_SHOWN], f"{more} more"]
    return ", ".join(shown)


def _remarks(fleet: FleetStatus) -> list[Text]:
    return [Text(f"{one.name}: {one.note}", style="yellow") for one in fleet.processes if one.note]


def duration(seconds: float) -> str:
    """`45 s`, `12 min`, `3 h`, `5 d`: one unit, as one would say it."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
