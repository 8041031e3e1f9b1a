"""`hanse backfill`: rewrites documents of older shapes in the newest, while others write."""

from __future__ import annotations

import sys
from functools import partial

import click
import msgspec

from hanse.cli.data.place import database_config, entities_of
from hanse.cli.fleet.called import called
from hanse.cli.fleet.connection import enter_project, run
from hanse.cli.place import open_project
from hanse.cli.refusal import Refused
from hanse.runtime.data.collection.backfill import Backfill, BackfillProgress
from hanse.runtime.data.database import Database
from hanse.runtime.data.database_config import DatabaseConfig
from hanse.runtime.data.entity.entity import Entity
from hanse.runtime.errors import Unavailable

INTERRUPTED = 130
"""The exit code of what was ended by Ctrl-C."""

_THERE = "select to_regclass($1) is not null as there"


class Wish(msgspec.Struct, frozen=True):
    """What to rewrite, and how.

    Attributes:
        collection: Its name, like `contacts` or `crm.contacts`; empty for all.
        load: Share of the time it works.
        environment: Which `[environments.NAME]` applies.
        as_json: Whether to say it as JSON.
        dev: Whether that of `hanse dev` is meant.
    """

    collection: str = ""
    load: float = 0.5
    environment: str = ""
    as_json: bool = False
    dev: bool = False


def backfill(wish: Wish) -> None:
    """Rewrites, says how many of each collection, and ends with 1 if some had to be left.

    Raises:
        Refused: The collection or the database is not there.
    """
    state = enter_project()
    project = open_project(wish.environment)
    entities = entities_of(project, wish.collection)
    try:
        with database_config(project, state, dev=wish.dev) as config:
            failed = run(_backfill(entities, config, wish))
    except Unavailable as error:
        remedy = f"Start it: {called('up')}; or say where it is: url in [database] of hanse.toml."
        raise Refused(
            f"The database cannot be reached: {error.__cause__ or error}", remedy
        ) from error
    except KeyboardInterrupt:
        click.echo("\nEnded. What is rewritten stays; run it again, and it goes on.", err=True)
        raise click.exceptions.Exit(INTERRUPTED) from None
    if failed:
        raise click.exceptions.Exit(1)


async def _backfill(entities: dict[str, type[Entity]], config: DatabaseConfig, wish: Wish) -> int:
    """How many had to be left, of all collections."""
    failed = 0
    async with Database(config) as database:
        for table, entity in entities.items():
            row = await database.fetch_row(_THERE, table)
            progress = BackfillProgress()
            if row is not None and row["there"]:  # no host has made it yet, else
                work = Backfill(entity, database, wish.load)
                progress = await work.run(partial(_tell, table))
            _end(table, progress, as_json=wish.as_json)
            failed += progress.failed
    return failed


def _tell(table: str, progress: BackfillProgress) -> None:
    """How far it is, where somebody looks."""
    if sys.stderr.isatty():
        click.echo(f"\r{table}: {_counted(progress)} …", err=True, nl=False)


def _end(table: str, progress: BackfillProgress, *, as_json: bool) -> None:
    if sys.stderr.isatty():
        click.echo("\r\x1b[K", err=True, nl=False)
    if as_json:
        counts = msgspec.structs.asdict(progress)
        click.echo(msgspec.json.encode({"table": table, **counts}))
        return
    click.echo(f"{table}: {_counted(progress)}")


def _counted(progress: BackfillProgress) -> str:
    said = f"{progress.rewritten:,} rewritten"
    if progress.overtaken:
        said += f", {progress.overtaken:,} by others meanwhile"
    return said + (f", {progress.failed:,} left, see above" if progress.failed else "")
