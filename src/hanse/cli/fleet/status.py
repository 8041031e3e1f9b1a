"""`hanse status`: what runs, and how it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from hanse.cli.fleet.called import as_called
from hanse.cli.fleet.connection import connected, enter_project, run

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import ConsoleOptions

    from hanse.fleet.control.api import BackupStatus, FleetStatus, ProcessStatus

_COLOURS = {"ready": "green", "starting": "yellow", "stopping": "yellow", "ended": "dim"}
SERVICES_SHOWN = 3
SPARED = ("memory", "CPU", "req/s", "p99", "up", "again", "release")
"""What is left out first where there is no room for all."""

COLUMNS = (
    "process", "state", "services", "release", "up", "again", "CPU", "memory", "req/s", "p99",
)  # fmt: skip
LEFT = frozenset({"process", "state", "services", "release"})
_ORDER = {
    kind: place
    for place, kind in enumerate(
        ("gateway", "host", "region", "database", "broker", "backup", "deployer")
    )
}


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
    said = [Text(as_called(note), style="yellow") for note in fleet.notes]
    failed = [
        Text(f"The last change was not made: {as_called(one)}", style="red")
        for one in fleet.problems
    ]
    kept = [Text(_backup(fleet.backup), style="dim")] if fleet.backup else []
    return Group(_headline(fleet), _Table(fleet), *kept, *_remarks(fleet), *said, *failed)


def _headline(fleet: FleetStatus) -> Text:
    doors = " · ".join(filter(None, (fleet.url, fleet.tls_url)))
    line = Text(fleet.project, style="bold")
    line.append(f" {fleet.environment}".rstrip(), style="cyan")
    line.append(f"  {doors}", style="not bold")
    releases = _releases(fleet)
    if len(releases) == 1:
        line.append(f"  release {releases.pop()}", style="not bold dim")
    if fleet.changing:
        line.append(f"  {fleet.changing} …", style="yellow")
    return line


def _releases(fleet: FleetStatus) -> set[str]:
    return {one.release for one in fleet.processes if one.release}


class _Table:
    """All that runs; where it is narrow without some figures, and never with half of a name."""

    def __init__(self, fleet: FleetStatus) -> None:
        processes = sorted(fleet.processes, key=lambda one: (_ORDER[one.kind], one.name))
        self._rows = [_row(one) for one in processes]
        self._names = [
            name
            for name in COLUMNS
            if not (name == "release" and len(_releases(fleet)) <= 1)
            and not (name == "again" and not any(one.restarts for one in fleet.processes))
        ]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Table]:
        names = self._names
        for spared in SPARED:
            if self._needs(names) <= options.max_width:
                break
            names = [name for name in names if name != spared]
        table = Table(box=None, pad_edge=False, header_style="dim")
        for name in names:
            justify = "left" if name in LEFT else "right"
            table.add_column(name, justify=justify, no_wrap=name != "services")
        for row in self._rows:
            table.add_row(*(row[name] for name in names))
        yield table

    def _needs(self, names: Sequence[str]) -> int:
        """Characters a line takes at least: the names of services go on in the next one."""
        wide = 2 * (len(names) - 1)
        for name in names:
            texts = [name, *(str(row[name]) for row in self._rows)]
            words = [word for text in texts for word in text.split()]
            wide += max(map(len, words if name == "services" else texts))
        return wide


def _row(one: ProcessStatus) -> dict[str, Text | str]:
    return {
        "process": one.name,
        "state": Text(one.state, style=_COLOURS.get(one.state, "red")),
        "services": _services(one),
        "release": one.release,
        "up": duration(one.up_seconds) if one.pid else "",
        "again": str(one.restarts) if one.restarts else "",
        "CPU": f"{one.cpu:.2f}" if one.pid else "",
        "memory": f"{one.memory_bytes / 1e6:.0f} MB" if one.pid else "",
        "req/s": f"{one.requests_per_second:.0f}" if one.kind in {"host", "gateway"} else "",
        "p99": "" if one.p99_seconds is None else f"{one.p99_seconds * 1e3:.1f} ms",
    }


def _services(one: ProcessStatus) -> str:
    """Short names where they tell the services apart: `Carts`, not `cart.v1.Carts`."""
    short = [name.rpartition(".")[2] for name in one.services]
    names = short if len(set(short)) == len(short) else [*one.services]
    more = len(names) - SERVICES_SHOWN
    shown = names if more <= 1 else [*names[:SERVICES_SHOWN], f"{more} more"]
    return ", ".join(shown)


def _remarks(fleet: FleetStatus) -> list[Text]:
    return [Text(f"{one.name}: {one.note}", style="yellow") for one in fleet.processes if one.note]


def _backup(backup: BackupStatus) -> str:
    """Where it lies, and what of it would be lost with this machine."""
    if backup.base_seconds is None:
        return f"backup: {backup.step or 'beginning'} …"
    said = f"backup: base {duration(backup.base_seconds)} ago in {backup.place}"
    if backup.behind_seconds is not None:
        said += f", all but the last {duration(backup.behind_seconds)} there"
    return f"{said}; {backup.step} …" if backup.step else said


def duration(seconds: float) -> str:
    """`45 s`, `12 min`, `3 h`, `5 d`: one unit, as one would say it."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
