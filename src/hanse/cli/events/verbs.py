"""What the verbs of events are called, and what they take."""

from __future__ import annotations

from typing import Any

import click

from hanse.cli.fleet.verbs import DEV, ENVIRONMENT, JSON

OF = click.option(
    "--of", "subscription", default="", metavar="SUBSCRIPTION",
    help="Whose it is, where several have it.",
)  # fmt: skip


@click.group()
def events() -> None:
    """Look after subscriptions, and what they could not handle."""


@events.command("list")
@ENVIRONMENT
@DEV
@JSON
def list_(**asked: Any) -> None:
    """List subscriptions: how far each is, and what of it waits.

    `behind` says how long ago the first was told that it has not handled.
    """
    from hanse.cli.events.overview import subscriptions
    from hanse.cli.events.place import Place

    subscriptions(Place(**asked))


@events.command()
@ENVIRONMENT
@DEV
@JSON
def stream(**asked: Any) -> None:
    """Show what the stream holds, what waits to be told, and who tells."""
    from hanse.cli.events.overview import stream
    from hanse.cli.events.place import Place

    stream(Place(**asked))


@events.command()
@click.argument("subscription", required=False, default="")
@click.option("--waiting", is_flag=True, help="Also those that are tried again, or wait for one.")
@ENVIRONMENT
@DEV
@JSON
def dead(subscription: str, *, waiting: bool, **asked: Any) -> None:
    """List events that nobody tries any more, of SUBSCRIPTION or of all."""
    from hanse.cli.events.letters import dead
    from hanse.cli.events.place import Place

    dead(Place(**asked), subscription, waiting=waiting)


@events.command()
@click.argument("event", metavar="EVENT")
@OF
@ENVIRONMENT
@DEV
def show(event: str, subscription: str, **asked: Any) -> None:
    """Show all that is known of a parked EVENT, as JSON.

    What is personal is sealed in it.
    """
    from hanse.cli.events.letters import show
    from hanse.cli.events.place import Place

    show(Place(**asked, as_json=True), event, subscription)


@events.command()
@click.argument("event", metavar="EVENT")
@click.argument("data", metavar="FILE", type=click.File("rb"))
@OF
@ENVIRONMENT
@DEV
@JSON
def edit(event: str, data: Any, subscription: str, **asked: Any) -> None:
    """Have the fields in FILE handled in place of those of EVENT.

    FILE is JSON; - reads it here. That is an event of its own, which says of which it was made.
    """
    from hanse.cli.events.letters import edit
    from hanse.cli.events.place import Place

    edit(Place(**asked), event, subscription, data.read())


@events.command()
@click.argument("event", metavar="EVENT")
@OF
@ENVIRONMENT
@DEV
@JSON
def replay(event: str, subscription: str, **asked: Any) -> None:
    """Have a parked EVENT tried again now, and those of its key then."""
    from hanse.cli.events.letters import replay
    from hanse.cli.events.place import Place

    replay(Place(**asked), event, subscription)


@events.command()
@click.argument("event", metavar="EVENT")
@click.option("--yes", is_flag=True, help="Do not ask.")
@OF
@ENVIRONMENT
@DEV
@JSON
def drop(event: str, subscription: str, *, yes: bool, **asked: Any) -> None:
    """Give a parked EVENT up for good.

    Those of its key go on without it.
    """
    from hanse.cli.events.letters import drop
    from hanse.cli.events.place import Place

    drop(Place(**asked), event, subscription, yes=yes)


@events.command()
@click.argument("subscription")
@click.option("--first", type=click.IntRange(1), default=None, help="Its sequence in the stream.")
@click.option("--last", type=click.IntRange(1), default=None, help="That of the last one.")
@click.option(
    "--from",
    "since",
    default="",
    metavar="TIME",
    help="When the first was told, in UTC if it names no zone; else the oldest there is.",
)
@click.option("--to", "until", default="", metavar="TIME", help="That of the last; else now.")
@ENVIRONMENT
@DEV
@JSON
def again(subscription: str, environment: str, *, dev: bool, as_json: bool, **asked: Any) -> None:
    """Have SUBSCRIPTION handle a range of the stream once more.

    As if it never had.
    """
    from hanse.cli.events.again import Asked, again
    from hanse.cli.events.place import Place

    numbers = {name: asked.pop(name) or 0 for name in ("first", "last")}
    again(Place(environment, dev, as_json), subscription, Asked(**numbers, **asked))


@events.command()
@click.argument("subscription")
@click.option("--yes", is_flag=True, help="Do not ask.")
@ENVIRONMENT
@DEV
@JSON
def forget(subscription: str, *, yes: bool, **asked: Any) -> None:
    """Have SUBSCRIPTION go that no release has any more.

    All that waits for it goes too. As long as it is known, the stream keeps what it has not
    handled, until it is full.
    """
    from hanse.cli.events.letters import forget
    from hanse.cli.events.place import Place

    forget(Place(**asked), subscription, yes=yes)
