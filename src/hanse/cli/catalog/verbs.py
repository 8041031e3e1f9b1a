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


CATALOG = (describe,)
