"""`hanse releases`: what was built and is kept here, and what each is made of."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

import click
import msgspec

from hanse.cli.fleet.build import row_of, show
from hanse.cli.fleet.connection import enter_project
from hanse.cli.place import open_project
from hanse.cli.refusal import Refused
from hanse.fleet.releases.bill import bill_of
from hanse.fleet.releases.shelf import Shelf

if TYPE_CHECKING:
    from hanse.fleet.releases.release import Release

DIGITS_MIN = 4


def releases(named: str, *, bill: bool, as_json: bool) -> None:
    """Shows all that is kept, or one of it.

    Args:
        named: The beginning of a digest, or the name of a contract, of which it is the newest.
        bill: Whether to print the bill of materials of that one.
        as_json: As JSON.

    Raises:
        Refused: There is none of that name, or several.
    """
    open_project("")
    kept = list(Shelf(enter_project().releases).all())
    if bill and not named:
        raise Refused("Of which release? hanse releases NAME --bill, with a name of the list.")
    found = [_one(named, kept)] if named else kept
    if bill:
        click.echo(bill_of(found[0], version("hanse")), nl=False)
    elif as_json or named:
        rows = [row_of(one) for one in found]
        if named:
            rows[0] |= {"description": found[0].facts.description, "code": found[0].code.files}
        shown = rows[0] if named else rows
        click.echo(msgspec.json.format(msgspec.json.encode(shown), indent=2).decode())
    elif not found:
        click.echo("Nothing was built yet: hanse build, or hanse up")
    else:
        show(found, {one.digest for one in found})


def _one(named: str, kept: list[Release]) -> Release:
    """The newest of a contract, or the only one whose digest begins so."""
    newest = next((one for one in kept if named in {one.name, one.service}), None)
    if newest is not None:
        return newest
    found = [one for one in kept if len(named) >= DIGITS_MIN and one.digest.startswith(named)]
    if len(found) == 1:
        return found[0]
    if found:
        raise Refused(f"{len(found)} releases begin with {named}; give more digits.")
    raise Refused(f"There is no release {named} here; hanse releases lists those that are kept.")
