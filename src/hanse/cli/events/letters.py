"""`hanse events`: shows how far subscriptions are, and mends, repeats or drops what is parked."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click
import msgspec
from rich.console import Console
from rich.table import Table

from hanse.cli.data.persons import in_database
from hanse.cli.fleet.called import called
from hanse.cli.refusal import Refused
from hanse.runtime.errors import FailedPrecondition, InvalidArgument, NotFound
from hanse.runtime.subscriptions.letters import Letter, Letters
from hanse.runtime.subscriptions.replay import begin_replay

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from hanse.cli.data.persons import Reached

T = TypeVar("T")

ERROR_SHOWN = 60
ID_WIDTH = 36
NUMBERS = frozenset({"position", "lag", "hosts", "waiting", "dead", "failed"})


class Place(NamedTuple):
    """Whose events, and how they are shown."""

    environment: str
    dev: bool
    as_json: bool


def subscriptions(place: Place) -> None:
    """Lists subscriptions.

    Raises:
        Refused: There is no project, or its database does not answer.
    """
    found = _ask(place, lambda letters: letters.subscriptions())
    titles = ("subscription", "position", "lag", "hosts", "waiting", "dead")
    rows = [
        (one.name, *(f"{n:,}" for n in (one.position, one.lag, one.hosts, one.waiting, one.dead)))
        for one in found
    ]
    _tell(place, found, titles, rows, "Nobody subscribes to events.")


def dead(place: Place, subscription: str, *, waiting: bool) -> None:
    """Lists events that nobody tries any more.

    Raises:
        Refused: There is no project, or its database does not answer.
    """
    found = _ask(place, lambda letters: letters.parked(subscription, waiting=waiting))
    titles = ("event", "type", "subscription", "site", "key", "state", "failed", "with")
    rows = [
        (one.event, one.type, one.subscription, one.site, one.key, one.state, f"{one.attempt}",
         one.error[:ERROR_SHOWN])
        for one in found
    ]  # fmt: skip
    _tell(place, found, titles, rows, "Nothing is parked.")


def show(place: Place, event: str, subscription: str) -> None:
    """Shows one.

    Raises:
        Refused: There is no such event, no project, or its database does not answer.
    """
    found = _ask(place, lambda letters: letters.show(event, subscription))
    click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2))


def edit(place: Place, event: str, subscription: str, data: bytes) -> None:
    """Has other fields handled in its place.

    Raises:
        Refused: They cannot be, or as `show`.
    """

    async def work(letters: Letters) -> str:
        return await letters.edit(await letters.show(event, subscription), data)

    edited = _ask(place, work)
    _say(place, {"event": edited}, f"It is the event {edited} now, and is tried at once.")


def replay(place: Place, event: str, subscription: str) -> None:
    """Has one tried again.

    Raises:
        Refused: As `show`.
    """

    async def work(letters: Letters) -> Letter:
        letter = await letters.show(event, subscription)
        await letters.again(letter)
        return letter

    letter = _ask(place, work)
    _say(place, {"event": letter.event}, f"{letter.subscription} tries it at once.")


def drop(place: Place, event: str, subscription: str, *, yes: bool) -> None:
    """Gives one up.

    Raises:
        Refused: Nobody is there to be asked, or as `show`.
    """
    letter = _ask(place, lambda letters: letters.show(event, subscription))
    question = f"Give up {letter.type} {letter.event} for {letter.subscription}?"
    _confirm(question, f"events show {event}", yes=yes)
    _ask(place, lambda letters: letters.drop(letter))
    _say(place, {"event": letter.event}, f"{letter.subscription} goes on without it.")


def again(place: Place, subscription: str, first: int, last: int) -> None:
    """Has a range handled once more.

    Raises:
        Refused: There is no such subscription, or as `show`.
    """
    part = _reach(place, lambda found: begin_replay(found.database, subscription, first, last))
    said = f"{subscription} handles events {first:,} to {last:,} once more."
    _say(place, {"replay_epoch": part.feed.replay_epoch}, said)


def forget(place: Place, subscription: str, *, yes: bool) -> None:
    """Has a subscription go that no release has any more.

    Raises:
        Refused: Hosts read for it, nobody is there to be asked, or as `again`.
    """
    _confirm(f"Forget {subscription}, and all that waits for it?", "events list", yes=yes)
    _ask(place, lambda letters: letters.forget(subscription))
    _say(place, {"forgotten": subscription}, f"{subscription} is forgotten.")


def _confirm(question: str, look: str, *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        remedy = f"Look first: {called(look)}; then say --yes."
        raise Refused("Nobody is here to be asked.", remedy)
    click.confirm(question, abort=True, err=True)


def _ask(place: Place, work: Callable[[Letters], Coroutine[Any, Any, T]]) -> T:
    async def prepared(found: Reached) -> T:
        letters = Letters(found.database)
        await letters.prepare()
        return await work(letters)

    return _reach(place, prepared)


def _reach(place: Place, work: Callable[[Reached], Coroutine[Any, Any, T]]) -> T:
    try:
        return in_database(place.environment, work, dev=place.dev)
    except (NotFound, InvalidArgument, FailedPrecondition) as error:
        listed = called("events dead --waiting")
        raise Refused(str(error), f"{listed} lists what is parked.") from error


def _say(place: Place, found: dict[str, Any], said: str) -> None:
    click.echo(msgspec.json.encode(found) if place.as_json else said)


def _tell(
    place: Place,
    found: Sequence[Any],
    titles: Sequence[str],
    rows: Sequence[Sequence[str]],
    nothing: str,
) -> None:
    if place.as_json:
        click.echo(msgspec.json.encode(found))
    elif not rows:
        click.echo(nothing)
    else:
        table = Table(box=None, pad_edge=False, header_style="dim")
        for title in titles:
            least = ID_WIDTH if title == "event" else None  # an id is copied whole
            side = "right" if title in NUMBERS else "left"
            table.add_column(title, justify=side, min_width=least)
        for row in rows:
            table.add_row(*row)
        Console().print(table)
