"""What the verbs of backups are called, and what they take."""

from __future__ import annotations

from typing import Any

import click

from hanse.cli.fleet.verbs import ENVIRONMENT, JSON


@click.group(invoke_without_command=True)
@JSON
@click.pass_context
def backup(ctx: click.Context, *, as_json: bool) -> None:
    """Copy the whole database to the place of [backup] now.

    What is written later follows. The fleet does so by itself every [backup] every_hours.
    """
    if ctx.invoked_subcommand is None:
        from hanse.cli.backup.take import take

        take(as_json=as_json)


@backup.command("list")
@ENVIRONMENT
@JSON
def list_(environment: str, *, as_json: bool) -> None:
    """Show which bases there are, and to which moments one can go back."""
    from hanse.cli.backup.listing import show

    show(environment, as_json=as_json)


TO = click.option(
    "--to", default="", metavar="TIME",
    help="What was committed then or before, in UTC if it names no zone; else all there is.",
)  # fmt: skip
DATABASE = click.option(
    "--database", default="", metavar="NUMBER", help="Which, if the place has several."
)


@backup.command()
@TO
@DATABASE
@ENVIRONMENT
@JSON
def verify(to: str, database: str, environment: str, *, as_json: bool) -> None:
    """Restore beside, and read every row of every table.

    The folder of that goes again.
    """
    from hanse.cli.backup.restoring import verify as check
    from hanse.cli.backup.restoring import wished

    wish = wished(environment, to, database, replace=False, verify=True)
    check(wish, as_json=as_json)


@click.command()
@TO
@DATABASE
@click.option("--replace", is_flag=True, help="Move the database aside that is there.")
@click.option(
    "--site", default="", metavar="ID",
    help="Only the rows of this site, into the fleet that runs; needs --to.",
)  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Of a site: write nothing, only count.")
@ENVIRONMENT
@JSON
def restore(**asked: Any) -> None:
    """Bring the database back from its backup, or one site.

    The database where no fleet runs; a site while it does.
    """
    from hanse.cli.backup.restoring import Restoring, run_restore

    run_restore(Restoring(**asked))


BACKUP = (backup, restore)
