"""`hanse keys`: which generations a keyring has, and a new one in the place of the old."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click
import msgspec
from rich.console import Console
from rich.table import Table

from hanse.cli.data.persons import in_database
from hanse.fleet.backup.key_table import key_copies
from hanse.runtime.data.personal.key_files import KeyringError
from hanse.runtime.data.personal.rotation import Rotated, is_due
from hanse.runtime.data.personal.rotation import rotate as begin_generation

if TYPE_CHECKING:
    from hanse.cli.data.persons import Reached

_COUNTED = "select generation, count(*) as keys from hanse.subject_key group by generation"


class Generation(msgspec.Struct, frozen=True):
    """One generation.

    Attributes:
        number: Which.
        keys: How many of the database's keys are wrapped under it.
        newest: Whether new keys are.
        there: Whether the keyring has it.
    """

    number: int
    keys: int
    newest: bool
    there: bool


def rotate(environment: str, *, if_due: bool, dev: bool, as_json: bool) -> None:
    """Begins a new generation, and destroys those before it.

    Raises:
        Refused: There is no project, or its database does not answer.
        KeyringError: The keyring is not there, or cannot be written.
    """
    done = in_database(environment, partial(_rotate, if_due=if_due, dev=dev), dev=dev)
    if as_json:
        click.echo(msgspec.json.encode(done))
    elif done is None:
        click.echo("Nothing was due: nobody was erased since the last, or that is not a day ago.")
    else:
        destroyed = ", ".join(map(str, done.destroyed)) or "none"
        click.echo(
            f"Generation {done.generation} wraps {done.rewrapped:,} keys now; "
            f"destroyed: {destroyed}."
        )


async def _rotate(found: Reached, *, if_due: bool, dev: bool) -> Rotated | None:
    if if_due and not await is_due(found.database):
        return None
    # What hanse dev keeps is backed up nowhere; the place is the fleet's.
    copies = None if dev else key_copies(found.project)
    return await begin_generation(found.database, copies)


def show(environment: str, *, dev: bool, as_json: bool) -> None:
    """Shows the generations; ends with 1 if one is missing that keys are wrapped under.

    Raises:
        Refused: There is no project, or its database does not answer.
        KeyringError: The keyring is not there.
    """
    found = in_database(environment, _generations, dev=dev)
    if as_json:
        click.echo(msgspec.json.encode(found))
    else:
        table = Table(box=None, pad_edge=False, header_style="dim")
        table.add_column("generation", justify="right")
        table.add_column("keys", justify="right")
        table.add_column("")
        for one in found:
            said = "newest" if one.newest else ""
            table.add_row(
                str(one.number), f"{one.keys:,}", said if one.there else "[red]missing[/]"
            )
        Console().print(table)
    missing = [one.number for one in found if one.keys and not one.there]
    if missing:
        raise KeyringError(f"The keyring lacks generation {missing[0]}; take it from a copy.")


async def _generations(found: Reached) -> list[Generation]:
    ring, newest = found.database.keys.ring, found.database.keys.generation
    counted = {row["generation"]: row["keys"] for row in await found.database.fetch(_COUNTED)}
    numbers = sorted({*counted, *ring.generations, newest})
    return [
        Generation(one, counted.get(one, 0), one == newest, one in ring.generations)
        for one in numbers
    ]
