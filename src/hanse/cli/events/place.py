"""Whose events a verb is about, how it reaches them, and how it tells what it found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click
import msgspec
from rich.console import Console
from rich.table import Table

from hanse.cli.data.persons import in_database
from hanse.cli.fleet.called import called
from hanse.cli.refusal import Refused
from hanse.runtime.errors import FailedPrecondition, InvalidArgument, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from hanse.cli.data.persons import Reached

T = TypeVar("T")

ID_WIDTH = 36
NUMBERS = frozenset({"position", "lag", "behind", "hosts", "waiting", "dead", "failed"})


class Place(NamedTuple):
    """Whose events, and how they are shown."""

    environment: str
    dev: bool
    as_json: bool


def reach(place: Place, work: Callable[[Reached], Coroutine[Any, Any, T]]) -> T:
    """Works in the project's database.

    Raises:
        Refused: It does not answer, or what is asked for is wrong.
    """
    try:
        return in_database(place.environment, work, dev=place.dev)
    except (NotFound, InvalidArgument, FailedPrecondition) as error:
        listed = called("events dead --waiting")
        raise Refused(str(error), f"{listed} lists what is parked.") from error


def say(place: Place, found: Any, said: str) -> None:
    """Says what was done or found."""
    click.echo(msgspec.json.encode(found) if place.as_json else said)


def tell(
    place: Place,
    found: Sequence[Any],
    titles: Sequence[str],
    rows: Sequence[Sequence[str]],
    nothing: str,
) -> None:
    """Lists what was found; `nothing` where that is none."""
    if place.as_json or not rows:
        say(place, found, nothing)
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in titles:
        least = ID_WIDTH if title == "event" else None  # an id is copied whole
        side = "right" if title in NUMBERS else "left"
        table.add_column(title, justify=side, min_width=least)
    for row in rows:
        table.add_row(*row)
    Console().print(table)
