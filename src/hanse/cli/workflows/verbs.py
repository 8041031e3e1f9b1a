"""What the verbs of workflows are called, and what they take."""

from __future__ import annotations

from typing import Any

import click

from hanse.cli.fleet.verbs import DEV, ENVIRONMENT, JSON

PAGED = ("ready", "done", "failed", "canceled")
"""States of which there may be any number: they are found page by page."""

STATES = click.Choice(["running", "waiting", "held", "ended", *PAGED])
INSTANCE = click.argument("instance", metavar="ID")


@click.group()
def workflows() -> None:
    """See what workflows do, and mend what is held."""


@workflows.command("list")
@click.option("--state", type=STATES, help="Only these; else all that are not over.")
@click.option("--site", default="", help="Only of this site.")
@click.option("--workflow", default="", help="Only of this one, like shop.v1.Checkout/Place.")
@click.option("--prefix", default="", help="Only ids that begin so; with --site and --workflow.")
@click.option("--cursor", default="", help="What follows a page, as that said; likewise.")
@click.option("--most", type=click.IntRange(1, 1000), default=50, show_default=True)
@ENVIRONMENT
@DEV
@JSON
def list_(**asked: Any) -> None:
    """Show instances: what is held first, then what runs and what waits.

    With --site and --workflow the states ready, done, failed and canceled, --prefix and --cursor
    are there as well: then the newest come first, page by page.
    """
    from hanse.cli.workflows.showing import Wish, show

    show(Wish(**asked))


@workflows.command()
@INSTANCE
@ENVIRONMENT
@DEV
@JSON
def journal(instance: str, environment: str, *, dev: bool, as_json: bool) -> None:
    """Show what the instance ID did, entry by entry."""
    from hanse.cli.workflows.showing import show_journal

    show_journal(instance, environment, dev=dev, as_json=as_json)


@workflows.command()
@click.option(
    "--check", is_flag=True, help="Fail if the project here has no code for some of them."
)
@ENVIRONMENT
@DEV
@JSON
def versions(environment: str, *, dev: bool, check: bool, as_json: bool) -> None:
    """Show which versions are under way, and who serves them.

    And whether the project here does.
    """
    from hanse.cli.workflows.versions import show_versions

    show_versions(environment, dev=dev, check=check, as_json=as_json)


@workflows.command()
@INSTANCE
@ENVIRONMENT
@DEV
def resume(instance: str, environment: str, *, dev: bool) -> None:
    """Have the held instance ID go on.

    What it is held for has to be mended first.
    """
    from hanse.cli.workflows.mending import mend

    mend("resume", instance, environment, dev=dev)


@workflows.command()
@INSTANCE
@ENVIRONMENT
@DEV
def retry(instance: str, environment: str, *, dev: bool) -> None:
    """Have the failed instance ID try its last step or child again.

    Only where nothing is undone yet.
    """
    from hanse.cli.workflows.mending import mend

    mend("retry", instance, environment, dev=dev)


@workflows.command()
@INSTANCE
@ENVIRONMENT
@DEV
def cancel(instance: str, environment: str, *, dev: bool) -> None:
    """Have the instance ID end; what it did is undone first."""
    from hanse.cli.workflows.mending import mend

    mend("cancel", instance, environment, dev=dev)


WORKFLOWS = (workflows,)
