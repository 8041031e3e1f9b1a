"""`hanse backup list`: which bases there are, and to which moments one can go back."""

from __future__ import annotations

from datetime import datetime

import click
import msgspec
from rich.console import Console
from rich.table import Table

from hanse.cli.backup.place import backup_order
from hanse.cli.backup.sizes import size
from hanse.cli.fleet.connection import run
from hanse.fleet.backup.place import Place
from hanse.fleet.backup.records import Base, databases, read_bases, read_complete, read_lives
from hanse.kit.environment import variables


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """One database with backups.

    Attributes:
        database: Its number.
        lives: When it was begun, and went on after each restore.
        since: The first moment one can go back to; None if there is none.
        until: The last one.
        bases: All of them.
    """

    database: str
    lives: tuple[datetime, ...]
    since: datetime | None
    until: datetime | None
    bases: tuple[Base, ...]


def show(environment: str, *, as_json: bool) -> None:
    """Shows a table, or JSON.

    Raises:
        Refused: The project says of no place for backups.
        PlaceError: The place cannot be read.
    """
    place = Place(backup_order(environment).place(variables()))
    found = run(listed(place))
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
        return
    if not found:
        click.echo(f"There are no backups in {place}.")
    for one in found:
        Console().print(_drawn(one))
        if one.since is not None and one.until is not None:
            between = f"from {one.since:%F %T} to {one.until:%F %T}, in UTC"
            click.echo(f"One can go back to any moment {between}.")


async def listed(place: Place) -> list[Listed]:
    """All databases that have backups there.

    Raises:
        PlaceError: The place cannot be read.
    """
    return [await _listed(place, database) for database in await databases(place)]


async def _listed(place: Place, database: str) -> Listed:
    bases = await read_bases(place, database)
    complete = await read_complete(place, database)
    ended = [base.ended for base in bases]
    return Listed(
        database=database,
        lives=tuple(sorted(life.begun for life in await read_lives(place, database))),
        since=min(ended, default=None),
        until=max([*ended, *(one.time for one in complete)], default=None) if ended else None,
        bases=tuple(bases),
    )


def _drawn(one: Listed) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", title=f"database {one.database}")
    for title in ("base", "done", "size", "life"):
        table.add_column(title, justify="right" if title == "size" else "left")
    for base in one.bases:
        table.add_row(base.name, f"{base.ended:%F %T}", size(base.size), str(base.timeline))
    return table
