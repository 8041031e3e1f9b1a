"""`hanse person erase`: erases all that is of one person, and says what a law keeps, until when."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

import click
import msgspec
from rich.console import Console
from rich.table import Table

from hanse.cli.data.persons import in_database, note_places
from hanse.cli.fleet.called import called
from hanse.cli.refusal import Refused
from hanse.runtime.data.people.erased import Erased
from hanse.runtime.data.people.erasing import Erasing
from hanse.runtime.data.people.person import person_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hanse.cli.data.persons import Reached

BY = "hanse person erase"
"""Who is written down for it."""


class Wish(msgspec.Struct, frozen=True):
    """Who, and whether at all."""

    person: str
    site: str = ""
    dry_run: bool = False
    yes: bool = False
    environment: str = ""
    dev: bool = False
    as_json: bool = False


def erase(wish: Wish) -> None:
    """Shows what there is, asks, and erases.

    Raises:
        Refused: There is no project, its database does not answer, or nobody is there to be asked.
    """
    planned = in_database(wish.environment, partial(_plan, wish), dev=wish.dev)
    if not wish.as_json:
        _show(planned, "to delete", "to blank")
    if wish.dry_run:
        _end(planned, "Nothing was written.", as_json=wish.as_json)
        return
    if not wish.yes:
        _ask(wish.person)
    done = in_database(wish.environment, partial(_erase, wish), dev=wish.dev)
    _end(done, _said(done), as_json=wish.as_json)


async def _plan(wish: Wish, found: Reached) -> Erased:
    await note_places(found)
    return await _erasing(wish, found).plan()


async def _erase(wish: Wish, found: Reached) -> Erased:
    return await _erasing(wish, found).run(BY)


def _erasing(wish: Wish, found: Reached) -> Erasing:
    site = wish.site or found.project.file.host.site
    return Erasing(found.database, person_of(found.database.keys.ring, site, wish.person))


def _ask(person: str) -> None:
    if not sys.stdin.isatty():
        raise Refused(
            "Erasing cannot be undone, and nobody is here to be asked.",
            f"Look first: {called('person erase --dry-run')}; then say --yes.",
        )
    click.confirm(f"Erase {person}? It cannot be undone", abort=True, err=True)


def _show(erased: Erased, deleted: str, blanked: str) -> None:
    touched = [
        (one.relation, f"{one.deleted:,}", f"{one.blanked:,}")
        for one in erased.touched
        if one.deleted or one.blanked
    ]
    kept = [
        (one.relation, one.path, f"{one.number:,}", f"{one.until:%Y-%m-%d}", one.reason)
        for one in erased.kept
    ]
    if touched:
        _print(("table", deleted, blanked), touched)
    if kept:
        click.echo()
        _print(("kept of", "field", "values", "until", "reason"), kept)
    if not touched and not kept:
        click.echo("There is nothing of this person.")


def _print(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in titles:
        number = title in {"values", "to delete", "to blank"}
        table.add_column(title, justify="right" if number else "left")
    for row in rows:
        table.add_row(*row)
    Console().print(table)


def _said(erased: Erased) -> str:
    rows = sum(one.deleted for one in erased.touched)
    fields = sum(one.blanked for one in erased.touched)
    files = f", {erased.files:,} files" if erased.files else ""
    return (
        f"Erased: {rows:,} rows deleted, {fields:,} with fields blanked{files}. Copies of the "
        f"database forget with the next rotation of keys: {called('keys rotate')}"
    )


def _end(erased: Erased, said: str, *, as_json: bool) -> None:
    if as_json:
        click.echo(msgspec.json.encode(erased))
    else:
        click.echo(said)
