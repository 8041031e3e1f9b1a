"""`hanse events`: mends, repeats or drops what is parked."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, TypeVar

import click
import msgspec

from hanse.cli.events.place import Place, reach, say, tell
from hanse.cli.fleet.called import called
from hanse.cli.refusal import Refused
from hanse.runtime.subscriptions.letters import Letter, Letters

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from hanse.cli.data.persons import Reached

T = TypeVar("T")

ERROR_SHOWN = 60


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
    nothing = (
        "Nothing is parked." if waiting else "Nothing is dead; --waiting shows what is parked."
    )
    tell(place, found, titles, rows, nothing)


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
    say(place, {"event": edited}, f"It is the event {edited} now, and is tried at once.")


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
    say(place, {"event": letter.event}, f"{letter.subscription} tries it at once.")


def drop(place: Place, event: str, subscription: str, *, yes: bool) -> None:
    """Gives one up.

    Raises:
        Refused: Nobody is there to be asked, or as `show`.
    """
    letter = _ask(place, lambda letters: letters.show(event, subscription))
    question = f"Give up {letter.type} {letter.event} for {letter.subscription}?"
    _confirm(question, f"events show {event}", yes=yes)
    _ask(place, lambda letters: letters.drop(letter))
    say(place, {"event": letter.event}, f"{letter.subscription} goes on without it.")


def forget(place: Place, subscription: str, *, yes: bool) -> None:
    """Has a subscription go that no release has any more.

    Raises:
        Refused: Hosts read for it, nobody is there to be asked, or as `again`.
    """
    _confirm(f"Forget {subscription}, and all that waits for it?", "events list", yes=yes)
    _ask(place, lambda letters: letters.forget(subscription), "events list")
    say(place, {"forgotten": subscription}, f"{subscription} is forgotten.")


def _confirm(question: str, look: str, *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        remedy = f"Look first: {called(look)}; then say --yes."
        raise Refused("Nobody is here to be asked.", remedy)
    click.confirm(question, abort=True, err=True)


def _ask(
    place: Place,
    work: Callable[[Letters], Coroutine[Any, Any, T]],
    look: str = "events dead --waiting",
) -> T:
    async def prepared(found: Reached) -> T:
        letters = Letters(found.database)
        await letters.prepare()
        return await work(letters)

    return reach(place, prepared, look)
