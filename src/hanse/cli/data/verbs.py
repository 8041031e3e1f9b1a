"""What the verbs of persons and keys are called, and what they take."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from hanse.cli.fleet.verbs import DEV, ENVIRONMENT, JSON

SITE = click.option(
    "--site",
    default="",
    metavar="SITE",
    help="Whose they are; [host] site of hanse.toml if not given.",
)


@click.group()
def person() -> None:
    """Export or erase all that is of one person."""


@person.command()
@click.argument("person", metavar="PERSON")
@SITE
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
    help="Where to write it, .json or .zip; a .zip has files too. Else it is printed.",
)  # fmt: skip
@ENVIRONMENT
@DEV
@JSON
def export(**asked: Any) -> None:
    """Write all that is of PERSON, as one JSON document.

    PERSON is an id or an e-mail address.
    """
    from hanse.cli.data.export import Wish
    from hanse.cli.data.export import export as write

    write(Wish(**asked))


@person.command()
@click.argument("person", metavar="PERSON")
@SITE
@click.option("--dry-run", is_flag=True, help="Write nothing, only say what would be done.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@ENVIRONMENT
@DEV
@JSON
def erase(**asked: Any) -> None:
    """Erase all that is of PERSON, but what a law keeps.

    PERSON is an id or an e-mail address. Broken off it is run again, and goes on.
    """
    from hanse.cli.data.erase import Wish
    from hanse.cli.data.erase import erase as begin

    begin(Wish(**asked))


@click.group()
def keys() -> None:
    """Look after the keyring that personal data is sealed under."""


@keys.command()
@click.option("--if-due", is_flag=True, help="Only if somebody was erased and a day has passed.")
@ENVIRONMENT
@DEV
@JSON
def rotate(environment: str, *, if_due: bool, dev: bool, as_json: bool) -> None:
    """Wrap all keys anew, so that copies forget who was erased.

    No copy of the database can be read for them then. `hanse up` does so by itself, daily if
    somebody was erased.
    """
    from hanse.cli.data.keys import rotate as begin

    begin(environment, if_due=if_due, dev=dev, as_json=as_json)


@keys.command("list")
@ENVIRONMENT
@DEV
@JSON
def list_(environment: str, *, dev: bool, as_json: bool) -> None:
    """Show the generations of the keyring, and how many keys each wraps."""
    from hanse.cli.data.keys import show

    show(environment, dev=dev, as_json=as_json)


PERSONS = (person, keys)
