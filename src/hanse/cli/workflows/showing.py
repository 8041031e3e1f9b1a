"""`hanse workflows list` and `journal`: tables for people, JSON for programs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click
import msgspec
from rich.console import Console
from rich.table import Table

from hanse.cli.data.persons import in_database
from hanse.cli.refusal import Refused
from hanse.runtime.errors import InvalidArgument, NotFound
from hanse.runtime.workflows.operator import Listed, Operator

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from hanse.cli.data.persons import Reached
    from hanse.runtime.workflows.replay import RecordedEntry, Recording

VALUE_SHOWN = 60


class Wish(msgspec.Struct, frozen=True):
    """Which instances to show."""

    state: str | None = None
    site: str = ""
    workflow: str = ""
    most: int = 50
    environment: str = ""
    dev: bool = False
    as_json: bool = False


def show(wish: Wish) -> None:
    """Shows instances.

    Raises:
        Refused: The database does not answer.
    """
    found = in_database(wish.environment, partial(_list, wish), dev=wish.dev)
    if wish.as_json:
        for one in found:
            click.echo(msgspec.json.encode(one))
    elif not found:
        click.echo("There are none.")
    else:
        _table(("id", "workflow", "state", "site", "called", "goes on", "why"), map(_row, found))


async def _list(wish: Wish, found: Reached) -> list[Listed]:
    return await Operator(found.database).list(
        wish.state or "", site=wish.site, workflow=wish.workflow, most=wish.most
    )


def show_journal(instance: str, environment: str, *, dev: bool, as_json: bool) -> None:
    """Shows what an instance did.

    Raises:
        Refused: There is none of that id.
    """
    try:
        one, recording = in_database(environment, partial(_journal, instance), dev=dev)
    except (InvalidArgument, NotFound) as error:
        raise Refused(str(error), "See hanse workflows list.") from error
    if as_json:
        told = msgspec.structs.asdict(one) | msgspec.structs.asdict(recording)
        click.echo(msgspec.json.encode(told))
        return
    click.echo(f"{one.workflow} version {one.version}: {one.state} {one.error}".rstrip())
    _table(
        ("", "kind", "name", "what became of it", "tries", "time"), map(_line, recording.entries)
    )


async def _journal(instance: str, found: Reached) -> tuple[Listed, Recording]:
    return await Operator(found.database).journal(instance)


def _row(one: Listed) -> tuple[str, ...]:
    workflow = f"{one.workflow} {one.version}"
    goes_on = _time(one.wake_time or one.end_time)
    return str(one.id), workflow, one.state, one.site, one.key, goes_on, one.error


def _line(one: RecordedEntry) -> tuple[str, ...]:
    state = {None: "not over", True: "failed: ", False: ""}[one.failed]
    value = state if one.failed is None else state + bytes(one.value).decode()[:VALUE_SHOWN]
    return str(one.place), one.kind, one.name, value, str(one.attempt), _time(one.time)


def _time(time: datetime | None) -> str:
    return f"{time:%Y-%m-%d %H:%M:%S}" if time else ""


def _table(titles: Sequence[str], rows: map[tuple[str, ...]]) -> None:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in titles:
        table.add_column(title, overflow="fold")
    for row in rows:
        table.add_row(*row)
    Console().print(table)
