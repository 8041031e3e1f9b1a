"""What the verbs of the catalog are called, and what they take."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from hanse.cli.fleet.verbs import ENVIRONMENT, JSON


@click.command()
@click.argument("service", required=False, default="")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
    help="Write the JSON there.",
)  # fmt: skip
@ENVIRONMENT
@JSON
def describe(**asked: Any) -> None:
    """Show what services are to others and to their next release.

    What they serve, call, tell, take and keep; of one SERVICE, like Carts or cart.v1.Carts, or of
    all. As JSON it is all that two releases can be compared by.
    """
    from hanse.cli.catalog.describe import Wish, show

    show(Wish(**asked))


@click.command()
@click.option(
    "--against", default="", metavar="WHAT",
    help="A tag, branch or commit; a file of hanse describe; or what is running here.",
)  # fmt: skip
@ENVIRONMENT
@JSON
def breaking(**asked: Any) -> None:
    """Find what breaks for who calls, reads or runs beside this.

    Compared with the last tag of its git repository, or the last commit if it has none. Two
    releases run at once while one takes the place of the other, so each reads what the other
    writes. Fails if something breaks; what may break is written into compatibility.toml, with a
    reason and a day.
    """
    from hanse.cli.catalog.breaking import Wish, check

    check(Wish(**asked))


CATALOG = (describe, breaking)
