"""`hanse person erase`: erases all that is of one person, and says what a law keeps, until when."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING, Literal

import click
import msgspec
from rich.console import Console
from rich.table import Table

from hanse.cli.data.persons import in_database, note_places
from hanse.cli.fleet.called import called
from hanse.cli.refusal import Refused
from hanse.fleet.backup.erasures import Erasure, until_noted
from hanse.fleet.backup.key_table import number_of, place_of
from hanse.runtime.data.people.erased import Erased
from hanse.runtime.data.people.erasing import Erasing
from hanse.runtime.data.people.person import Person, person_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hanse.cli.data.persons import Reached

BY = "hanse person erase"
"""Who is written down for it."""

WAIT_SECONDS = 20.0
"""For the place of the backups to know of it; the process that backs up looks every two."""

NOT_NOTED = (
    "Erased here, but the place of the backups does not know it: who restores a moment before it "
    "from {place} brings them back. {why}"
)

_ERASED = "select destroy_time from hanse.erasure where site_id = $1 and subject = $2"


class Wish(msgspec.Struct, frozen=True):
    """Who, and whether at all."""

    person: str
    site: str = ""
    dry_run: bool = False
    yes: bool = False
    environment: str = ""
    dev: bool = False
    as_json: bool = False


class Done(msgspec.Struct, frozen=True):
    """What came of it.

    Attributes:
        erased: In the database, and where files lie.
        backup: Whether the place of the backups knows it; "none" where there is no such place.
        unfinished: What is not done yet, and how to look; empty if all is.
    """

    erased: Erased
    backup: Literal["noted", "unknown", "none"] = "none"
    unfinished: tuple[str, ...] = ()


class Unfinished(Refused):
    """What was asked for is done, but for something that others have to do."""

    exit_code = 3


def erase(wish: Wish) -> None:
    """Shows what there is, asks, erases, and waits until the place of the backups knows it.

    Raises:
        Unfinished: All is erased, and that place does not know it.
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
    _end(done.erased, _said(done.erased), as_json=wish.as_json, backup=done.backup)
    if done.unfinished:
        raise Unfinished(*done.unfinished)


async def _plan(wish: Wish, found: Reached) -> Erased:
    await note_places(found)
    return await _erasing(wish, found).plan()


async def _erase(wish: Wish, found: Reached) -> Done:
    erased = await _erasing(wish, found).run(BY)
    place = None if wish.dev else place_of(found.project)
    if place is None:
        return Done(erased)
    person, database = _person(wish, found), found.database
    row = await database.fetch_row(_ERASED, person.site, person.name)
    assert row is not None, "it was written down before anything else"
    wanted = Erasure(person.site, person.name, row["destroy_time"])
    why_not = await until_noted(place, await number_of(database), wanted, WAIT_SECONDS)
    if not why_not:
        return Done(erased, "noted")
    return Done(erased, "unknown", (NOT_NOTED.format(place=place, why=why_not), _how_to_look()))


def _how_to_look() -> str:
    return (
        f"{called('status')} says what keeps the backup; when it goes on it notes the erasure by "
        f"itself. {called('person erase')} with the same words says so: it erases nothing twice."
    )


def _erasing(wish: Wish, found: Reached) -> Erasing:
    return Erasing(found.database, _person(wish, found))


def _person(wish: Wish, found: Reached) -> Person:
    site = wish.site or found.project.file.host.site
    return person_of(found.database.keys.ring, site, wish.person)


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


def _end(erased: Erased, said: str, *, as_json: bool, backup: str = "") -> None:
    if as_json:
        known = {"backup": backup} if backup else {}
        click.echo(msgspec.json.encode({**msgspec.to_builtins(erased), **known}))
    else:
        click.echo(said)
