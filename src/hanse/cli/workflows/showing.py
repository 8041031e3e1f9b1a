"""`hanse workflows list` and `journal`: tables for people, JSON for programs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click
import msgspec

from hanse.cli.data.listing import echo_rows
from hanse.cli.data.persons import in_database
from hanse.cli.refusal import Refused
from hanse.cli.workflows.verbs import PAGED
from hanse.runtime.data.collection.outcome import Page
from hanse.runtime.errors import InvalidArgument, NotFound
from hanse.runtime.workflows.listing import Which
from hanse.runtime.workflows.operator import Listed, Operator

if TYPE_CHECKING:
    from datetime import datetime

    from hanse.cli.data.persons import Reached
    from hanse.runtime.workflows.replay import RecordedEntry, Recording

VALUE_SHOWN = 60


class Wish(msgspec.Struct, frozen=True):
    """Which instances to show."""

    state: str | None = None
    site: str = ""
    workflow: str = ""
    prefix: str = ""
    cursor: str = ""
    most: int = 50
    environment: str = ""
    dev: bool = False
    as_json: bool = False

    @property
    def paged(self) -> bool:
        """Whether it is for pages of one site and one workflow."""
        return bool(self.prefix or self.cursor or self.state in PAGED)


def show(wish: Wish) -> None:
    """Shows instances.

    Raises:
        Refused: The database does not answer, or pages of too much are asked for.
    """
    if wish.paged and not (wish.site and wish.workflow):
        raise Refused(
            "Pages are of one site and one workflow.", "Say which: --site NAME --workflow NAME."
        )
    page = in_database(wish.environment, partial(_list, wish), dev=wish.dev)
    found = page.items
    if wish.as_json:
        for one in found:
            click.echo(msgspec.json.encode(one))
    elif not found:
        click.echo("There are none.")
    else:
        echo_rows(("id", "workflow", "state", "site", "called", "goes on", "why"), map(_row, found))
    if page.next_cursor:
        click.echo(f"There are more: --cursor {page.next_cursor}", err=True)


async def _list(wish: Wish, found: Reached) -> Page[Listed]:
    operator, state = Operator(found.database), wish.state or ""
    if wish.paged:
        which = Which(site=wish.site, name=wish.workflow, state=state, prefix=wish.prefix)
        return await operator.page(which, wish.cursor)
    site, workflow = wish.site, wish.workflow
    return Page(tuple(await operator.list(state, site=site, workflow=workflow, most=wish.most)))


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
    titles = ("place", "kind", "name", "what became of it", "tries", "time")
    echo_rows(titles, map(_line, recording.entries), ("place", "tries"))


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
