"""Whose events a verb is about, how it reaches them, and how it tells what it found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click
import msgspec

from hanse.cli.data.listing import echo_rows
from hanse.cli.data.persons import in_database
from hanse.cli.fleet.called import called
from hanse.cli.refusal import Refused
from hanse.runtime.errors import FailedPrecondition, InvalidArgument, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from hanse.cli.data.persons import Reached

T = TypeVar("T")

NUMBERS = frozenset({"position", "lag", "behind", "hosts", "waiting", "dead", "failed"})


class Place(NamedTuple):
    """Whose events, and how they are shown."""

    environment: str
    dev: bool
    as_json: bool


def reach(
    place: Place,
    work: Callable[[Reached], Coroutine[Any, Any, T]],
    look: str = "events dead --waiting",
) -> T:
    """Works in the project's database.

    Args:
        place: Where that is.
        work: Does it.
        look: The verb that shows what there is, for who asked for something else.

    Raises:
        Refused: It does not answer, or what is asked for is wrong.
    """
    try:
        return in_database(place.environment, work, dev=place.dev)
    except (NotFound, InvalidArgument, FailedPrecondition) as error:
        raise Refused(str(error), f"See {called(look)}.") from error


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
    echo_rows(titles, rows, NUMBERS)
