"""What the verbs of flags are called, and what they take."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from hanse.cli.fleet.verbs import DEV, ENVIRONMENT, JSON

if TYPE_CHECKING:
    from collections.abc import Callable

    from hanse.cli.flags.changing import Asked
    from hanse.runtime.flags.ruling import Audience

KIND = click.Choice(["visitor", "member", "staff", "app", "service"])
_AUDIENCE = ("sites", "principals", "kinds", "permissions", "locales")


def _for_whom(verb: Callable[..., None]) -> Callable[..., None]:
    """Options that say for whom; each may be given several times, and together they narrow."""
    for option in (
        click.option("--locale", "locales", multiple=True, help="Only for callers who ask for it."),
        click.option("--permission", "permissions", multiple=True, help="Only for who has it."),
        click.option("--kind", "kinds", multiple=True, type=KIND, help="Only for that kind."),
        click.option("--principal", "principals", multiple=True, help="Only for that id."),
        click.option("--site", "sites", multiple=True, help="Only for that site."),
    ):
        verb = option(verb)
    return verb


def _with_reason(verb: Callable[..., None]) -> Callable[..., None]:
    for option in (
        JSON,
        DEV,
        ENVIRONMENT,
        click.option("--who", default="", help="Who changes it; who is logged in, if not given."),
        click.option("--reason", required=True, help="Why; it is kept."),
    ):
        verb = option(verb)
    return verb


def _split(asked: dict[str, Any]) -> tuple[Audience, Asked]:
    from hanse.cli.flags.changing import Asked

    audience = _audience(asked)
    return audience, Asked(**asked)


def _audience(asked: dict[str, Any]) -> Audience:
    from hanse.runtime.flags.ruling import Audience

    return Audience(**{name: asked.pop(name) for name in _AUDIENCE})


@click.command()
@click.option("--stale", is_flag=True, help="Those alone; ends with 1 if there are any.")
@click.option("--code", is_flag=True, help="What the code says alone; no database is asked.")
@ENVIRONMENT
@DEV
@JSON
def flags(**asked: Any) -> None:
    """List flags: what is ruled, whose they are, and which are stale."""
    from hanse.cli.flags.showing import Wish
    from hanse.cli.flags.showing import flags as show

    show(Wish(**asked))


@click.group()
def flag() -> None:
    """Change a flag while hosts run; they follow within a second."""


@flag.command()
@click.argument("name")
@ENVIRONMENT
@DEV
@JSON
def show(name: str, environment: str, *, dev: bool, as_json: bool) -> None:
    """Show flag NAME, and who changed it when and why."""
    from hanse.cli.flags.showing import show as show_one

    show_one(name, environment, dev=dev, as_json=as_json)


@flag.command("set")
@click.argument("name")
@click.argument("value")
@_for_whom
@_with_reason
def set_(name: str, value: str, **asked: Any) -> None:
    """Give VALUE to everybody, or to those named."""
    from hanse.cli.flags import changing

    changing.set_(name, value, *_split(asked))


@flag.command()
@click.argument("name")
@click.argument("share", type=click.FloatRange(0, 100), metavar="PERCENT")
@click.argument("value", default="")
@click.option(
    "--by", type=click.Choice(["principal", "site"]), default="principal", show_default=True,
    help="Who draws a lot.",
)  # fmt: skip
@click.option("--anew", is_flag=True, help="Have all draw again; what was drawn is forgotten.")
@_for_whom
@_with_reason
def percent(
    name: str,
    share: float,
    value: str,
    *,
    by: Literal["principal", "site"],
    anew: bool,
    **asked: Any,
) -> None:
    """Give VALUE to PERCENT of them, by lot.

    Of a flag that is true or false it is the other one than the default, if it is not said. A share
    that grows takes nobody out. One that shrinks takes it from some, but of a flag that is sticky
    from nobody who had it.
    """
    from hanse.cli.flags import changing

    changing.percent(name, (share, value), *_split(asked), by=by, anew=anew)


@flag.command()
@click.argument("name")
@click.argument("value", default="")
@click.option(
    "--by", type=click.Choice(["principal", "site"]), default="principal", show_default=True,
    help="Who draws a lot.",
)  # fmt: skip
@click.option("--reason", required=True, help="Why; it is kept.")
@click.option("--who", default="", help="Who wants it; who is logged in, if not given.")
@click.option("--detach", is_flag=True, help="Begin it, and do not wait.")
@ENVIRONMENT
@_for_whom
@JSON
def roll(name: str, value: str, **asked: Any) -> None:
    """Give VALUE to more and more, judged, or back.

    As a deployment: those who drew it are compared with those who did not, once a second. Ends with
    0 when all have it, with 1 when it was taken back. See hanse deployments.
    """
    from hanse.cli.flags.rolling import Wish
    from hanse.cli.flags.rolling import roll as begin

    begin(name, value, _audience(asked), Wish(**asked))


@flag.command()
@click.argument("name")
@_for_whom
@_with_reason
def unset(name: str, **asked: Any) -> None:
    """Take back what was ruled for all, or those named."""
    from hanse.cli.flags import changing

    changing.unset(name, *_split(asked))


@flag.command()
@click.argument("name")
@_with_reason
def off(name: str, **asked: Any) -> None:
    """Have the default hold for everybody, at once."""
    from hanse.cli.flags import changing

    changing.off(name, changing.Asked(**asked))


@flag.command()
@click.argument("name")
@click.argument("file", type=click.Path(dir_okay=False, exists=True, path_type=Path))
@_with_reason
def rules(name: str, file: Path, **asked: Any) -> None:
    """Put the rules of FILE, a JSON list, in place of all."""
    from hanse.cli.flags import changing

    changing.rules(name, file, changing.Asked(**asked))


FLAGS = (flags, flag)
